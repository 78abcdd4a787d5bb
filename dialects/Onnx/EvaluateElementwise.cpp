//===- EvaluateElementwise.cpp - ops that work element by element ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Floats are computed in double and rounded to their type, which for + - * /
// and the square root is the correctly rounded result. Integers wrap.
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Bitwise.h"
#include "dialects/Onnx/EvaluateRules.h"
#include "dialects/Onnx/Onnx.h"
#include <cmath>

using namespace mlir;
using namespace blockattn::onnx;

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

using FloatFn = std::function<double(double)>;
using IntFn = int64_t (*)(int64_t);

static LogicalResult evalUnary(RuleContext &c, const FloatFn &onFloat,
                               IntFn onInt = nullptr) {
  const HostTensor &x = *c.operands[0];
  if (!isFloat(x.getScalar()) && !onInt)
    return c.fail("the operand must be floats");
  HostTensor y = c.make(x.getElementType(), x.getShape());
  bool asFloat = isFloat(x.getScalar());
  for (int64_t i = 0; i < y.getNumElements(); ++i)
    asFloat ? y.setF(i, onFloat(x.getF(i))) : y.setI(i, onInt(x.getI(i)));
  return c.set(0, std::move(y));
}

template <typename OpT>
static void addUnary(RuleTable &t, double (*onFloat)(double),
                     IntFn onInt = nullptr) {
  t.add<OpT>([=](RuleContext &c) { return evalUnary(c, onFloat, onInt); });
}

static int64_t wrappingNeg(int64_t x) {
  return static_cast<int64_t>(-static_cast<uint64_t>(x));
}

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Without overflow for large x.
static double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
}

// A minimum and maximum that pass NaN on, as NumPy's do.
static double maxNaN(double a, double b) {
  return std::isnan(a) || a > b ? a : b;
}
static double minNaN(double a, double b) {
  return std::isnan(a) || a < b ? a : b;
}

static double gelu(double x, bool tanhForm) {
  if (tanhForm) {
    constexpr double kSqrt2OverPi = 0.7978845608028654;
    return 0.5 * x * (1 + std::tanh(kSqrt2OverPi * (x + 0.044715 * x * x * x)));
  }
  return 0.5 * x * (1 + std::erf(x * M_SQRT1_2));
}

static void addUnaryRules(RuleTable &t) {
  addUnary<AbsOp>(
      t, [](double x) { return std::fabs(x); },
      [](int64_t x) { return x < 0 ? wrappingNeg(x) : x; });
  addUnary<NegOp>(t, [](double x) { return -x; }, wrappingNeg);
  addUnary<ReluOp>(
      t, [](double x) { return maxNaN(x, 0.0); },
      [](int64_t x) { return std::max<int64_t>(x, 0); });
  t.add<SignOp>([](RuleContext &c) {
    auto onFloat = [](double x) {
      return std::isnan(x) ? x : double((x > 0) - (x < 0));
    };
    if (c.operands[0]->getScalar() == Scalar::U64)
      return evalUnary(c, onFloat, [](int64_t x) { return int64_t(x != 0); });
    return evalUnary(c, onFloat,
                     [](int64_t x) { return int64_t((x > 0) - (x < 0)); });
  });
  t.add<NotOp>([](RuleContext &c) {
    const HostTensor &x = *c.operands[0];
    HostTensor y = c.make(x.getElementType(), x.getShape());
    for (int64_t i = 0; i < y.getNumElements(); ++i)
      y.setI(i, !x.getB(i));
    return c.set(0, std::move(y));
  });
  addUnary<AtanOp>(t, [](double x) { return std::atan(x); });
  addUnary<CeilOp>(t, [](double x) { return std::ceil(x); });
  addUnary<CosOp>(t, [](double x) { return std::cos(x); });
  addUnary<CoshOp>(t, [](double x) { return std::cosh(x); });
  addUnary<ErfOp>(t, [](double x) { return std::erf(x); });
  addUnary<ExpOp>(t, [](double x) { return std::exp(x); });
  addUnary<FloorOp>(t, [](double x) { return std::floor(x); });
  addUnary<LogOp>(t, [](double x) { return std::log(x); });
  addUnary<ReciprocalOp>(t, [](double x) { return 1 / x; });
  addUnary<RoundOp>(t, [](double x) { return std::nearbyint(x); });
  addUnary<SigmoidOp>(t, sigmoid);
  addUnary<SinOp>(t, [](double x) { return std::sin(x); });
  addUnary<SinhOp>(t, [](double x) { return std::sinh(x); });
  addUnary<SoftplusOp>(t, softplus);
  addUnary<SoftsignOp>(t, [](double x) { return x / (1 + std::fabs(x)); });
  addUnary<SqrtOp>(t, [](double x) { return std::sqrt(x); });
  addUnary<TanOp>(t, [](double x) { return std::tan(x); });
  addUnary<TanhOp>(t, [](double x) { return std::tanh(x); });
  addUnary<MishOp>(t, [](double x) { return x * std::tanh(softplus(x)); });
  addUnary<HardSwishOp>(
      t, [](double x) { return x * maxNaN(0.0, minNaN(1.0, x / 6 + 0.5)); });
}

// Unary ops with attributes.
template <typename OpT>
static void addParametric(RuleTable &t, FloatFn (*makeFn)(OpT)) {
  t.add<OpT>(
      [=](RuleContext &c) { return evalUnary(c, makeFn(cast<OpT>(c.op))); });
}

static double number(const APFloat &value) { return value.convertToDouble(); }

static void addParametricRules(RuleTable &t) {
  addParametric<EluOp>(t, [](EluOp op) -> FloatFn {
    double alpha = number(op.getAlpha());
    return [=](double x) { return x < 0 ? alpha * std::expm1(x) : x; };
  });
  addParametric<HardSigmoidOp>(t, [](HardSigmoidOp op) -> FloatFn {
    double alpha = number(op.getAlpha()), beta = number(op.getBeta());
    return [=](double x) { return maxNaN(0.0, minNaN(1.0, alpha * x + beta)); };
  });
  addParametric<LeakyReluOp>(t, [](LeakyReluOp op) -> FloatFn {
    double alpha = number(op.getAlpha());
    return [=](double x) { return x < 0 ? alpha * x : x; };
  });
  addParametric<SeluOp>(t, [](SeluOp op) -> FloatFn {
    double alpha = number(op.getAlpha()), gamma = number(op.getGamma());
    return
        [=](double x) { return gamma * (x <= 0 ? alpha * std::expm1(x) : x); };
  });
  addParametric<SwishOp>(t, [](SwishOp op) -> FloatFn {
    double alpha = number(op.getAlpha());
    return [=](double x) { return x * sigmoid(alpha * x); };
  });
  addParametric<GeluOp>(t, [](GeluOp op) -> FloatFn {
    bool tanhForm = op.getApproximate() == "tanh";
    return [=](double x) { return gelu(x, tanhForm); };
  });
}

//===----------------------------------------------------------------------===//
// Binary and more
//===----------------------------------------------------------------------===//

// The shape that all of them broadcast to.
static FailureOr<SmallVector<int64_t>>
commonShape(RuleContext &c, ArrayRef<const HostTensor *> tensors) {
  SmallVector<int64_t> shape;
  for (const HostTensor *tensor : tensors) {
    auto next = broadcastShapes(shape, tensor->getShape());
    if (!next)
      return c.fail("the shapes of the operands do not broadcast");
    shape = std::move(*next);
  }
  return shape;
}

// Calls body(i, a, b) for every element of the result and the elements of the
// operands that belong to it.
template <typename Body>
static LogicalResult evalBinary(RuleContext &c, Type elementType, Body body) {
  const HostTensor &a = *c.operands[0], &b = *c.operands[1];
  FailureOr<SmallVector<int64_t>> shape = commonShape(c, c.operands);
  if (failed(shape))
    return failure();
  HostTensor result = c.make(elementType, *shape);
  if (!result)
    return failure();
  walk(*shape,
       {broadcastStrides(a.getShape(), *shape),
        broadcastStrides(b.getShape(), *shape)},
       [&](int64_t i, ArrayRef<int64_t> at) { body(result, i, at[0], at[1]); });
  return c.why.empty() ? c.set(0, std::move(result)) : failure();
}

using Float2 = double (*)(double, double);
using Int2 = int64_t (*)(int64_t, int64_t);
using UInt2 = uint64_t (*)(uint64_t, uint64_t);

// `onUnsigned` is for 64 bits; narrower unsigned numbers are int64_t as well.
template <typename OpT>
static void addArithmetic(RuleTable &t, Float2 onFloat, Int2 onInt,
                          UInt2 onUnsigned, bool divides = false) {
  t.add<OpT>([=](RuleContext &c) -> LogicalResult {
    const HostTensor &a = *c.operands[0], &b = *c.operands[1];
    if (a.getElementType() != b.getElementType())
      return c.fail("the operands must have one element type");
    Scalar kind = a.getScalar();
    // Masks and tables of long sequences are mostly these.
    if (kind == Scalar::F32) {
      const float *x = a.span<float>().data(), *z = b.span<float>().data();
      return evalBinary(c, a.getElementType(),
                        [=](HostTensor &y, int64_t i, int64_t j, int64_t k) {
                          y.mutableSpan<float>()[i] = static_cast<float>(
                              roundTo(Scalar::F32, onFloat(x[j], z[k])));
                        });
    }
    return evalBinary(c, a.getElementType(),
                      [&](HostTensor &y, int64_t i, int64_t j, int64_t k) {
                        if (isFloat(kind))
                          return y.setF(i, onFloat(a.getF(j), b.getF(k)));
                        if (divides && b.getI(k) == 0) {
                          c.why = "integer division by zero";
                          return;
                        }
                        y.setI(i, kind == Scalar::U64
                                      ? onUnsigned(a.getI(j), b.getI(k))
                                      : onInt(a.getI(j), b.getI(k)));
                      });
  });
}

template <typename T> static T wrapAdd(T a, T b) {
  return static_cast<T>(uint64_t(a) + uint64_t(b));
}
template <typename T> static T wrapSub(T a, T b) {
  return static_cast<T>(uint64_t(a) - uint64_t(b));
}
template <typename T> static T wrapMul(T a, T b) {
  return static_cast<T>(uint64_t(a) * uint64_t(b));
}
static int64_t divInt(int64_t a, int64_t b) {
  return b == -1 ? wrappingNeg(a) : a / b;
}
// The remainder has the sign of the divisor.
static int64_t modInt(int64_t a, int64_t b) {
  if (b == -1)
    return 0;
  int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
static int64_t fmodInt(int64_t a, int64_t b) { return b == -1 ? 0 : a % b; }
static uint64_t modUInt(uint64_t a, uint64_t b) { return a % b; }

static void addArithmeticRules(RuleTable &t) {
  addArithmetic<AddOp>(
      t, [](double a, double b) { return a + b; }, wrapAdd<int64_t>,
      wrapAdd<uint64_t>);
  addArithmetic<SubOp>(
      t, [](double a, double b) { return a - b; }, wrapSub<int64_t>,
      wrapSub<uint64_t>);
  addArithmetic<MulOp>(
      t, [](double a, double b) { return a * b; }, wrapMul<int64_t>,
      wrapMul<uint64_t>);
  addArithmetic<DivOp>(
      t, [](double a, double b) { return a / b; }, divInt,
      [](uint64_t a, uint64_t b) { return a / b; }, /*divides=*/true);

  RuleTable forms;
  addArithmetic<ModOp>(
      forms,
      [](double a, double b) {
        double r = std::fmod(a, b);
        return r != 0 && (r < 0) != (b < 0) ? r + b : r;
      },
      modInt, modUInt, /*divides=*/true);
  RuleFn pythonMod = *forms.find(ModOp::getOperationName());
  addArithmetic<ModOp>(
      forms, [](double a, double b) { return std::fmod(a, b); }, fmodInt,
      modUInt, /*divides=*/true);
  RuleFn cMod = *forms.find(ModOp::getOperationName());
  t.add<ModOp>([=](RuleContext &c) {
    return cast<ModOp>(c.op).getFmod() ? cMod(c) : pythonMod(c);
  });

  t.add<PowOp>([](RuleContext &c) {
    const HostTensor &x = *c.operands[0], &y = *c.operands[1];
    bool integral = !isFloat(x.getScalar()) && !isFloat(y.getScalar());
    return evalBinary(c, x.getElementType(),
                      [&](HostTensor &z, int64_t i, int64_t j, int64_t k) {
                        int64_t exponent = integral ? y.getI(k) : -1;
                        if (exponent < 0)
                          return z.setF(i, std::pow(x.getF(j), y.getF(k)));
                        // By squaring, so that wide integers stay exact.
                        uint64_t base = x.getI(j), power = 1;
                        for (; exponent; exponent >>= 1, base *= base)
                          if (exponent & 1)
                            power *= base;
                        z.setI(i, static_cast<int64_t>(power));
                      });
  });
}

template <typename OpT> static void addBits(RuleTable &t, UInt2 combine) {
  t.add<OpT>([=](RuleContext &c) -> LogicalResult {
    const HostTensor &a = *c.operands[0], &b = *c.operands[1];
    if (a.getElementType() != b.getElementType())
      return c.fail("the operands must have one element type");
    return evalBinary(
        c, a.getElementType(),
        [&](HostTensor &y, int64_t i, int64_t j, int64_t k) {
          y.setI(i, static_cast<int64_t>(combine(a.getI(j), b.getI(k))));
        });
  });
}

static LogicalResult evalBitShift(BitShiftOp op, In<BitShiftOp> in,
                                  RuleContext &c) {
  const HostTensor &x = *in.getX(), &by = *in.getY();
  if (x.getElementType() != by.getElementType() || isFloat(x.getScalar()))
    return c.fail("the operands must be integers of one type");
  uint64_t width = x.getElementType().getIntOrFloatBitWidth();
  bool left = op.getDirection() == "LEFT";
  return evalBinary(
      c, x.getElementType(),
      [&](HostTensor &y, int64_t i, int64_t j, int64_t k) {
        // With its sign, or zeros, in the bits above. A negative
        // distance is a large one.
        int64_t value = x.getI(j);
        uint64_t distance = by.getI(k);
        bool fits = distance < width;
        if (left)
          value = fits ? static_cast<int64_t>(uint64_t(value) << distance) : 0;
        else if (isUnsigned(x.getScalar()))
          value = fits ? static_cast<int64_t>(uint64_t(value) >> distance) : 0;
        else
          value >>= fits ? distance : 63;
        y.setI(i, value);
      });
}

static void addBitwiseRules(RuleTable &t) {
  addBits<BitwiseAndOp>(t, [](uint64_t a, uint64_t b) { return a & b; });
  addBits<BitwiseOrOp>(t, [](uint64_t a, uint64_t b) { return a | b; });
  addBits<BitwiseXorOp>(t, [](uint64_t a, uint64_t b) { return a ^ b; });
  t.add<BitShiftOp>(evalBitShift);
  t.add<BitwiseNotOp>([](RuleContext &c) {
    const HostTensor &x = *c.operands[0];
    HostTensor y = c.make(x.getElementType(), x.getShape());
    for (int64_t i = 0; i < y.getNumElements(); ++i)
      y.setI(i, ~x.getI(i));
    return c.set(0, std::move(y));
  });
}

template <typename OpT>
static void addComparison(RuleTable &t, bool (*test)(int)) {
  t.add<OpT>([=](RuleContext &c) -> LogicalResult {
    const HostTensor &a = *c.operands[0], &b = *c.operands[1];
    if (a.getElementType() != b.getElementType())
      return c.fail("the operands must have one element type");
    return evalBinary(c, IntegerType::get(c.op->getContext(), 1),
                      [&](HostTensor &y, int64_t i, int64_t j, int64_t k) {
                        y.setI(i, test(compareElements(a, j, b, k)));
                      });
  });
}

template <typename OpT>
static void addLogical(RuleTable &t, bool (*combine)(bool, bool)) {
  t.add<OpT>([=](RuleContext &c) {
    const HostTensor &a = *c.operands[0], &b = *c.operands[1];
    return evalBinary(c, IntegerType::get(c.op->getContext(), 1),
                      [&](HostTensor &y, int64_t i, int64_t j, int64_t k) {
                        y.setI(i, combine(a.getB(j), b.getB(k)));
                      });
  });
}

static void addComparisonRules(RuleTable &t) {
  addComparison<EqualOp>(t, [](int o) { return o == 0; });
  addComparison<GreaterOp>(t, [](int o) { return o == 1; });
  addComparison<GreaterOrEqualOp>(t, [](int o) { return o == 0 || o == 1; });
  addComparison<LessOp>(t, [](int o) { return o == -1; });
  addComparison<LessOrEqualOp>(t, [](int o) { return o == 0 || o == -1; });
  addLogical<AndOp>(t, [](bool a, bool b) { return a && b; });
  addLogical<OrOp>(t, [](bool a, bool b) { return a || b; });
  addLogical<XorOp>(t, [](bool a, bool b) { return a != b; });
}

// Max, Min, Sum and Mean of any number of operands. `fold` combines a running
// result with one operand.
using FoldFn = void (*)(HostTensor &y, int64_t i, const HostTensor &x,
                        int64_t j);

template <typename OpT>
static void addVariadic(RuleTable &t, FoldFn fold, bool mean = false) {
  t.add<OpT>([=](RuleContext &c) -> LogicalResult {
    if (c.operands.empty())
      return c.fail("there must be an operand");
    Type type = c.operands[0]->getElementType();
    for (const HostTensor *x : c.operands)
      if (x->getElementType() != type)
        return c.fail("the operands must have one element type");
    FailureOr<SmallVector<int64_t>> shape = commonShape(c, c.operands);
    if (failed(shape))
      return failure();
    HostTensor y = c.make(type, *shape);
    if (!y)
      return failure();
    for (const HostTensor *x : c.operands)
      walk(*shape, {broadcastStrides(x->getShape(), *shape)},
           [&](int64_t i, ArrayRef<int64_t> at) {
             x == c.operands[0] ? copyElement(y, i, *x, at[0])
                                : fold(y, i, *x, at[0]);
           });
    if (mean)
      for (int64_t i = 0; i < y.getNumElements(); ++i)
        y.setF(i, y.getF(i) / static_cast<double>(c.operands.size()));
    return c.set(0, std::move(y));
  });
}

static void addVariadicRules(RuleTable &t) {
  addVariadic<MaxOp>(
      t, [](HostTensor &y, int64_t i, const HostTensor &x, int64_t j) {
        if (isNaNAt(x, j) || compareElements(x, j, y, i) == 1)
          copyElement(y, i, x, j);
      });
  addVariadic<MinOp>(
      t, [](HostTensor &y, int64_t i, const HostTensor &x, int64_t j) {
        if (isNaNAt(x, j) || compareElements(x, j, y, i) == -1)
          copyElement(y, i, x, j);
      });
  FoldFn sum = [](HostTensor &y, int64_t i, const HostTensor &x, int64_t j) {
    y.setF(i, y.getF(i) + x.getF(j));
  };
  addVariadic<SumOp>(t, sum);
  addVariadic<MeanOp>(t, sum, /*mean=*/true);
}

static LogicalResult evalClip(ClipOp op, In<ClipOp> in, RuleContext &c) {
  HostTensor y =
      c.make(in.getInput()->getElementType(), in.getInput()->getShape());
  if (!y)
    return failure();
  for (const HostTensor *bound : {in.getMin(), in.getMax()})
    if (bound && (bound->getNumElements() != 1 ||
                  bound->getElementType() != y.getElementType()))
      return c.fail("a bound must be one element of the input's type");
  for (int64_t i = 0; i < y.getNumElements(); ++i) {
    copyElement(y, i, *in.getInput(), i);
    if (in.getMin() && compareElements(y, i, *in.getMin(), 0) == -1)
      copyElement(y, i, *in.getMin(), 0);
    if (in.getMax() && compareElements(y, i, *in.getMax(), 0) == 1)
      copyElement(y, i, *in.getMax(), 0);
  }
  return c.set(0, std::move(y));
}

static LogicalResult evalWhere(WhereOp op, In<WhereOp> in, RuleContext &c) {
  const HostTensor &x = *in.getX(), &y = *in.getY();
  if (x.getElementType() != y.getElementType())
    return c.fail("X and Y must have one element type");
  FailureOr<SmallVector<int64_t>> shape = commonShape(c, c.operands);
  if (failed(shape))
    return failure();
  HostTensor out = c.make(x.getElementType(), *shape);
  if (!out)
    return failure();
  walk(*shape,
       {broadcastStrides(in.getCondition()->getShape(), *shape),
        broadcastStrides(x.getShape(), *shape),
        broadcastStrides(y.getShape(), *shape)},
       [&](int64_t i, ArrayRef<int64_t> at) {
         in.getCondition()->getB(at[0]) ? copyElement(out, i, x, at[1])
                                        : copyElement(out, i, y, at[2]);
       });
  return c.set(0, std::move(out));
}

//===----------------------------------------------------------------------===//
// Conversion and tests
//===----------------------------------------------------------------------===//

static LogicalResult castTo(const HostTensor &x, Type type, CastMode mode,
                            RuleContext &c) {
  // Checks the type and the limit; the tensor itself is made by cast().
  if (!c.make(type, {}))
    return failure();
  return c.set(0, x.cast(type, mode));
}

static LogicalResult evalCast(CastOp op, In<CastOp> in, RuleContext &c) {
  return castTo(*in.getInput(), op.getTo(),
                {op.getSaturate() != 0, op.getRoundMode()}, c);
}

static LogicalResult evalCastLike(CastLikeOp op, In<CastLikeOp> in,
                                  RuleContext &c) {
  return castTo(*in.getInput(), in.getTargetType()->getElementType(),
                {op.getSaturate() != 0, op.getRoundMode()}, c);
}

static LogicalResult testFloats(const HostTensor &x, RuleContext &c,
                                llvm::function_ref<bool(double)> test) {
  HostTensor y = c.make(IntegerType::get(c.op->getContext(), 1), x.getShape());
  for (int64_t i = 0; i < y.getNumElements(); ++i)
    y.setI(i, test(x.getF(i)));
  return c.set(0, std::move(y));
}

static LogicalResult evalIsNaN(IsNaNOp op, In<IsNaNOp> in, RuleContext &c) {
  return testFloats(*in.getX(), c, [](double x) { return std::isnan(x); });
}

static LogicalResult evalIsInf(IsInfOp op, In<IsInfOp> in, RuleContext &c) {
  bool negative = op.getDetectNegative(), positive = op.getDetectPositive();
  return testFloats(*in.getX(), c, [&](double x) {
    return std::isinf(x) && (x < 0 ? negative : positive);
  });
}

void blockattn::onnx::addElementwiseRules(RuleTable &t) {
  addUnaryRules(t);
  addParametricRules(t);
  addArithmeticRules(t);
  addBitwiseRules(t);
  addComparisonRules(t);
  addVariadicRules(t);
  t.add<ClipOp>(evalClip);
  t.add<WhereOp>(evalWhere);
  t.add<CastOp>(evalCast);
  t.add<CastLikeOp>(evalCastLike);
  t.add<IsNaNOp>(evalIsNaN);
  t.add<IsInfOp>(evalIsInf);
}
