//===- Decompose.cpp - ops that are made of simpler ones ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/Passes.h"

#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "passes/Normalize/DecomposePatterns.h"
#include "passes/Normalize/ShapeCode.h"

using namespace mlir;

namespace blockattn {

#define GEN_PASS_DEF_DECOMPOSE
#include "passes/Normalize/Passes.h.inc"

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

static Value transposed(PatternRewriter &rewriter, Location loc, Value matrix) {
  auto type = cast<TensorType>(matrix.getType());
  if (type.hasRank() && type.getRank() == 2)
    type = RankedTensorType::get({type.getDimSize(1), type.getDimSize(0)},
                                 type.getElementType());
  return onnx::TransposeOp::create(rewriter, loc, type, matrix,
                                   rewriter.getDenseI64ArrayAttr({1, 0}));
}

/// alpha * A * B + beta * C
static Value gemm(onnx::GemmOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  FloatType element = floatElementType(op.getY());
  float alpha = op.getAlpha().convertToFloat();
  float beta = op.getBeta().convertToFloat();
  bool scaled = alpha != 1 || (op.getC() && beta != 1);
  if (scaled && !element)
    return {};
  Value a = op.getA(), b = op.getB();
  if (op.getTransA())
    a = transposed(rewriter, loc, a);
  if (op.getTransB())
    b = transposed(rewriter, loc, b);
  Value product = onnx::MatMulOp::create(rewriter, loc, op.getType(), a, b);
  if (alpha != 1)
    product = onnx::MulOp::create(rewriter, loc, op.getType(), product,
                                  floatScalar(rewriter, loc, element, alpha));
  Value c = op.getC();
  if (!c)
    return product;
  if (beta != 1)
    c = onnx::MulOp::create(rewriter, loc, c.getType(), c,
                            floatScalar(rewriter, loc, element, beta));
  return onnx::AddOp::create(rewriter, loc, op.getType(), product, c);
}

//===----------------------------------------------------------------------===//
// Shapes and types
//===----------------------------------------------------------------------===//

/// A Reshape to [-1, columns], or to a constant shape where that can be said.
static Value flatten(onnx::FlattenOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  auto type = dyn_cast<RankedTensorType>(op.getInput().getType());
  if (!type)
    return {};
  int64_t rank = type.getRank(), axis = op.getAxis();
  axis += axis < 0 ? rank : 0;
  if (axis < 0 || axis > rank)
    return {};
  auto count = [](ArrayRef<int64_t> dims) {
    return ShapedType::isDynamicShape(dims) ? -1
                                            : ShapedType::getNumElements(dims);
  };
  int64_t rows = count(type.getShape().take_front(axis));
  int64_t columns = count(type.getShape().drop_front(axis));
  Value shape;
  if (rows > 0 || columns > 0) {
    shape = integerVector(rewriter, loc,
                          {rows > 0 ? rows : -1, columns > 0 ? columns : -1});
  } else if (axis == 1) {
    shape = integerVector(rewriter, loc, {0, -1});
  } else {
    Type i64 = rewriter.getI64Type();
    Value dims = onnx::ShapeOp::create(
        rewriter, loc, RankedTensorType::get({rank - axis}, i64), op.getInput(),
        rewriter.getI64IntegerAttr(axis), IntegerAttr());
    Value product = onnx::ReduceProdOp::create(
        rewriter, loc, RankedTensorType::get({1}, i64), dims, Value(),
        rewriter.getI64IntegerAttr(1), IntegerAttr());
    shape = onnx::ConcatOp::create(
        rewriter, loc, RankedTensorType::get({2}, i64),
        ValueRange{integerVector(rewriter, loc, -1), product},
        rewriter.getI64IntegerAttr(0));
  }
  return onnx::ReshapeOp::create(rewriter, loc, op.getType(), op.getInput(),
                                 shape, IntegerAttr());
}

/// The product of the dimensions.
static Value size(onnx::SizeOp op, PatternRewriter &rewriter) {
  auto type = dyn_cast<RankedTensorType>(op.getData().getType());
  if (!type)
    return {};
  Value dims = onnx::ShapeOp::create(
      rewriter, op.getLoc(),
      RankedTensorType::get({type.getRank()}, rewriter.getI64Type()),
      op.getData(), IntegerAttr(), IntegerAttr());
  return onnx::ReduceProdOp::create(rewriter, op.getLoc(), op.getType(), dims,
                                    Value(), rewriter.getI64IntegerAttr(0),
                                    IntegerAttr());
}

static Value castLike(onnx::CastLikeOp op, PatternRewriter &rewriter) {
  Type to = cast<TensorType>(op.getTargetType().getType()).getElementType();
  if (isa<onnx::UnknownType>(to))
    return {};
  return onnx::CastOp::create(rewriter, op.getLoc(), op.getType(),
                              op.getInput(), TypeAttr::get(to),
                              op.getSaturateAttr(), op.getRoundModeAttr());
}

//===----------------------------------------------------------------------===//
// Any number of operands
//===----------------------------------------------------------------------===//

/// Chains a binary op over the operands. The steps in between have an unknown
/// shape unless all operands have one: later operands may be larger.
template <typename BinaryOp>
static Value chain(Operation *op, PatternRewriter &rewriter) {
  auto type = cast<TensorType>(op->getResult(0).getType());
  bool oneType = llvm::all_of(op->getOperandTypes(),
                              [&](Type operand) { return operand == type; });
  if (op->getNumOperands() == 0 || (op->getNumOperands() == 1 && !oneType))
    return {};
  TensorType between =
      oneType ? type : UnrankedTensorType::get(type.getElementType());
  Value result = op->getOperand(0);
  for (auto [index, operand] :
       llvm::enumerate(op->getOperands().drop_front())) {
    bool last = index + 2 == op->getNumOperands();
    SmallVector<Value, 2> pair = {result, operand};
    result =
        BinaryOp::create(rewriter, op->getLoc(),
                         TypeRange(last ? type : between), ValueRange(pair));
  }
  return result;
}

static Value sum(onnx::SumOp op, PatternRewriter &rewriter) {
  return chain<onnx::AddOp>(op, rewriter);
}

static Value mean(onnx::MeanOp op, PatternRewriter &rewriter) {
  FloatType element = floatElementType(op.getMean());
  Value total = element ? chain<onnx::AddOp>(op, rewriter) : Value();
  if (!total || op.getNumOperands() == 1)
    return total;
  return onnx::DivOp::create(
      rewriter, op.getLoc(), op.getType(), total,
      floatScalar(rewriter, op.getLoc(), element, op.getNumOperands()));
}

/// Max and Min of two operands are binary already.
template <typename OpT>
static Value extremum(OpT op, PatternRewriter &rewriter) {
  return op->getNumOperands() == 2 ? Value() : chain<OpT>(op, rewriter);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// The sum of `value`, along the axes of `op`.
template <typename OpT>
static Value sumLike(OpT op, PatternRewriter &rewriter, Value value) {
  return onnx::ReduceSumOp::create(rewriter, op.getLoc(), op.getType(), value,
                                   op.getAxes(), op.getKeepdimsAttr(),
                                   op.getNoopWithEmptyAxesAttr());
}

static Value reduceL1(onnx::ReduceL1Op op, PatternRewriter &rewriter) {
  Value data = op.getData();
  return sumLike(
      op, rewriter,
      onnx::AbsOp::create(rewriter, op.getLoc(), data.getType(), data));
}

template <typename OpT>
static Value sumOfSquares(OpT op, PatternRewriter &rewriter) {
  Value data = op.getData();
  return sumLike(
      op, rewriter,
      onnx::MulOp::create(rewriter, op.getLoc(), data.getType(), data, data));
}

static Value reduceL2(onnx::ReduceL2Op op, PatternRewriter &rewriter) {
  if (!floatElementType(op.getData()))
    return {};
  return onnx::SqrtOp::create(rewriter, op.getLoc(), op.getType(),
                              sumOfSquares(op, rewriter));
}

//===----------------------------------------------------------------------===//
// Quantized numbers
//===----------------------------------------------------------------------===//

/// (x - x_zero_point) * x_scale with one scale, or one for each place of an
/// axis. Scales for blocks of elements stay whole.
static Value dequantize(onnx::DequantizeLinearOp op,
                        PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  auto type = dyn_cast<RankedTensorType>(op.getX().getType());
  auto scaleType = dyn_cast<RankedTensorType>(op.getXScale().getType());
  FloatType element = floatElementType(op.getY());
  if (!type || !scaleType || !element || op.getBlockSize() != 0 ||
      scaleType.getRank() > 1 || scaleType.getElementType() != element)
    return {};
  auto convert = [&](Value value) -> Value {
    return onnx::CastOp::create(
        rewriter, loc, withElementType(value.getType(), element), value,
        TypeAttr::get(element), IntegerAttr(), StringAttr());
  };
  // A vector along an axis broadcasts once it has a 1 for each one after it.
  Value axes;
  Type spread = scaleType;
  if (scaleType.getRank() == 1 && scaleType.getDimSize(0) != 1) {
    std::optional<int64_t> axis =
        onnx::normalizeAxis(op.getAxis(), type.getRank());
    if (!axis)
      return {};
    SmallVector<int64_t> shape = {scaleType.getDimSize(0)};
    SmallVector<int64_t> ones;
    for (int64_t after = *axis + 1; after < type.getRank(); ++after) {
      ones.push_back(shape.size());
      shape.push_back(1);
    }
    if (!ones.empty()) {
      axes = integerVector(rewriter, loc, ones);
      spread = RankedTensorType::get(shape, element);
    }
  }
  auto along = [&](Value value) -> Value {
    return axes ? onnx::UnsqueezeOp::create(rewriter, loc, spread, value, axes)
                      .getResult()
                : value;
  };
  Value x = convert(op.getX());
  if (Value zero = op.getXZeroPoint())
    x = onnx::SubOp::create(rewriter, loc, op.getType(), x,
                            along(convert(zero)));
  return onnx::MulOp::create(rewriter, loc, op.getType(), x,
                             along(op.getXScale()));
}

//===----------------------------------------------------------------------===//
// Dropout
//===----------------------------------------------------------------------===//

namespace {
/// Outside of training it keeps everything.
struct DecomposeDropout : OpRewritePattern<onnx::DropoutOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::DropoutOp op,
                                PatternRewriter &rewriter) const override {
    if (Value training = op.getTrainingMode()) {
      std::optional<SmallVector<int64_t>> mode = onnx::constantInts(training);
      if (!mode || mode->size() != 1 || mode->front() != 0)
        return failure();
    }
    if (op.getOutput().getType() != op.getData().getType())
      return failure();
    SmallVector<Value, 2> results = {op.getData()};
    if (Value mask = op.getMask()) {
      Location loc = op.getLoc();
      auto type = cast<TensorType>(op.getData().getType());
      Type i64 = rewriter.getI64Type();
      int64_t rank = type.hasRank() ? type.getRank() : ShapedType::kDynamic;
      Value shape = onnx::ShapeOp::create(
          rewriter, loc, RankedTensorType::get({rank}, i64), op.getData(),
          IntegerAttr(), IntegerAttr());
      Value kept = integerConstant(
          rewriter, loc, RankedTensorType::get({}, rewriter.getI1Type()), 1);
      results.push_back(
          onnx::ExpandOp::create(rewriter, loc, mask.getType(), kept, shape));
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};

struct Decompose : impl::DecomposeBase<Decompose> {
  using DecomposeBase::DecomposeBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateActivationDecompositions(patterns);
    addDecomposition<onnx::GemmOp>(patterns, gemm);
    addDecomposition<onnx::FlattenOp>(patterns, flatten);
    addDecomposition<onnx::SizeOp>(patterns, size);
    addDecomposition<onnx::CastLikeOp>(patterns, castLike);
    addDecomposition<onnx::SumOp>(patterns, sum);
    addDecomposition<onnx::MeanOp>(patterns, mean);
    addDecomposition<onnx::MaxOp>(patterns, extremum<onnx::MaxOp>);
    addDecomposition<onnx::MinOp>(patterns, extremum<onnx::MinOp>);
    addDecomposition<onnx::ReduceL1Op>(patterns, reduceL1);
    addDecomposition<onnx::ReduceL2Op>(patterns, reduceL2);
    addDecomposition<onnx::ReduceSumSquareOp>(
        patterns, sumOfSquares<onnx::ReduceSumSquareOp>);
    addDecomposition<onnx::DequantizeLinearOp>(patterns, dequantize);
    patterns.add<DecomposeDropout>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace

} // namespace blockattn
