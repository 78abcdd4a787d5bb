//===- DecomposeCompositeProducts.cpp - products of quantized matrices ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/DecomposeComposite.h"

using namespace mlir;

namespace blockattn {

/// A scale or zero point of a matrix so that it broadcasts to that: one number,
/// or one for each row or column.
static Value perLine(GraphBuilder &g, Value value, Value matrix, bool rows) {
  auto type = cast<RankedTensorType>(value.getType());
  bool isSingle = type.hasStaticShape() && type.getNumElements() == 1;
  if (isSingle || g.rank(matrix) < 2)
    return type.getRank() == 0 ? value : g.reshape(value, {});
  return rows && type.getRank() == 1 ? g.unsqueeze(value, 1) : value;
}

Value productScale(GraphBuilder &g, Value a, Value aScale, Value b,
                   Value bScale) {
  Value left = perLine(g, aScale, a, /*rows=*/true);
  Value right = perLine(g, bScale, b, /*rows=*/false);
  if ((g.rank(b) == 1 && g.rank(left) > 0) ||
      (g.rank(a) == 1 && g.rank(right) > 1))
    return nullptr;
  return g.binary<onnx::MulOp>(left, right);
}

/// matrix - zero, in a type of 32 bits.
static Value centered(GraphBuilder &g, Value matrix, Value zero, bool rows,
                      Type type) {
  Value numbers = g.cast(matrix, type);
  std::optional<SmallVector<int64_t>> known = onnx::constantInts(zero);
  if (!zero || (known && llvm::all_of(*known, [](int64_t i) { return !i; })))
    return numbers;
  return g.binary<onnx::SubOp>(numbers,
                               perLine(g, g.cast(zero, type), matrix, rows));
}

/// (a - aZero) * (b - bZero), exactly, in 32 bits. No processor that is
/// compiled for multiplies matrices of integers fast, but all do floats: those
/// hold integers up to 2^24, which is more than 256 products of numbers of 9
/// bits can make. So the inner dimension is cut into parts of 256.
static Value integerProduct(GraphBuilder &g, Value a, Value aZero, Value b,
                            Value bZero) {
  constexpr int64_t kPart = 256, kMostParts = 64;
  static_assert(kPart * 255 * 255 <= 1 << 24);
  int64_t aAxis = g.rank(a) - 1, bAxis = std::max<int64_t>(g.rank(b) - 2, 0);
  // Parts of the one side are all of it only if the other is as deep.
  int64_t depth = g.size(a, aAxis);
  if (depth != g.size(b, bAxis))
    depth = ShapedType::kDynamic;
  Type i32 = IntegerType::get(a.getContext(), 32);
  bool inParts = depth > 0 && depth <= kPart * kMostParts;
  Type type = inParts ? Type(Float32Type::get(a.getContext())) : i32;
  Value left = centered(g, a, aZero, /*rows=*/true, type);
  Value right = centered(g, b, bZero, /*rows=*/false, type);
  if (!inParts || depth <= kPart)
    return g.cast(g.binary<onnx::MatMulOp>(left, right), i32);
  Value sum;
  for (int64_t begin = 0; begin < depth; begin += kPart) {
    int64_t end = std::min(begin + kPart, depth);
    Value part =
        g.cast(g.binary<onnx::MatMulOp>(g.slice(left, aAxis, begin, end),
                                        g.slice(right, bAxis, begin, end)),
               i32);
    sum = sum ? g.binary<onnx::AddOp>(sum, part) : part;
  }
  return sum;
}

/// Empty where ranks and types are known.
static Refusal requireKnown(GraphBuilder &g, Operation *op) {
  for (Value operand : op->getOperands()) {
    if (g.rank(operand) < 0)
      return "the ranks of its operands are not known";
    if (isa<onnx::UnknownType>(g.element(operand)))
      return "the element types of its operands are not known";
  }
  return {};
}

Refusal decompose(onnx::MatMulIntegerOp op, GraphBuilder &g) {
  if (Refusal refusal = requireKnown(g, op); !refusal.empty())
    return refusal;
  g.replace(op.getY(), integerProduct(g, op.getA(), op.getAZeroPoint(),
                                      op.getB(), op.getBZeroPoint()));
  return {};
}

Refusal decompose(onnx::QLinearMatMulOp op, GraphBuilder &g) {
  if (Refusal refusal = requireKnown(g, op); !refusal.empty())
    return refusal;
  Value a = op.getA(), b = op.getB();
  Value product =
      integerProduct(g, a, op.getAZeroPoint(), b, op.getBZeroPoint());
  Value scale = productScale(g, a, op.getAScale(), b, op.getBScale());
  if (!scale)
    return kVectorScale;
  Type f32 = Float32Type::get(op.getContext());
  // The scales are combined in their own type.
  scale = g.binary<onnx::DivOp>(scale, g.reshape(op.getYScale(), {}));
  Value value = g.binary<onnx::MulOp>(g.cast(product, f32), g.cast(scale, f32));
  g.replace(op.getY(),
            g.make<onnx::QuantizeLinearOp>(
                {value, g.number(f32, 1), g.reshape(op.getYZeroPoint(), {})}));
  return {};
}

Refusal decompose(onnx::DynamicQuantizeLinearOp op, GraphBuilder &g) {
  Value x = op.getX();
  Type f32 = g.element(x);
  if (!isa<FloatType>(f32))
    return "the element type of its operand is not known";
  Value zero = g.number(f32, 0), one = g.number(f32, 1);
  NamedAttribute drop = g.attr("keepdims", int64_t(0));
  Value high = g.binary<onnx::MaxOp>(g.make<onnx::ReduceMaxOp>(x, drop), zero);
  Value low = g.binary<onnx::MinOp>(g.make<onnx::ReduceMinOp>(x, drop), zero);
  Value range = g.binary<onnx::SubOp>(high, low);
  range =
      g.make<onnx::WhereOp>({g.binary<onnx::EqualOp>(range, zero), one, range});
  Value scale = g.binary<onnx::DivOp>(range, g.number(f32, 255));
  // Quantized without a zero point: bytes without sign.
  Value zeroPoint =
      g.make<onnx::QuantizeLinearOp>({g.make<onnx::NegOp>(low), scale});
  g.replace(op.getY(), g.make<onnx::QuantizeLinearOp>({x, scale, zeroPoint}));
  g.replace(op.getYScale(), scale);
  g.replace(op.getYZeroPoint(), zeroPoint);
  return {};
}

} // namespace blockattn
