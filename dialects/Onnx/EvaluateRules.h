//===- EvaluateRules.h - how the evaluator's ops are written ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private to the evaluator: the table from op names to the functions that
// compute them, and what these functions share.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_EVALUATERULES_H
#define BLOCKATTN_DIALECTS_ONNX_EVALUATERULES_H

#include "dialects/Onnx/EvaluateTensor.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/Twine.h"
#include <functional>
#include <string>

namespace blockattn::onnx {

class WeightFiles;

/// One op being evaluated. Rules read operands, make results within the limit
/// on elements, and fail with a reason.
struct RuleContext {
  mlir::Operation *op;
  llvm::ArrayRef<const HostTensor *> operands;
  llvm::SmallVectorImpl<HostTensor> &results;
  int64_t maxElements;
  WeightFiles *weights;
  std::string &why;

  /// Records the reason.
  mlir::LogicalResult fail(const llvm::Twine &reason);

  /// A zero tensor; when it is too large or of an unsupported type, an
  /// invalid one, and the reason is recorded.
  HostTensor make(mlir::Type elementType, llvm::ArrayRef<int64_t> shape);

  /// Fails when an op would take more than a second or so.
  mlir::LogicalResult checkWork(llvm::ArrayRef<int64_t> factors);

  /// Sets result number `i` of the op; an invalid tensor is a failure whose
  /// reason `make` recorded.
  mlir::LogicalResult set(unsigned i, HostTensor tensor);
  /// The same for a group of the op's ODS results that may be absent.
  template <typename OpT>
  mlir::LogicalResult setOptional(OpT op, unsigned group, HostTensor tensor) {
    auto [start, length] = op.getODSResultIndexAndLength(group);
    return length == 0 ? mlir::success() : set(start, std::move(tensor));
  }

  /// Brings an axis in [-rank, rank) into [0, rank).
  mlir::FailureOr<int64_t> axis(int64_t axis, int64_t rank);
  /// Distinct axes, each brought into [0, rank), in the order given.
  mlir::FailureOr<llvm::SmallVector<int64_t>> axes(llvm::ArrayRef<int64_t> axes,
                                                   int64_t rank);
  /// The elements of an operand that must be integers of rank 0 or 1.
  mlir::FailureOr<llvm::SmallVector<int64_t>> ints(const HostTensor *tensor,
                                                   llvm::StringRef name);
  /// The only element of an operand.
  mlir::FailureOr<int64_t> scalarInt(const HostTensor *tensor,
                                     llvm::StringRef name);
};

/// The op's operands by their ODS names, as tensors (null when absent).
template <typename OpT>
using In =
    typename OpT::template GenericAdaptor<llvm::ArrayRef<const HostTensor *>>;

using RuleFn = std::function<mlir::LogicalResult(RuleContext &)>;

class RuleTable {
public:
  /// Registers a rule that needs no more than the operand list.
  template <typename OpT> void add(RuleFn rule) {
    rules[OpT::getOperationName()] = std::move(rule);
  }
  /// Registers a rule that reads operands and attributes by name.
  template <typename OpT>
  void add(mlir::LogicalResult (*rule)(OpT, In<OpT>, RuleContext &)) {
    rules[OpT::getOperationName()] = [rule](RuleContext &c) {
      auto op = mlir::cast<OpT>(c.op);
      return rule(op, In<OpT>(c.operands, op), c);
    };
  }
  const RuleFn *find(llvm::StringRef name) const {
    auto it = rules.find(name);
    return it == rules.end() ? nullptr : &it->second;
  }

private:
  llvm::StringMap<RuleFn> rules;
};

void addCompositeRules(RuleTable &);
void addCompositeProductRules(RuleTable &);
void addElementwiseRules(RuleTable &);
void addCreationRules(RuleTable &);
void addMovementRules(RuleTable &);
void addIndexingRules(RuleTable &);
void addReductionRules(RuleTable &);
void addNNRules(RuleTable &);
void addAttentionRules(RuleTable &);

/// ONNX (NumPy) broadcasting; std::nullopt if the shapes do not fit.
std::optional<llvm::SmallVector<int64_t>>
broadcastShapes(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

/// Row-major strides, in elements.
llvm::SmallVector<int64_t> stridesOf(llvm::ArrayRef<int64_t> shape);

/// Strides with which a tensor of `shape` is read as one of `to`, 0 along
/// broadcast dimensions. The shapes must fit.
llvm::SmallVector<int64_t> broadcastStrides(llvm::ArrayRef<int64_t> shape,
                                            llvm::ArrayRef<int64_t> to);

/// Walks `shape` in row-major order. `body` gets the flat index and, for each
/// list of strides, the index that they lead to.
template <typename Body>
void walk(llvm::ArrayRef<int64_t> shape,
          llvm::ArrayRef<llvm::SmallVector<int64_t>> strides, Body &&body) {
  int64_t count = *countElements(shape), rank = shape.size();
  int64_t row = rank > 0 ? shape.back() : 1;
  llvm::SmallVector<int64_t> index(rank, 0), at(strides.size(), 0);
  llvm::SmallVector<int64_t> steps(strides.size(), 0);
  for (auto [step, stride] : llvm::zip_equal(steps, strides))
    if (rank > 0)
      step = stride.back();
  for (int64_t flat = 0; flat < count;) {
    for (int64_t i = 0; i < row; ++i, ++flat) {
      body(flat, llvm::ArrayRef<int64_t>(at));
      for (size_t k = 0; k < at.size(); ++k)
        at[k] += steps[k];
    }
    for (size_t k = 0; k < at.size(); ++k)
      at[k] -= row * steps[k];
    for (int64_t d = rank - 2; d >= 0; --d) {
      bool carries = ++index[d] == shape[d];
      int64_t step = carries ? -(shape[d] - 1) : 1;
      for (size_t k = 0; k < at.size(); ++k)
        at[k] += step * strides[k][d];
      if (!carries)
        break;
      index[d] = 0;
    }
  }
}

/// Copies one element between tensors of one element type.
void copyElement(HostTensor &to, int64_t i, const HostTensor &from, int64_t j);

/// Compares two elements of one type: -1, 0 or 1, or 2 if one is NaN.
int compareElements(const HostTensor &a, int64_t i, const HostTensor &b,
                    int64_t j);
bool isNaNAt(const HostTensor &x, int64_t i);

/// The three parts of a shape around an axis: the product of the dimensions
/// before it, the dimension, and the product of those after it.
struct AxisSplit {
  int64_t outer = 1, length = 1, inner = 1;
  AxisSplit(llvm::ArrayRef<int64_t> shape, int64_t axis);

  /// The rows along the axis, and where the elements of one are.
  int64_t rows() const { return outer * inner; }
  int64_t at(int64_t row, int64_t k) const {
    return (row / inner * length + k) * inner + row % inner;
  }
};

/// The product as MatMul has it, in the element type of both; integers wrap.
mlir::FailureOr<HostTensor> matrixProduct(const HostTensor &a,
                                          const HostTensor &b, RuleContext &c);

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_EVALUATERULES_H
