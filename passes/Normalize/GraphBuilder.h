//===- GraphBuilder.h - onnx ops with inferred types ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_NORMALIZE_GRAPHBUILDER_H
#define BLOCKATTN_PASSES_NORMALIZE_GRAPHBUILDER_H

#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/ShapeInference.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <string>

namespace blockattn {

/// Builds ops of the onnx dialect at one place. The types of their results are
/// those that shape inference finds, so that larger rewrites need not spell
/// them.
class GraphBuilder {
public:
  /// `shapes` must have visited what stands before `op`.
  GraphBuilder(mlir::Operation *op, onnx::SymbolicShapes &shapes)
      : b(op), loc(op->getLoc()), shapes(shapes) {}

  /// Whether the operands of an op contradicted one another; an error was
  /// reported for it then.
  bool failed() const { return anyFailed; }

  /// Makes an op with its first `count` results. Null operands are absent.
  llvm::SmallVector<mlir::Value>
  makeAll(llvm::StringRef name, llvm::ArrayRef<mlir::Value> operands,
          llvm::ArrayRef<mlir::NamedAttribute> attributes, unsigned count);
  template <typename OpT>
  llvm::SmallVector<mlir::Value>
  makeAll(llvm::ArrayRef<mlir::Value> operands,
          llvm::ArrayRef<mlir::NamedAttribute> attributes, unsigned count) {
    return makeAll(OpT::getOperationName(), operands, attributes, count);
  }
  /// The same for an op of which one result is wanted.
  template <typename OpT>
  mlir::Value make(llvm::ArrayRef<mlir::Value> operands,
                   llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return makeAll<OpT>(operands, attributes, 1).front();
  }

  mlir::NamedAttribute attr(llvm::StringRef name, int64_t value) {
    return b.getNamedAttr(name, b.getI64IntegerAttr(value));
  }
  mlir::NamedAttribute attr(llvm::StringRef name, llvm::APFloat value) {
    return b.getNamedAttr(name, b.getFloatAttr(b.getF32Type(), value));
  }
  mlir::NamedAttribute attr(llvm::StringRef name, mlir::Attribute value) {
    return b.getNamedAttr(name, value);
  }

  //===--------------------------------------------------------------------===//
  // Constants
  //===--------------------------------------------------------------------===//

  mlir::Value constant(mlir::ElementsAttr value);
  /// An i64 vector.
  mlir::Value ints(llvm::ArrayRef<int64_t> values);
  /// A number of rank 0, of a type of integers or floats.
  mlir::Value number(mlir::Type element, double value);
  /// A vector of floats.
  mlir::Value floats(mlir::Type element, llvm::ArrayRef<double> values);

  //===--------------------------------------------------------------------===//
  // Common ops
  //===--------------------------------------------------------------------===//

  mlir::Value cast(mlir::Value value, mlir::Type element);
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  mlir::Value unsqueeze(mlir::Value value, llvm::ArrayRef<int64_t> axes);
  mlir::Value transpose(mlir::Value value, llvm::ArrayRef<int64_t> perm);
  /// The slice at one index of an axis, without that axis.
  mlir::Value at(mlir::Value value, int64_t axis, int64_t index);
  /// Elements [begin, end) along an axis.
  mlir::Value slice(mlir::Value value, int64_t axis, int64_t begin,
                    int64_t end);
  /// Dimensions [begin, end) of a value, as a vector.
  mlir::Value shapeOf(mlir::Value value, int64_t begin, int64_t end);
  /// Dimension i of a value, of rank 0.
  mlir::Value dim(mlir::Value value, int64_t i);
  /// A value whose size along an axis must be that of another one, `like`,
  /// along `likeAxis`: where only the run knows, it is checked there, as the
  /// lengths of the parts of a Split are. Both have known ranks.
  mlir::Value ofSize(mlir::Value value, int64_t axis, mlir::Value like,
                     int64_t likeAxis);
  /// first, first + 1, ..., `count` of them; both are i64 of rank 0.
  mlir::Value range(mlir::Value first, mlir::Value count);
  template <typename OpT> mlir::Value binary(mlir::Value a, mlir::Value b) {
    return make<OpT>({a, b});
  }

  //===--------------------------------------------------------------------===//
  // What is known
  //===--------------------------------------------------------------------===//

  static mlir::Type element(mlir::Value value) {
    return mlir::getElementTypeOrSelf(value);
  }
  /// The rank, or -1 where it is not known.
  static int64_t rank(mlir::Value value);
  /// The size of a dimension; dynamic where it is not known.
  static int64_t size(mlir::Value value, int64_t i);
  onnx::SymbolicShapes &symbolic() { return shapes; }

  /// Puts a value that this made in place of a result.
  static void replace(mlir::Value result, mlir::Value with);

private:
  mlir::OpBuilder b;
  mlir::Location loc;
  onnx::SymbolicShapes &shapes;
  bool anyFailed = false;
};

/// What a rewrite returns that replaced the results of an op: nothing. One that
/// made nothing says why not, and what to do.
using Refusal = std::string;

/// Calls `rewrite` for each of the ops of a function, in order, and erases
/// those that it replaced. Refusals become errors at their ops; fails after
/// one.
mlir::LogicalResult spellOut(
    mlir::func::FuncOp function, llvm::ArrayRef<mlir::Operation *> ops,
    llvm::function_ref<Refusal(mlir::Operation *, GraphBuilder &)> rewrite);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_NORMALIZE_GRAPHBUILDER_H
