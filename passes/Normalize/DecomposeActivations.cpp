//===- DecomposeActivations.cpp - activations as formulas -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each function says in a comment what it makes. Where the shape of a result is
// that of the operand, so are the shapes of all steps: the constants are
// scalars.
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/DecomposePatterns.h"
#include "passes/Normalize/ShapeCode.h"

using namespace mlir;

namespace blockattn {

namespace {
/// Builds steps of the type of one op's result.
struct Steps {
  Steps(PatternRewriter &rewriter, Value result)
      : rewriter(rewriter), loc(result.getLoc()), type(result.getType()),
        element(floatElementType(result)) {}

  Value number(double value) {
    return floatScalar(rewriter, loc, element, value);
  }
  template <typename OpT> Value make(Value a) {
    return OpT::create(rewriter, loc, type, a);
  }
  template <typename OpT> Value make(Value a, Value b) {
    return OpT::create(rewriter, loc, type, a, b);
  }
  /// Max and Min take any number of operands.
  template <typename OpT> Value extremum(Value a, Value b) {
    return OpT::create(rewriter, loc, type, ValueRange{a, b});
  }
  template <typename OpT> Value compare(Value a, Value b) {
    return OpT::create(rewriter, loc,
                       withElementType(type, rewriter.getI1Type()), a, b);
  }
  Value choose(Value condition, Value a, Value b) {
    return onnx::WhereOp::create(rewriter, loc, type, condition, a, b);
  }

  PatternRewriter &rewriter;
  Location loc;
  Type type;
  FloatType element;
};
} // namespace

/// 1 / X
static Value reciprocal(onnx::ReciprocalOp op, PatternRewriter &rewriter) {
  Steps s(rewriter, op.getResult());
  return s.element ? s.make<onnx::DivOp>(s.number(1), op.getX()) : Value();
}

/// alpha * (exp(x) - 1)
static Value expMinusOne(Steps &s, Value x, double alpha) {
  Value exp = s.make<onnx::ExpOp>(x);
  Value shifted = s.make<onnx::SubOp>(exp, s.number(1));
  return alpha == 1 ? shifted : s.make<onnx::MulOp>(shifted, s.number(alpha));
}

/// X < 0 ? alpha * (exp(X) - 1) : X
static Value elu(onnx::EluOp op, PatternRewriter &rewriter) {
  Steps s(rewriter, op.getResult());
  if (!s.element)
    return {};
  Value x = op.getX();
  Value low = expMinusOne(s, x, op.getAlpha().convertToFloat());
  return s.choose(s.compare<onnx::LessOp>(x, s.number(0)), low, x);
}

/// gamma * (X <= 0 ? alpha * (exp(X) - 1) : X)
static Value selu(onnx::SeluOp op, PatternRewriter &rewriter) {
  Steps s(rewriter, op.getResult());
  if (!s.element)
    return {};
  Value x = op.getX();
  Value low = expMinusOne(s, x, op.getAlpha().convertToFloat());
  Value both = s.choose(s.compare<onnx::LessOrEqualOp>(x, s.number(0)), low, x);
  return s.make<onnx::MulOp>(both, s.number(op.getGamma().convertToFloat()));
}

/// X < 0 ? alpha * X : X
static Value leakyRelu(onnx::LeakyReluOp op, PatternRewriter &rewriter) {
  Steps s(rewriter, op.getResult());
  if (!s.element)
    return {};
  Value x = op.getX();
  Value low = s.make<onnx::MulOp>(x, s.number(op.getAlpha().convertToFloat()));
  return s.choose(s.compare<onnx::LessOp>(x, s.number(0)), low, x);
}

/// max(0, min(1, alpha * X + beta))
static Value hardSigmoid(Steps &s, Value x, double alpha, double beta) {
  Value line = s.make<onnx::AddOp>(s.make<onnx::MulOp>(x, s.number(alpha)),
                                   s.number(beta));
  return s.extremum<onnx::MaxOp>(s.extremum<onnx::MinOp>(line, s.number(1)),
                                 s.number(0));
}

static Value hardSigmoid(onnx::HardSigmoidOp op, PatternRewriter &rewriter) {
  Steps s(rewriter, op.getResult());
  return s.element ? hardSigmoid(s, op.getX(), op.getAlpha().convertToFloat(),
                                 op.getBeta().convertToFloat())
                   : Value();
}

/// X * max(0, min(1, X / 6 + 0.5))
static Value hardSwish(onnx::HardSwishOp op, PatternRewriter &rewriter) {
  Steps s(rewriter, op.getResult());
  if (!s.element)
    return {};
  return s.make<onnx::MulOp>(op.getX(),
                             hardSigmoid(s, op.getX(), 1.0 / 6.0, 0.5));
}

/// X * tanh(softplus(X))
static Value mish(onnx::MishOp op, PatternRewriter &rewriter) {
  Steps s(rewriter, op.getResult());
  Value soft = s.make<onnx::SoftplusOp>(op.getX());
  return s.make<onnx::MulOp>(op.getX(), s.make<onnx::TanhOp>(soft));
}

/// X / (1 + |X|)
static Value softsign(onnx::SoftsignOp op, PatternRewriter &rewriter) {
  Steps s(rewriter, op.getResult());
  if (!s.element)
    return {};
  Value size = s.make<onnx::AbsOp>(op.getInput());
  return s.make<onnx::DivOp>(op.getInput(),
                             s.make<onnx::AddOp>(size, s.number(1)));
}

/// min(max(input, min), max)
static Value clip(onnx::ClipOp op, PatternRewriter &rewriter) {
  Steps s(rewriter, op.getResult());
  Value x = op.getInput();
  if (Value low = op.getMin())
    x = s.extremum<onnx::MaxOp>(x, low);
  if (Value high = op.getMax())
    x = s.extremum<onnx::MinOp>(x, high);
  return x.getType() == op.getType() ? x : Value();
}

/// z - log(sum(exp(z))) with z = input - max(input), which can not overflow.
static Value logSoftmax(onnx::LogSoftmaxOp op, PatternRewriter &rewriter) {
  Steps s(rewriter, op.getResult());
  auto type = dyn_cast<RankedTensorType>(op.getInput().getType());
  if (!type)
    return {};
  std::optional<int64_t> axis =
      onnx::normalizeAxis(op.getAxis(), type.getRank());
  if (!axis)
    return {};
  SmallVector<int64_t> shape(type.getShape());
  shape[*axis] = 1;
  Type reduced = RankedTensorType::get(shape, type.getElementType());
  Value axes = integerVector(rewriter, s.loc, *axis);
  IntegerAttr keep = rewriter.getI64IntegerAttr(1);
  Value peak = onnx::ReduceMaxOp::create(
      rewriter, s.loc, reduced, op.getInput(), axes, keep, IntegerAttr());
  Value z = s.make<onnx::SubOp>(op.getInput(), peak);
  Value sum = onnx::ReduceSumOp::create(rewriter, s.loc, reduced,
                                        s.make<onnx::ExpOp>(z), axes, keep,
                                        IntegerAttr());
  Value log = onnx::LogOp::create(rewriter, s.loc, reduced, sum);
  return s.make<onnx::SubOp>(z, log);
}

void populateActivationDecompositions(RewritePatternSet &patterns) {
  addDecomposition<onnx::ReciprocalOp>(patterns, reciprocal);
  addDecomposition<onnx::EluOp>(patterns, elu);
  addDecomposition<onnx::SeluOp>(patterns, selu);
  addDecomposition<onnx::LeakyReluOp>(patterns, leakyRelu);
  addDecomposition<onnx::HardSigmoidOp>(patterns, hardSigmoid);
  addDecomposition<onnx::HardSwishOp>(patterns, hardSwish);
  addDecomposition<onnx::MishOp>(patterns, mish);
  addDecomposition<onnx::SoftsignOp>(patterns, softsign);
  addDecomposition<onnx::ClipOp>(patterns, clip);
  addDecomposition<onnx::LogSoftmaxOp>(patterns, logSoftmax);
}

} // namespace blockattn
