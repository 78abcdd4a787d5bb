//===- OnnxTraits.h - constraints that many ops share -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Most traits have as parameter the number under which the op's description
// lists the constraint, so that the message can name it. All are silent about
// element types and dimensions that are not known.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_ONNXTRAITS_H
#define BLOCKATTN_DIALECTS_ONNX_ONNXTRAITS_H

#include "mlir/IR/OpDefinition.h"

namespace blockattn::onnx {

mlir::LogicalResult verifyRequiredSlots(mlir::Operation *op, int operands,
                                        int results);
mlir::LogicalResult verifyOneElementType(mlir::Operation *op, int number);
mlir::LogicalResult verifyOperandsOneElementType(mlir::Operation *op,
                                                 int number);
mlir::LogicalResult verifyFirstElementType(mlir::Operation *op, int number);
mlir::LogicalResult verifySameShape(mlir::Operation *op, int number);
mlir::LogicalResult verifyBroadcasts(mlir::Operation *op, int number);

/// Of the operands and results whose absence is recorded, the first ones are
/// there.
template <int operands, int results> struct RequiredSlots {
  template <typename Op>
  class Impl : public mlir::OpTrait::TraitBase<Op, Impl> {
  public:
    static mlir::LogicalResult verifyTrait(mlir::Operation *op) {
      return verifyRequiredSlots(op, operands, results);
    }
  };
};

/// All operands and results have one element type.
template <int number> struct OneElementType {
  template <typename Op>
  class Impl : public mlir::OpTrait::TraitBase<Op, Impl> {
  public:
    static mlir::LogicalResult verifyTrait(mlir::Operation *op) {
      return verifyOneElementType(op, number);
    }
  };
};

/// All operands have one element type.
template <int number> struct OperandsOneElementType {
  template <typename Op>
  class Impl : public mlir::OpTrait::TraitBase<Op, Impl> {
  public:
    static mlir::LogicalResult verifyTrait(mlir::Operation *op) {
      return verifyOperandsOneElementType(op, number);
    }
  };
};

/// The results have the element type of the first operand.
template <int number> struct FirstElementType {
  template <typename Op>
  class Impl : public mlir::OpTrait::TraitBase<Op, Impl> {
  public:
    static mlir::LogicalResult verifyTrait(mlir::Operation *op) {
      return verifyFirstElementType(op, number);
    }
  };
};

/// The first result has the shape of the first operand.
template <int number> struct SameShape {
  template <typename Op>
  class Impl : public mlir::OpTrait::TraitBase<Op, Impl> {
  public:
    static mlir::LogicalResult verifyTrait(mlir::Operation *op) {
      return verifySameShape(op, number);
    }
  };
};

/// The operands broadcast to the shape of the result.
template <int number> struct Broadcasts {
  template <typename Op>
  class Impl : public mlir::OpTrait::TraitBase<Op, Impl> {
  public:
    static mlir::LogicalResult verifyTrait(mlir::Operation *op) {
      return verifyBroadcasts(op, number);
    }
  };
};

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_ONNXTRAITS_H
