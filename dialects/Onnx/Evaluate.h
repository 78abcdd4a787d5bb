//===- Evaluate.h - an interpreter for small tensors ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs ops of the onnx dialect on small tensors at compile time: to fold
// constants, and to find out what a mask, a position or a rotary table *is*
// by computing it, in whatever way the exporter spelled it. It is no engine
// for models: it is simple, careful and slow.
//
// Every op's result is rounded to its element type, so that an f32 graph is
// evaluated in f32 arithmetic, as an inference engine would. Nothing here
// aborts on bad IR: whatever cannot be computed is a failure with a reason.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_EVALUATE_H
#define BLOCKATTN_DIALECTS_ONNX_EVALUATE_H

#include "dialects/Onnx/EvaluateTensor.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include <functional>
#include <memory>
#include <string>

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace blockattn::onnx {

class LoopOp;
class SymbolicShapes;
class WeightFiles;

class Evaluator {
public:
  /// A rule for an op outside the onnx dialect: fills `results` (one for each
  /// result of the op) from `operands` (one for each operand of the op), or
  /// fails and says why.
  using Rule = std::function<mlir::LogicalResult(
      mlir::Operation *op, llvm::ArrayRef<const HostTensor *> operands,
      llvm::SmallVectorImpl<HostTensor> &results, std::string &why)>;

  /// Without `weights` every onnx.Weight is an unbound value. No tensor of
  /// more than `maxElements` elements is read or made.
  explicit Evaluator(WeightFiles *weights = nullptr,
                     int64_t maxElements = int64_t(1) << 22);
  ~Evaluator();
  Evaluator(const Evaluator &) = delete;
  Evaluator &operator=(const Evaluator &) = delete;

  /// Gives a value its tensor: a function argument, or any other value whose
  /// producers are not to be looked at. What was computed so far is forgotten.
  void bind(mlir::Value value, HostTensor tensor);

  /// Computes a value from its producers, which are evaluated as needed and
  /// remembered. On failure `why`, if given, names the op and the problem.
  mlir::FailureOr<HostTensor> evaluate(mlir::Value value,
                                       std::string *why = nullptr);

  /// The same without a copy. The pointer lives until the next bind() or
  /// clear(); null on failure.
  const HostTensor *lookup(mlir::Value value, std::string *why = nullptr);

  /// Evaluates one op on given tensors, one for each of its operands, whatever
  /// produces those in the IR. Ops with regions are refused.
  mlir::LogicalResult evaluateOp(mlir::Operation *op,
                                 llvm::ArrayRef<const HostTensor *> operands,
                                 llvm::SmallVectorImpl<HostTensor> &results,
                                 std::string *why = nullptr);

  /// From now on, takes shape arithmetic that `shapes` knows in terms of bound
  /// values from there, instead of evaluating what the shapes are read off.
  /// `shapes` must describe the program as it is; null turns this off.
  void useShapes(SymbolicShapes *shapes);

  /// Whether there is a rule for the op: the evaluator's own or an added one.
  bool supports(mlir::Operation *op) const;

  /// Teaches the evaluator an op of another dialect.
  void addRule(llvm::StringRef opName, Rule rule);

  /// Forgets all tensors, the bound ones too.
  void clear();

private:
  mlir::LogicalResult run(mlir::Value goal, std::string &why);
  mlir::LogicalResult computeLoop(LoopOp op, std::string &why);
  mlir::LogicalResult compute(mlir::Operation *op, std::string &why);
  const HostTensor *find(mlir::Value value) const;
  HostTensor fromShapes(mlir::Value value) const;
  std::optional<int64_t> symbolValue(unsigned position,
                                     unsigned depth = 0) const;

  WeightFiles *weights;
  int64_t maxElements;
  SymbolicShapes *shapes = nullptr;
  using Tensors = llvm::DenseMap<mlir::Value, std::unique_ptr<HostTensor>>;
  Tensors bound, computed;
  llvm::StringMap<Rule> rules;
};

/// Runs a function of one block on `inputs`, one for each argument, and
/// returns what it returns.
mlir::FailureOr<llvm::SmallVector<HostTensor>>
evaluateFunction(mlir::func::FuncOp func, llvm::ArrayRef<HostTensor> inputs,
                 std::string *why = nullptr, WeightFiles *weights = nullptr);

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_EVALUATE_H
