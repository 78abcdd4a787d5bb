//===- ApproximateDeviceMath.cpp - math functions without a library -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Upstream's lowering to nvvm calls CUDA's libdevice, which would have to be
// there when a model is compiled. Functions of f64 are those of libclc, which
// the compiler carries.
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/DeviceFunctions.h"
#include "passes/LowerCuda/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

namespace blockattn {
#define GEN_PASS_DEF_APPROXIMATEDEVICEMATH
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

/// A function that is an instruction of the device, or a few: upstream's
/// lowering to nvvm takes LLVM's own operations for calls of libdevice.
static Value intrinsic(OpBuilder &b, Location loc, StringRef name,
                       ValueRange operands) {
  Type type = operands.front().getType();
  std::string full = ("llvm." + name + (type.isF64() ? ".f64" : ".f32")).str();
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(full),
                                       operands)
      .getResult(0);
}

namespace {

/// Short forms for f64 arithmetic.
class Doubles {
public:
  Doubles(PatternRewriter &rewriter, Location loc) : b(loc, rewriter) {}
  Value constant(double value) {
    return arith::ConstantOp::create(b, b.getF64FloatAttr(value));
  }
  Value widen(Value value) {
    return arith::ExtFOp::create(b, b.getF64Type(), value);
  }
  Value narrow(Value value) {
    return arith::TruncFOp::create(b, b.getF32Type(), value);
  }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value fma(Value x, Value y, Value z) { return call("fma", {x, y, z}); }
  Value call(StringRef name, ValueRange operands) {
    return intrinsic(b, b.getLoc(), name, operands);
  }
  Value negate(Value x) { return arith::NegFOp::create(b, x); }
  /// c[0] + c[1] x + c[2] x^2 + ...
  Value polynomial(Value x, ArrayRef<double> c) {
    Value sum = constant(c.back());
    for (double next : llvm::reverse(c.drop_back()))
      sum = fma(sum, x, constant(next));
    return sum;
  }

  ImplicitLocOpBuilder b;
};

/// sin(x), or cos(x) as sin(x + pi / 2), of f32. The angle is reduced in f64,
/// which holds it to 1e-9 for all positions and frequencies up to 2^40; beyond
/// that neighbouring f32 values lie many periods apart, and the result is NaN.
template <typename Op, int quarters> struct ReduceAngle : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return failure();
    Doubles d(rewriter, op.getLoc());
    ImplicitLocOpBuilder &b = d.b;
    Value x = d.widen(op.getOperand());
    // x = k * pi / 2 + r, with pi / 2 in two parts.
    Value size = d.call("fabs", x);
    Value fits = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, size,
                                       d.constant(std::ldexp(1.0, 40)));
    x = arith::SelectOp::create(b, fits, x, d.constant(0));
    Value k = d.call("roundeven", d.mul(x, d.constant(0.63661977236758134308)));
    Value minusK = d.negate(k);
    Value r = d.fma(minusK, d.constant(1.57079632679489655800e+00), x);
    r = d.fma(minusK, d.constant(6.12323399573676603587e-17), r);
    Value r2 = d.mul(r, r);
    Value sine =
        d.mul(r, d.polynomial(r2, {1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040,
                                   1.0 / 362880, -1.0 / 39916800}));
    Value cosine = d.polynomial(
        r2, {1.0, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800});
    Type i64 = b.getI64Type();
    auto integer = [&](int64_t value) -> Value {
      return arith::ConstantOp::create(b, b.getI64IntegerAttr(value));
    };
    Value quarter = arith::AddIOp::create(b, arith::FPToSIOp::create(b, i64, k),
                                          integer(quarters));
    auto bit = [&](int64_t mask) -> Value {
      return arith::CmpIOp::create(
          b, arith::CmpIPredicate::ne,
          arith::AndIOp::create(b, quarter, integer(mask)), integer(0));
    };
    Value result = arith::SelectOp::create(b, bit(1), cosine, sine);
    result = arith::SelectOp::create(b, bit(2), d.negate(result), result);
    result = arith::SelectOp::create(b, fits, result, d.constant(NAN));
    rewriter.replaceOp(op, d.narrow(result));
    return success();
  }
};

/// The remainder of f32 numbers is one of f32 again, however large their
/// quotient is: f64 holds it exactly.
struct WidenRemainder : OpRewritePattern<arith::RemFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::RemFOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return failure();
    Doubles d(rewriter, op.getLoc());
    Value rest =
        arith::RemFOp::create(d.b, d.widen(op.getLhs()), d.widen(op.getRhs()));
    rewriter.replaceOp(op, d.narrow(rest));
    return success();
  }
};

/// |x|^y from the logarithm, with the signs and exceptions of IEEE 754.
struct ExpandPower : OpRewritePattern<math::PowFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::PowFOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto constant = [&](float value) -> Value {
      return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
    };
    auto compare = [&](arith::CmpFPredicate how, Value a, Value c) -> Value {
      return arith::CmpFOp::create(b, how, a, c);
    };
    auto isWhole = [&](Value value) {
      Value whole = intrinsic(b, b.getLoc(), "trunc", value);
      return compare(arith::CmpFPredicate::OEQ, whole, value);
    };
    Value x = op.getLhs(), y = op.getRhs();
    Value size = intrinsic(b, b.getLoc(), "fabs", x);
    Value power = math::ExpOp::create(
        b, arith::MulFOp::create(b, y, math::LogOp::create(b, size)));
    // Of a negative number: its sign is that of an odd exponent, and there is
    // none for an exponent with a fraction.
    Value half = arith::MulFOp::create(b, y, constant(0.5f));
    Value negated = arith::NegFOp::create(b, power);
    Value ofNegative = arith::SelectOp::create(
        b, isWhole(y),
        arith::SelectOp::create(b, isWhole(half), power, negated).getResult(),
        constant(NAN));
    Value isNegative = compare(arith::CmpFPredicate::OLT, x, constant(0));
    Value result = arith::SelectOp::create(b, isNegative, ofNegative, power);
    // Whatever it is, its power 0 is 1, and so is any power of 1.
    Value one = constant(1);
    Value isOne = arith::OrIOp::create(
        b, compare(arith::CmpFPredicate::OEQ, y, constant(0)),
        compare(arith::CmpFPredicate::OEQ, x, one));
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, isOne, one, result);
    return success();
  }
};

/// What is an instruction, or a few, of the device.
template <typename Op> struct UseIntrinsic : OpRewritePattern<Op> {
  UseIntrinsic(MLIRContext *context, StringRef name)
      : OpRewritePattern<Op>(context), name(name) {}
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!type.isF32() && !type.isF64())
      return failure();
    rewriter.replaceOp(
        op, intrinsic(rewriter, op.getLoc(), name, op->getOperands()));
    return success();
  }
  StringRef name;
};

struct ExpandRsqrt : OpRewritePattern<math::RsqrtOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::RsqrtOp op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!type.isF32() && !type.isF64())
      return failure();
    Value one = arith::ConstantOp::create(rewriter, op.getLoc(),
                                          rewriter.getFloatAttr(type, 1.0));
    Value root = intrinsic(rewriter, op.getLoc(), "sqrt", op.getOperand());
    rewriter.replaceOpWithNewOp<arith::DivFOp>(op, one, root);
    return success();
  }
};

struct ExpandAbsI : OpRewritePattern<math::AbsIOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::AbsIOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value zero = arith::ConstantOp::create(rewriter, loc,
                                           rewriter.getZeroAttr(op.getType()));
    Value negative =
        arith::SubIOp::create(rewriter, loc, zero, op.getOperand());
    rewriter.replaceOpWithNewOp<arith::MaxSIOp>(op, op.getOperand(), negative);
    return success();
  }
};

/// Short forms for the arithmetic of one operation.
class Formula {
public:
  Formula(PatternRewriter &rewriter, Location loc) : b(loc, rewriter) {}
  Value constant(Value like, double value) {
    return arith::ConstantOp::create(
        b, b.getFloatAttr(cast<FloatType>(like.getType()), value));
  }
  Value widen(Value x) { return arith::ExtFOp::create(b, b.getF64Type(), x); }
  Value narrow(Value x) {
    return arith::TruncFOp::create(b, b.getF32Type(), x);
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
  Value add(Value x, double y) { return add(x, constant(x, y)); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value mul(Value x, double y) { return mul(x, constant(x, y)); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, x, y); }
  Value root(Value x) { return math::SqrtOp::create(b, x); }
  Value size(Value x) { return math::AbsFOp::create(b, x); }
  Value withSign(Value x, Value of) {
    return math::CopySignOp::create(b, x, of);
  }
  Value less(Value x, Value y) {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y);
  }
  Value select(Value which, Value x, Value y) {
    return arith::SelectOp::create(b, which, x, y);
  }
  Value expm1(Value x) { return math::ExpM1Op::create(b, x); }
  Value log1p(Value x) { return math::Log1pOp::create(b, x); }

private:
  ImplicitLocOpBuilder b;
};

// Hyperbolic functions are given forms without cancellation, from exp(x) - 1
// and log(1 + x), whose approximations are good near zero as well. What is
// squared is an f64, so that nothing overflows on the way.

/// From e = exp(|x|) - 1: (e + e / (e + 1)) / 2. Of a large e the fraction is
/// 1, of an infinite one it would be no number.
Value makeSinh(Formula &f, Value x) {
  Value e = f.expm1(f.size(x));
  Value one = f.constant(e, 1);
  Value fraction =
      f.select(f.less(e, f.constant(e, 1e9)), f.div(e, f.add(e, 1)), one);
  return f.withSign(f.add(f.mul(e, 0.5), f.mul(fraction, 0.5)), x);
}

/// (exp(|x|) + 1 / exp(|x|)) / 2.
Value makeCosh(Formula &f, Value x) {
  Value e = f.add(f.expm1(f.size(x)), 1);
  return f.add(f.mul(e, 0.5), f.div(f.constant(e, 0.5), e));
}

/// log(1 + |x| + x^2 / (1 + sqrt(x^2 + 1))).
Value makeAsinh(Formula &f, Value x) {
  Value wide = f.widen(f.size(x));
  Value square = f.mul(wide, wide);
  Value rest = f.div(square, f.add(f.root(f.add(square, 1)), 1));
  return f.withSign(f.log1p(f.narrow(f.add(wide, rest))), x);
}

/// log(1 + t + sqrt(2 t + t^2)) for t = x - 1; no number below 1.
Value makeAcosh(Formula &f, Value x) {
  Value t = f.add(f.widen(x), -1);
  Value root = f.root(f.mul(t, f.add(t, 2)));
  return f.log1p(f.narrow(f.add(t, root)));
}

/// log(1 + 2 |x| / (1 - |x|)) / 2.
Value makeAtanh(Formula &f, Value x) {
  Value size = f.widen(f.size(x));
  Value ratio = f.div(f.mul(size, 2), f.sub(f.constant(size, 1), size));
  return f.withSign(f.mul(f.log1p(f.narrow(ratio)), 0.5), x);
}

template <typename Op, Value (*make)(Formula &, Value)>
struct ExpandHyperbolic : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return failure();
    Formula formula(rewriter, op.getLoc());
    rewriter.replaceOp(op, make(formula, op.getOperand()));
    return success();
  }
};

struct ApproximateDeviceMath
    : blockattn::impl::ApproximateDeviceMathBase<ApproximateDeviceMath> {
  void runOnOperation() override;
};

} // namespace

void ApproximateDeviceMath::runOnOperation() {
  MLIRContext *context = &getContext();
  RewritePatternSet patterns(context);
  auto approximate = [](StringRef name) {
    return name != math::SinOp::getOperationName() &&
           name != math::CosOp::getOperationName();
  };
  populateMathF32ExpansionPatterns(patterns, [](StringRef) { return true; });
  populateMathPolynomialApproximationPatterns(patterns, approximate);
  // By names without the dialect's.
  math::populateExpansionPatterns(patterns, {"tan", "exp2", "fpowi"});
  populateWidenHalfPatterns(patterns);
  populateDeviceFunctionPatterns(patterns);
  patterns.add<ReduceAngle<math::SinOp, 0>, ReduceAngle<math::CosOp, 1>,
               WidenRemainder, ExpandPower, ExpandRsqrt, ExpandAbsI>(context);
  patterns.add<ExpandHyperbolic<math::SinhOp, makeSinh>,
               ExpandHyperbolic<math::CoshOp, makeCosh>,
               ExpandHyperbolic<math::AsinhOp, makeAsinh>,
               ExpandHyperbolic<math::AcoshOp, makeAcosh>,
               ExpandHyperbolic<math::AtanhOp, makeAtanh>>(context);
  patterns.add<UseIntrinsic<arith::MaxNumFOp>>(context, "maxnum");
  patterns.add<UseIntrinsic<arith::MinNumFOp>>(context, "minnum");
  patterns.add<UseIntrinsic<math::SqrtOp>>(context, "sqrt");
  patterns.add<UseIntrinsic<math::AbsFOp>>(context, "fabs");
  patterns.add<UseIntrinsic<math::FloorOp>>(context, "floor");
  patterns.add<UseIntrinsic<math::CeilOp>>(context, "ceil");
  patterns.add<UseIntrinsic<math::TruncOp>>(context, "trunc");
  patterns.add<UseIntrinsic<math::RoundOp>>(context, "round");
  patterns.add<UseIntrinsic<math::RoundEvenOp>>(context, "roundeven");
  patterns.add<UseIntrinsic<math::FmaOp>>(context, "fma");
  patterns.add<UseIntrinsic<math::CopySignOp>>(context, "copysign");
  if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
    return signalPassFailure();

  // All of them in one report, those of a node once: programs share nodes.
  bool known = true;
  llvm::DenseSet<std::tuple<Location, OperationName, Type>> reported;
  getOperation().walk([&](Operation *op) {
    if (!isa<math::MathDialect>(op->getDialect()) && !isa<arith::RemFOp>(op))
      return;
    known = false;
    Type type = op->getResult(0).getType();
    if (!reported.insert({op->getLoc(), op->getName(), type}).second)
      return;
    op->emitError("the function '")
        << op->getName().stripDialect() << "' of type " << type
        << " is not supported for target cuda; compile with --target=cpu";
  });
  if (!known)
    signalPassFailure();
}
