//===- Trial.h - running parts of a function at small sizes -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// To find out what a part of the model computes it is run: at lengths of a few
// tokens, with arguments made up for the purpose. A Subject knows which
// dimension of which argument is the batch, the number of tokens, the past
// length or their sum; a Setting chooses these; a Trial evaluates.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_TRIAL_H
#define BLOCKATTN_PASSES_RAISE_TRIAL_H

#include "passes/Raise/Dataflow.h"

#include "dialects/Onnx/Evaluate.h"
#include "dialects/Onnx/ShapeInference.h"
#include "dialects/Onnx/Weights.h"

#include <map>
#include <tuple>

namespace blockattn::raise {

/// The sizes and contents of a trial.
struct Setting {
  int64_t batch = 1;
  int64_t length = 4; ///< tokens that are run
  int64_t past = 0;   ///< tokens whose keys and values are given
  /// Positions of the tokens, the same in every row or row after row; empty:
  /// past, past + 1, ...
  llvm::SmallVector<int64_t> positions;
  /// For each row the past + length elements of masks; empty: all 1.
  llvm::SmallVector<llvm::SmallVector<int64_t>> mask;
  /// Varies what stands in arguments that hold tokens or data.
  unsigned seed = 0;

  int64_t total() const { return past + length; }
  int64_t position(int64_t row, int64_t token) const {
    if (positions.empty())
      return past + token;
    bool isOfRows = static_cast<int64_t>(positions.size()) > length;
    return positions[isOfRows ? row * length + token : token];
  }
};

/// A function with what trials need to know about it.
class Subject {
public:
  explicit Subject(mlir::func::FuncOp func);

  mlir::func::FuncOp func;
  Dependences deps;

  /// Whether the function takes past keys and values of unknown length.
  bool hasPast() const { return pastIsDynamic; }
  /// Brings a setting's sizes in line with what the function fixes.
  Setting clamp(Setting setting) const;
  /// The number of tokens where the function fixes it, else 0.
  int64_t fixedTokens() const { return fixedLength.value_or(0); }
  /// Whether the batch size is open.
  bool hasBatch() const { return !fixedBatch; }

  /// The dimensions of a value; std::nullopt where one of them depends on
  /// anything else.
  std::optional<llvm::SmallVector<int64_t>>
  dims(mlir::Value value, const Setting &setting, unsigned depth = 0);
  /// Elements of a small integer tensor that holds sizes.
  std::optional<llvm::SmallVector<int64_t>>
  contents(mlir::Value value, const Setting &setting, unsigned depth = 0);
  /// The same as expressions of the arguments' dimensions.
  std::optional<llvm::ArrayRef<mlir::AffineExpr>>
  symbolicDims(mlir::Value value) {
    return shapes.dims(value);
  }
  std::optional<llvm::ArrayRef<mlir::AffineExpr>>
  symbolicContents(mlir::Value value) {
    return shapes.contents(value);
  }
  /// Whether `contents` might know: such values are sizes, not data.
  bool isSize(mlir::Value value);

  onnx::WeightFiles *weightFiles() { return &weights; }

private:
  enum class Length { Unknown, Batch, Tokens, Past, Total };

  void bindArguments();
  void bindDim(mlir::AffineExpr expr, Length length);
  std::optional<int64_t> resolve(mlir::AffineExpr expr, const Setting &setting,
                                 unsigned depth = 0);
  std::optional<int64_t> resolveSymbol(unsigned position,
                                       const Setting &setting, unsigned depth);
  std::optional<int64_t> measure(mlir::Value value, int64_t dim,
                                 const Setting &setting, unsigned depth);

  onnx::SymbolicShapes shapes;
  onnx::WeightFiles weights;
  llvm::DenseMap<unsigned, Length> lengths;
  /// Sizes that were found by running something, by symbol and setting.
  std::map<std::tuple<unsigned, int64_t, int64_t, int64_t>,
           std::optional<int64_t>>
      measured;
  std::optional<int64_t> fixedBatch, fixedLength;
  bool pastIsDynamic = false;
};

/// One evaluation of parts of a function.
class Trial {
public:
  /// No tensor of a trial may be larger: trials are meant to be small.
  static constexpr int64_t kMaxElements = int64_t(1) << 24;

  /// `depth` counts trials within trials, which are bounded.
  Trial(Subject &subject, Setting setting, unsigned depth = 0);

  const Setting &setting() const { return sizes; }

  /// Gives a value its elements in place of computing it.
  void bind(mlir::Value value, onnx::HostTensor tensor);
  /// Puts another constant in place of one. Sizes that depend on it are then
  /// computed by their ops too.
  void substitute(mlir::Value constant, onnx::HostTensor tensor);
  /// Gives a value pseudo-random elements between -1 and 1 and returns them;
  /// an invalid tensor where its dimensions are not known.
  onnx::HostTensor bindRandom(mlir::Value value, unsigned seed);

  /// Computes a value from what is bound, the arguments and constants. Null on
  /// failure, with the reason in `why`. The pointer lives until the next bind.
  const onnx::HostTensor *evaluate(mlir::Value value,
                                   std::string *why = nullptr);

private:
  mlir::LogicalResult prepare(mlir::Value value, std::string *why);
  onnx::HostTensor argument(mlir::BlockArgument argument);
  std::optional<onnx::HostTensor> sizeTensor(mlir::Value value);

  Subject &subject;
  Setting sizes;
  unsigned depth;
  onnx::Evaluator evaluator;
  /// Values that are bound, or whose producers are prepared.
  llvm::DenseSet<mlir::Value> ready;
  /// Values that depend on a substituted constant.
  llvm::DenseSet<mlir::Value> changed;
};

/// A reproducible number between -1 and 1.
double pseudoRandom(uint64_t seed, uint64_t index);

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_TRIAL_H
