//===- ShapeInferenceRules.h - what a shape rule is made of ------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to the shape inference. A rule reads what is known of an operation's
// operands and records what follows for its results. Operands may lack their
// element type or rank, have any rank, or contradict one another: verifiers are
// silent about what was not known yet, so a rule checks whatever it relies on.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_SHAPEINFERENCERULES_H
#define BLOCKATTN_DIALECTS_ONNX_SHAPEINFERENCERULES_H

#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/ShapeInference.h"
#include <functional>

namespace blockattn::onnx {

/// The rules of all operations.
class ShapeRules {
public:
  using Rule =
      std::function<mlir::LogicalResult(mlir::Operation *, SymbolicShapes &)>;

  static const ShapeRules &get();
  const Rule *find(mlir::Operation *op) const;

  template <typename OpT>
  void add(mlir::LogicalResult (*rule)(OpT, SymbolicShapes &)) {
    rules[mlir::TypeID::get<OpT>()] = [rule](mlir::Operation *op,
                                             SymbolicShapes &shapes) {
      return rule(mlir::cast<OpT>(op), shapes);
    };
  }
  /// One rule for several operations.
  template <typename... OpTs>
  void addAll(mlir::LogicalResult (*rule)(mlir::Operation *,
                                          SymbolicShapes &)) {
    ((rules[mlir::TypeID::get<OpTs>()] = rule), ...);
  }

private:
  llvm::DenseMap<mlir::TypeID, Rule> rules;
};

// One function a family, each in a file of its own.
void addCompositeRules(ShapeRules &rules);
void addCreationRules(ShapeRules &rules);
void addControlRules(ShapeRules &rules);
void addElementwiseRules(ShapeRules &rules);
void addGatherRules(ShapeRules &rules);
void addMicrosoftRules(ShapeRules &rules);
void addMovementRules(ShapeRules &rules);
void addNNRules(ShapeRules &rules);
void addReductionRules(ShapeRules &rules);
void addSliceRules(ShapeRules &rules);

using Dims = llvm::SmallVector<mlir::AffineExpr>;

inline bool isKnownType(mlir::Type elementType) {
  return elementType && !mlir::isa<UnknownType>(elementType);
}

/// The constant's value, if it is one. Null is none.
inline std::optional<int64_t> asConstant(mlir::AffineExpr expr) {
  auto number = llvm::dyn_cast_if_present<mlir::AffineConstantExpr>(expr);
  if (!number)
    return std::nullopt;
  return number.getValue();
}

/// The integers of a constant of rank 0 or 1 with at most `limit` elements.
std::optional<llvm::SmallVector<int64_t>> smallIntegers(mlir::Attribute value,
                                                        int64_t limit);

/// A copy of a value's dimensions, to be changed.
std::optional<Dims> copyDims(SymbolicShapes &shapes, mlir::Value value);

/// The number of elements of a vector of static size.
std::optional<int64_t> staticLength(SymbolicShapes &shapes, mlir::Value value);

/// Makes an axis that counts from the end (-1 is the last) count from the
/// start. An error if it is not within the rank.
mlir::FailureOr<int64_t> normalAxis(mlir::Operation *op, int64_t axis,
                                    int64_t rank);

/// The axes in an operand, each within the rank and none twice; std::nullopt if
/// they are not constants.
mlir::FailureOr<std::optional<llvm::SmallVector<int64_t>>>
constantAxes(mlir::Operation *op, SymbolicShapes &shapes, mlir::Value axes,
             int64_t rank);

/// The shape that the operands broadcast to, as in numpy; std::nullopt when a
/// rank is not known. An error if two dimensions are known not to fit.
mlir::FailureOr<std::optional<Dims>>
broadcastDims(mlir::Operation *op, SymbolicShapes &shapes,
              llvm::ArrayRef<mlir::Value> operands);
mlir::FailureOr<std::optional<Dims>>
broadcastDims(mlir::Operation *op, SymbolicShapes &shapes,
              llvm::ArrayRef<llvm::ArrayRef<mlir::AffineExpr>> list);

/// The shape of the product of two matrices, or batches of them, as MatMul has
/// it; std::nullopt when a rank is not known. An error if they do not fit.
mlir::FailureOr<std::optional<Dims>>
productDims(mlir::Operation *op, SymbolicShapes &shapes,
            std::optional<llvm::ArrayRef<mlir::AffineExpr>> a,
            std::optional<llvm::ArrayRef<mlir::AffineExpr>> b);

/// The element type that the operands share, where one of them has it.
mlir::Type commonElementType(SymbolicShapes &shapes, mlir::ValueRange operands);

/// Notes that two dimensions are equal in every run without error. An error now
/// if they are known to differ.
mlir::LogicalResult requireEqual(mlir::Operation *op, SymbolicShapes &shapes,
                                 mlir::AffineExpr a, mlir::AffineExpr b,
                                 const llvm::Twine &what);

/// An error if two dimensions are known to differ. That they are equal is left
/// to what the operation is decomposed to, which has to check it.
mlir::LogicalResult refuseDifferent(mlir::Operation *op, mlir::AffineExpr a,
                                    mlir::AffineExpr b,
                                    const llvm::Twine &what);

/// As `requireEqual`, for an operand that is broadcast to others, as in numpy,
/// but must not make them larger: each of its dimensions is 1 or that of the
/// result. One that is neither for certain is left to the run.
mlir::LogicalResult requireBroadcast(mlir::Operation *op,
                                     SymbolicShapes &shapes, mlir::Value from,
                                     llvm::ArrayRef<mlir::AffineExpr> to,
                                     const llvm::Twine &name);

/// All results have the shape and the element type of the first operand.
mlir::LogicalResult sameAsFirst(mlir::Operation *op, SymbolicShapes &shapes);

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_SHAPEINFERENCERULES_H
