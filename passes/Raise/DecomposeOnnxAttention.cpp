//===- DecomposeOnnxAttention.cpp - onnx.Attention spelled out ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/AttentionSite.h"
#include "passes/Raise/Passes.h"

#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Remarks.h"
#include <cmath>

namespace blockattn {
#define GEN_PASS_DEF_DECOMPOSEONNXATTENTION
#include "passes/Raise/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

constexpr int64_t kDynamic = ShapedType::kDynamic;

/// Builds ops at one place with their result types.
class Builder {
public:
  Builder(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  static RankedTensorType type(Value value) {
    return cast<RankedTensorType>(value.getType());
  }
  static int64_t dim(Value value, int64_t i) {
    return type(value).getDimSize(i);
  }

  Value create(StringRef name, ValueRange operands, Type resultType,
               ArrayRef<NamedAttribute> attributes = {}) {
    OperationState state(loc, name, operands, resultType, attributes);
    return b.create(state)->getResult(0);
  }
  template <typename OpTy>
  Value create(ValueRange operands, Type resultType,
               ArrayRef<NamedAttribute> attributes = {}) {
    return create(OpTy::getOperationName(), operands, resultType, attributes);
  }
  NamedAttribute attr(StringRef name, Attribute value) {
    return b.getNamedAttr(name, value);
  }

  Value ints(ArrayRef<int64_t> values) {
    auto vector = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                        b.getI64Type());
    return onnx::ConstantOp::create(b, loc, vector,
                                    DenseElementsAttr::get(vector, values));
  }
  Value scalarInt(int64_t value) {
    auto scalar = RankedTensorType::get({}, b.getI64Type());
    return onnx::ConstantOp::create(b, loc, scalar,
                                    DenseElementsAttr::get(scalar, value));
  }
  Value scalar(Type element, double value) {
    auto scalar = RankedTensorType::get({}, element);
    bool lossy = false;
    APFloat number(value);
    number.convert(cast<FloatType>(element).getFloatSemantics(),
                   APFloat::rmNearestTiesToEven, &lossy);
    return onnx::ConstantOp::create(b, loc, scalar,
                                    DenseElementsAttr::get(scalar, number));
  }

  Value reshape(Value value, ArrayRef<int64_t> shape, Type result) {
    return create<onnx::ReshapeOp>({value, ints(shape)}, result);
  }
  /// The value under a type that knows more or less about its dimensions.
  Value retype(Value value, Type result) {
    if (value.getType() == result)
      return value;
    return reshape(value, SmallVector<int64_t>(type(value).getRank(), 0),
                   result);
  }
  Value transpose(Value value, ArrayRef<int64_t> perm) {
    SmallVector<int64_t> dims;
    for (int64_t i : perm)
      dims.push_back(dim(value, i));
    return create<onnx::TransposeOp>(
        value, RankedTensorType::get(dims, type(value).getElementType()),
        attr("perm", b.getDenseI64ArrayAttr(perm)));
  }
  /// A binary op on tensors of which the second broadcasts to the first.
  template <typename OpTy> Value binary(Value a, Value other) {
    return create<OpTy>({a, other}, a.getType());
  }
  /// Dimension i of a tensor, of rank 0.
  Value length(Value value, int64_t i) {
    Value vector =
        create<onnx::ShapeOp>(value, RankedTensorType::get({1}, b.getI64Type()),
                              {attr("start", b.getI64IntegerAttr(i)),
                               attr("end", b.getI64IntegerAttr(i + 1))});
    return create<onnx::SqueezeOp>({vector, ints({0})},
                                   RankedTensorType::get({}, b.getI64Type()));
  }
  /// start, start + 1, ... `count` of them (which are `dim` where known).
  Value range(Value start, Value count, int64_t dim) {
    Value limit = binary<onnx::AddOp>(start, count);
    return create<onnx::RangeOp>({start, limit, scalarInt(1)},
                                 RankedTensorType::get({dim}, b.getI64Type()));
  }

  OpBuilder &b;
  Location loc;
};

/// [batch, tokens, heads * size] -> [batch, heads, tokens, size]
Value splitHeads(Builder &b, Value value, int64_t heads) {
  if (Builder::type(value).getRank() == 4)
    return value;
  int64_t hidden = Builder::dim(value, 2);
  int64_t size = ShapedType::isDynamic(hidden) ? kDynamic : hidden / heads;
  auto split = RankedTensorType::get(
      {Builder::dim(value, 0), Builder::dim(value, 1), heads, size},
      Builder::type(value).getElementType());
  Value reshaped = b.reshape(
      value, {0, 0, heads, ShapedType::isDynamic(size) ? -1 : size}, split);
  return b.transpose(reshaped, {0, 2, 1, 3});
}

/// Past entries, then new ones, along the tokens.
Value appendTo(Builder &b, Value past, Value value) {
  if (!past)
    return value;
  SmallVector<int64_t> dims(Builder::type(value).getShape());
  int64_t before = Builder::dim(past, 2);
  dims[2] = ShapedType::isDynamic(before) || ShapedType::isDynamic(dims[2])
                ? kDynamic
                : before + dims[2];
  return b.create<onnx::ConcatOp>(
      {past, value},
      RankedTensorType::get(dims, Builder::type(value).getElementType()),
      b.attr("axis", b.b.getI64IntegerAttr(2)));
}

/// Each head `times` times in a row.
Value repeatHeads(Builder &b, Value value, int64_t times) {
  if (times == 1)
    return value;
  auto type = Builder::type(value);
  SmallVector<int64_t> wide = {type.getDimSize(0), type.getDimSize(1), 1,
                               type.getDimSize(2), type.getDimSize(3)};
  Value unsqueezed = b.create<onnx::UnsqueezeOp>(
      {value, b.ints({2})}, RankedTensorType::get(wide, type.getElementType()));
  wide[2] = times;
  Value expanded = b.create<onnx::ExpandOp>(
      {unsqueezed, b.ints({1, 1, times, 1, 1})},
      RankedTensorType::get(wide, type.getElementType()));
  SmallVector<int64_t> dims(type.getShape());
  dims[1] *= times;
  // 0 keeps the batch; the tokens are what remains.
  return b.reshape(
      expanded, {0, dims[1], -1, ShapedType::isDynamic(dims[3]) ? -1 : dims[3]},
      RankedTensorType::get(dims, type.getElementType()));
}

} // namespace

const char *raise::whyNotDecomposed(onnx::AttentionOp op) {
  for (Value value : {op.getQ(), op.getK(), op.getV()}) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !isa<FloatType>(type.getElementType()))
      return "the shapes of its operands are not known";
    int64_t rank = type.getRank();
    if (ShapedType::isDynamic(type.getDimSize(rank - 1)) ||
        (rank == 4 && ShapedType::isDynamic(type.getDimSize(1))))
      return "the number of heads, or their size, is not known";
  }
  if (Value mask = op.getAttnMask()) {
    auto type = dyn_cast<RankedTensorType>(mask.getType());
    if (!type || type.getRank() < 1)
      return "its mask has no dimensions, or an unknown number of them";
    if (!isa<FloatType>(type.getElementType()) &&
        !type.getElementType().isInteger(1))
      return "its mask is neither boolean nor of floats";
  }
  if (!isa<RankedTensorType>(op.getY().getType()))
    return "the shape of its result is not known";
  return nullptr;
}

namespace {

struct DecomposeOnnxAttention
    : blockattn::impl::DecomposeOnnxAttentionBase<DecomposeOnnxAttention> {
  void runOnOperation() override {
    SmallVector<onnx::AttentionOp> ops;
    getOperation().walk([&](onnx::AttentionOp op) { ops.push_back(op); });
    for (onnx::AttentionOp op : ops)
      if (const char *reason = raise::whyNotDecomposed(op))
        remark::missed(op.getLoc(),
                       remark::RemarkOpts::name("attention").category("raise"))
            << remark::reason("{0}", reason);
      else
        decompose(op);
  }

  static void decompose(onnx::AttentionOp op) {
    OpBuilder builder(op);
    Builder b(builder, op.getLoc());
    int64_t heads = op.getQNumHeads().value_or(0);
    int64_t kvHeads = op.getKvNumHeads().value_or(0);
    Value q = splitHeads(b, op.getQ(), heads);
    Value k = appendTo(b, op.getPastKey(), splitHeads(b, op.getK(), kvHeads));
    Value v = appendTo(b, op.getPastValue(), splitHeads(b, op.getV(), kvHeads));
    if (Value present = op.getPresentKey())
      present.replaceAllUsesWith(b.retype(k, present.getType()));
    if (Value present = op.getPresentValue())
      present.replaceAllUsesWith(b.retype(v, present.getType()));
    heads = Builder::dim(q, 1);
    kvHeads = Builder::dim(k, 1);

    // Scores
    Type element = Builder::type(q).getElementType();
    Value keys = repeatHeads(b, k, kvHeads > 0 ? heads / kvHeads : 1);
    Value values = repeatHeads(b, v, kvHeads > 0 ? heads / kvHeads : 1);
    auto scoreType = RankedTensorType::get(
        {Builder::dim(q, 0), heads, Builder::dim(q, 2), Builder::dim(k, 2)},
        element);
    double scale = op.getScale()
                       ? op.getScale()->convertToDouble()
                       : 1 / std::sqrt(static_cast<double>(Builder::dim(q, 3)));
    Value scores = b.create<onnx::MatMulOp>(
        {q, b.transpose(keys, {0, 1, 3, 2})}, scoreType);
    scores = b.binary<onnx::MulOp>(scores, b.scalar(element, scale));
    SmallVector<Value> stages = {scores};
    if (double softcap = op.getSoftcap().convertToDouble(); softcap > 0) {
      Value cap = b.scalar(element, softcap);
      scores = b.binary<onnx::DivOp>(scores, cap);
      scores = b.create<onnx::TanhOp>(scores, scoreType);
      scores = b.binary<onnx::MulOp>(scores, cap);
    }
    stages.push_back(scores);
    scores = applyMasks(b, op, scores, k);
    stages.push_back(scores);

    // Who takes the scores may have another softmax in mind.
    if (op.getY().use_empty() && op.getQkMatmulOutputMode() < 3) {
      if (Value tap = op.getQkMatmulOutput())
        tap.replaceAllUsesWith(
            b.retype(stages[op.getQkMatmulOutputMode()], tap.getType()));
      op.erase();
      return;
    }

    // Probabilities: a row in which everything is forbidden becomes zero.
    Type precision = op.getSoftmaxPrecision().value_or(element);
    auto inPrecision = RankedTensorType::get(scoreType.getShape(), precision);
    auto castTo = [&](Value value, RankedTensorType type) {
      if (value.getType() == type)
        return value;
      return b.create<onnx::CastOp>(
          value, type, b.attr("to", TypeAttr::get(type.getElementType())));
    };
    Value weights = b.create<onnx::SoftmaxOp>(
        castTo(scores, inPrecision), inPrecision,
        b.attr("axis", builder.getI64IntegerAttr(-1)));
    weights = castTo(weights, scoreType);
    Value nan = b.create<onnx::IsNaNOp>(
        weights,
        RankedTensorType::get(scoreType.getShape(), builder.getI1Type()));
    weights = b.create<onnx::WhereOp>({nan, b.scalar(element, 0), weights},
                                      scoreType);
    stages.push_back(weights);
    if (Value tap = op.getQkMatmulOutput())
      tap.replaceAllUsesWith(
          b.retype(stages[op.getQkMatmulOutputMode()], tap.getType()));

    Value result = b.create<onnx::MatMulOp>(
        {weights, values},
        RankedTensorType::get({scoreType.getDimSize(0), heads,
                               scoreType.getDimSize(2), Builder::dim(v, 3)},
                              element));
    if (Builder::type(op.getQ()).getRank() == 3) {
      result = b.transpose(result, {0, 2, 1, 3});
      result = b.reshape(result, {0, 0, heads * Builder::dim(v, 3)},
                         op.getY().getType());
    } else if (result.getType() != op.getY().getType()) {
      // The op's own type may know more, or less.
      result.setType(op.getY().getType());
    }
    op.getY().replaceAllUsesWith(result);
    op.erase();
  }

  /// Adds the mask operand, the causal mask and the windows.
  static Value applyMasks(Builder &b, onnx::AttentionOp op, Value scores,
                          Value k) {
    Type element = Builder::type(scores).getElementType();
    double infinity = std::numeric_limits<double>::infinity();
    if (Value mask = op.getAttnMask()) {
      mask = padMask(b, mask, k);
      if (Builder::type(mask).getElementType().isInteger(1)) {
        Value bias = b.create<onnx::WhereOp>(
            {mask, b.scalar(element, 0), b.scalar(element, -infinity)},
            RankedTensorType::get(Builder::type(mask).getShape(), element));
        scores = b.binary<onnx::AddOp>(scores, bias);
      } else {
        auto type = Builder::type(mask).clone(element);
        if (mask.getType() != type)
          mask = b.create<onnx::CastOp>(mask, type,
                                        b.attr("to", TypeAttr::get(element)));
        scores = b.binary<onnx::AddOp>(scores, mask);
      }
    }
    bool causal = op.getIsCausal() != 0;
    int64_t left = op.getLeftWindowSize(), right = op.getRightWindowSize();
    if (causal)
      right = right < 0 ? 0 : std::min<int64_t>(right, 0);
    Value lengths = op.getNonpadKvSeqlen();
    if (left < 0 && right < 0 && !lengths)
      return scores;
    // Query i stands at past + i and sees past + i - left .. past + i + right.
    int64_t queries = Builder::dim(scores, 2), keyCount = Builder::dim(k, 2);
    Value offset =
        op.getPastKey() ? b.length(op.getPastKey(), 2) : b.scalarInt(0);
    Value rows = b.range(offset, b.length(scores, 2), queries);
    Value columns = b.range(b.scalarInt(0), b.length(k, 2), keyCount);
    Type i64 = b.b.getI64Type();
    SmallVector<int64_t> shape = {queries, 1};
    rows = b.create<onnx::UnsqueezeOp>({rows, b.ints({1})},
                                       RankedTensorType::get(shape, i64));
    if (lengths) {
      // The queries are the last tokens of those that are no padding: there
      // are rows for each batch entry.
      int64_t batch = Builder::dim(scores, 0);
      lengths = b.create<onnx::UnsqueezeOp>(
          {lengths, b.ints({1, 2, 3})},
          RankedTensorType::get({batch, 1, 1, 1}, i64));
      Value first = b.binary<onnx::SubOp>(lengths, b.length(scores, 2));
      shape = {batch, 1, queries, 1};
      rows = b.create<onnx::AddOp>({rows, first},
                                   RankedTensorType::get(shape, i64));
    }
    shape.back() = keyCount;
    auto restrict = [&](Value allowed) {
      Value bias = b.create<onnx::WhereOp>(
          {allowed, b.scalar(element, 0), b.scalar(element, -infinity)},
          Builder::type(allowed).clone(element));
      scores = b.binary<onnx::AddOp>(scores, bias);
    };
    auto bits = RankedTensorType::get(shape, b.b.getI1Type());
    if (lengths)
      restrict(b.create<onnx::LessOp>(
          {columns, lengths},
          RankedTensorType::get({shape[0], 1, 1, keyCount}, b.b.getI1Type())));
    if (right >= 0)
      restrict(b.create<onnx::LessOrEqualOp>(
          {columns, b.binary<onnx::AddOp>(rows, b.scalarInt(right))}, bits));
    if (left >= 0)
      restrict(b.create<onnx::GreaterOrEqualOp>(
          {columns, b.binary<onnx::SubOp>(rows, b.scalarInt(left))}, bits));
    return scores;
  }

  /// A mask with fewer columns than there are keys forbids the others.
  static Value padMask(Builder &b, Value mask, Value k) {
    auto type = Builder::type(mask);
    int64_t rank = type.getRank(), columns = type.getDimSize(rank - 1);
    int64_t keyCount = Builder::dim(k, 2);
    if (!ShapedType::isDynamic(columns) && columns == keyCount)
      return mask;
    Type i64 = b.b.getI64Type();
    auto one = RankedTensorType::get({1}, i64);
    Value missing =
        b.binary<onnx::SubOp>(b.length(k, 2), b.length(mask, rank - 1));
    Value pads = b.create<onnx::ConcatOp>(
        {b.ints(SmallVector<int64_t>(2 * rank - 1, 0)),
         b.create<onnx::UnsqueezeOp>({missing, b.ints({0})}, one)},
        RankedTensorType::get({2 * rank}, i64),
        b.attr("axis", b.b.getI64IntegerAttr(0)));
    Type element = type.getElementType();
    Value fill;
    if (isa<FloatType>(element)) {
      fill = b.scalar(element, -std::numeric_limits<double>::infinity());
    } else {
      auto scalar = RankedTensorType::get({}, element);
      fill = onnx::ConstantOp::create(
          b.b, b.loc, scalar,
          DenseElementsAttr::get(scalar, b.b.getIntegerAttr(element, 0)));
    }
    SmallVector<int64_t> dims(type.getShape());
    dims.back() = keyCount;
    OperationState state(b.loc, onnx::PadOp::getOperationName(),
                         ValueRange{mask, pads, fill},
                         TypeRange(RankedTensorType::get(dims, element)));
    state.addAttribute("operandSegmentSizes",
                       b.b.getDenseI32ArrayAttr({1, 1, 1, 0}));
    return b.b.create(state)->getResult(0);
  }
};

} // namespace
