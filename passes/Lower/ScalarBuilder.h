//===- ScalarBuilder.h - arithmetic on one element --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the bodies of elementwise rules are made of: each operation in the form
// that the element's type asks for.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_SCALARBUILDER_H
#define BLOCKATTN_PASSES_LOWER_SCALARBUILDER_H

#include "passes/Lower/Lowering.h"
#include "passes/Lower/NarrowTypes.h"

namespace blockattn {

/// The type in which elements of `type` are computed: 16-bit floats in f32.
inline Type computeType(Type type) {
  auto real = llvm::dyn_cast<mlir::FloatType>(type);
  return real && real.getWidth() < 32
             ? mlir::Float32Type::get(type.getContext())
             : type;
}

/// An element converted as `onnx.Cast` does. `from` and `to` tell unsigned
/// integers from signed ones, which the value's own type does not. Types of
/// less than 16 bits are those of NarrowTypes.h.
Value convertElement(OpBuilder &builder, Location loc, Value value, Type from,
                     Type to, onnx::CastMode mode = {});

/// Writes the body for one element.
struct Scalar {
  OpBuilder &b;
  Location loc;
  /// In which the operands are computed, and whether it is unsigned.
  Type type;
  bool isUnsigned;

  bool isFloat() const { return llvm::isa<mlir::FloatType>(type); }
  Value constant(double value) const {
    mlir::TypedAttr attr =
        isFloat() ? mlir::TypedAttr(b.getFloatAttr(type, value))
                  : mlir::TypedAttr(
                        b.getIntegerAttr(type, static_cast<int64_t>(value)));
    return mlir::arith::ConstantOp::create(b, loc, attr);
  }
  template <typename OpT> Value make(ValueRange operands) const {
    return OpT::create(b, loc, operands[0].getType(), operands).getResult();
  }
  template <typename FloatOp, typename IntOp>
  Value either(Value x, Value y) const {
    if (isFloat())
      return FloatOp::create(b, loc, x, y);
    return IntOp::create(b, loc, x, y);
  }
  Value add(Value x, Value y) const {
    return either<mlir::arith::AddFOp, mlir::arith::AddIOp>(x, y);
  }
  Value sub(Value x, Value y) const {
    return either<mlir::arith::SubFOp, mlir::arith::SubIOp>(x, y);
  }
  Value mul(Value x, Value y) const {
    return either<mlir::arith::MulFOp, mlir::arith::MulIOp>(x, y);
  }
  Value max(Value x, Value y) const {
    if (!isFloat() && isUnsigned)
      return mlir::arith::MaxUIOp::create(b, loc, x, y);
    return either<mlir::arith::MaximumFOp, mlir::arith::MaxSIOp>(x, y);
  }
  Value min(Value x, Value y) const {
    if (!isFloat() && isUnsigned)
      return mlir::arith::MinUIOp::create(b, loc, x, y);
    return either<mlir::arith::MinimumFOp, mlir::arith::MinSIOp>(x, y);
  }
  Value select(Value condition, Value x, Value y) const {
    return mlir::arith::SelectOp::create(b, loc, condition, x, y);
  }
  Value compareFloat(mlir::arith::CmpFPredicate predicate, Value x,
                     Value y) const {
    return mlir::arith::CmpFOp::create(b, loc, predicate, x, y);
  }
  Value compareInt(mlir::arith::CmpIPredicate predicate, Value x,
                   Value y) const {
    return mlir::arith::CmpIOp::create(b, loc, predicate, x, y);
  }
  Value less(Value x, Value y) const {
    if (isFloat())
      return compareFloat(mlir::arith::CmpFPredicate::OLT, x, y);
    return compareInt(isUnsigned ? mlir::arith::CmpIPredicate::ult
                                 : mlir::arith::CmpIPredicate::slt,
                      x, y);
  }
  Value lessOrEqual(Value x, Value y) const {
    if (isFloat())
      return compareFloat(mlir::arith::CmpFPredicate::OLE, x, y);
    return compareInt(isUnsigned ? mlir::arith::CmpIPredicate::ule
                                 : mlir::arith::CmpIPredicate::sle,
                      x, y);
  }
  Value equal(Value x, Value y) const {
    if (isFloat())
      return compareFloat(mlir::arith::CmpFPredicate::OEQ, x, y);
    return compareInt(mlir::arith::CmpIPredicate::eq, x, y);
  }
  Value divFloat(Value x, Value y) const {
    return mlir::arith::DivFOp::create(b, loc, x, y);
  }
  Value exp(Value x) const { return mlir::math::ExpOp::create(b, loc, x); }
  Value tanh(Value x) const { return mlir::math::TanhOp::create(b, loc, x); }
  Value neg(Value x) const {
    return isFloat() ? Value(mlir::arith::NegFOp::create(b, loc, x))
                     : sub(constant(0), x);
  }
  /// 1 / (1 + exp(-x))
  Value sigmoid(Value x) const {
    return divFloat(constant(1), add(constant(1), exp(neg(x))));
  }
  /// log(1 + exp(x)), which does not overflow: max(x, 0) + log1p(exp(-|x|)).
  Value softplus(Value x) const {
    Value absolute = mlir::math::AbsFOp::create(b, loc, x);
    Value small = mlir::math::Log1pOp::create(b, loc, exp(neg(absolute)));
    return add(max(x, constant(0)), small);
  }
  /// Integer division that has a result for every divisor: 0 gives 0, and the
  /// least number divided by -1 stays what it is.
  Value divInt(Value x, Value y, bool remainder) const {
    Value one = constant(1), zero = constant(0);
    Value isZero = equal(y, zero);
    Value divisor = select(isZero, one, y);
    Value result;
    if (isUnsigned) {
      result = remainder
                   ? Value(mlir::arith::RemUIOp::create(b, loc, x, divisor))
                   : Value(mlir::arith::DivUIOp::create(b, loc, x, divisor));
    } else {
      Value isMinusOne = equal(y, constant(-1));
      divisor = select(isMinusOne, one, divisor);
      result = remainder
                   ? Value(mlir::arith::RemSIOp::create(b, loc, x, divisor))
                   : Value(mlir::arith::DivSIOp::create(b, loc, x, divisor));
      if (!remainder)
        result = select(isMinusOne, neg(x), result);
    }
    return select(isZero, zero, result);
  }
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_SCALARBUILDER_H
