//===- DecomposeMicrosoftQuantized.cpp - weights of few bits --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Weights stay packed in the artifact; each run unpacks those of a product into
// a buffer that lives no longer than the product. All steps are elementwise on
// [N, blocks, bytes, elements in a byte], which the lowering makes one loop of.
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/DecomposeMicrosoft.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace blockattn {

/// The elements of bytes as numbers, in a new last dimension. Element i is what
/// is left of byte / 2^(bits * i), rounded down, without the elements above it.
/// Each step has one use, but the conversion: so they become one loop.
static Value unpackBytes(GraphBuilder &g, Value bytes, int64_t bits,
                         Type element) {
  Value numbers = g.unsqueeze(g.cast(bytes, element), g.rank(bytes));
  if (bits == 8)
    return numbers;
  double values = 1 << bits;
  SmallVector<double> down, farDown;
  for (int64_t shift = 0; shift < 8; shift += bits) {
    down.push_back(1.0 / (1 << shift));
    farDown.push_back(down.back() / values);
  }
  auto divide = [&](ArrayRef<double> factors) {
    return g.make<onnx::FloorOp>(
        g.binary<onnx::MulOp>(numbers, g.floats(element, factors)));
  };
  Value rest = divide(down);
  Value above =
      g.binary<onnx::MulOp>(divide(farDown), g.number(element, values));
  return g.binary<onnx::SubOp>(rest, above);
}

static Refusal requireBytesIn(Value value, StringRef name) {
  if (GraphBuilder::element(value).isUnsignedInteger(8))
    return {};
  return (name + " must be bytes (uint8)").str();
}

Refusal PackedWeight::requireBytes() const {
  Refusal refusal = requireBytesIn(packed, "its weight");
  if (refusal.empty() && zeros && !isa<FloatType>(GraphBuilder::element(zeros)))
    refusal = requireBytesIn(zeros, "its zero points");
  return refusal;
}

Value PackedWeight::unpack(GraphBuilder &g, Type element) const {
  int64_t blocks = llvm::divideCeil(columns, blockSize), parts = 8 / bits;
  // Unpacking is exact in f32 and rounds nowhere: 8 bits at most.
  Type f32 = Float32Type::get(element.getContext());
  auto toElement = [&](Value value) { return g.cast(value, element); };

  // Zero points, [rows, blocks].
  Value zero = zeros;
  if (!zero) {
    zero = g.number(element, 1 << (bits - 1));
  } else if (isa<FloatType>(g.element(zero))) {
    zero = g.reshape(toElement(zero), {rows, blocks});
  } else {
    int64_t bytes = llvm::divideCeil(blocks, parts);
    Value unpacked = unpackBytes(g, g.reshape(zero, {rows, bytes}), bits, f32);
    zero = g.reshape(unpacked, {rows, bytes * parts});
    if (bytes * parts != blocks)
      zero = g.slice(zero, 1, 0, blocks);
    zero = toElement(zero);
  }
  Value scale = g.reshape(toElement(scales), {rows, blocks});
  bool oneZero = g.rank(zero) == 0;

  Value bytes = g.reshape(packed, {rows, blocks, blockSize / parts});
  Value numbers = toElement(unpackBytes(g, bytes, bits, f32));
  int64_t padded = blocks * blockSize;
  auto flat = [&](Value value) {
    value = g.reshape(value, {rows, padded});
    return padded == columns ? value : g.slice(value, 1, 0, columns);
  };
  if (groups) {
    Value group =
        g.size(groups, 0) == columns ? groups : g.slice(groups, 0, 0, columns);
    auto spread = [&](Value value) {
      return g.make<onnx::GatherOp>({value, group}, g.attr("axis", 1));
    };
    return g.binary<onnx::MulOp>(
        g.binary<onnx::SubOp>(flat(numbers), oneZero ? zero : spread(zero)),
        spread(scale));
  }
  auto spread = [&](Value value) {
    return g.reshape(value, {rows, blocks, 1, 1});
  };
  return flat(g.binary<onnx::MulOp>(
      g.binary<onnx::SubOp>(numbers, oneZero ? zero : spread(zero)),
      spread(scale)));
}

Refusal decompose(onnx::MSMatMulNBitsOp op, GraphBuilder &g) {
  Type element = g.element(op.getA());
  if (!element.isF32() && !element.isF16() && !element.isBF16())
    return "its operand A must be float32, float16 or bfloat16";
  PackedWeight packed{op.getB(),    op.getScales(),   op.getZeroPoints(),
                      op.getGIdx(), op.getN(),        op.getK(),
                      op.getBits(), op.getBlockSize()};
  if (Refusal refusal = packed.requireBytes(); !refusal.empty())
    return refusal;
  Value result = g.binary<onnx::MatMulOp>(
      op.getA(), g.transpose(packed.unpack(g, element), {1, 0}));
  if (Value bias = op.getBias())
    result = g.binary<onnx::AddOp>(result, bias);
  g.replace(op.getY(), result);
  return {};
}

/// Rows are gathered first, so that no more is unpacked than is used.
Refusal decompose(onnx::MSGatherBlockQuantizedOp op, GraphBuilder &g) {
  Value data = op.getData(), scales = op.getScales();
  int64_t rank = g.rank(data), indexRank = g.rank(op.getIndices());
  if (rank < 1 || indexRank < 0)
    return "the ranks of its operands are not known";
  int64_t gatherAxis = *onnx::normalizeAxis(op.getGatherAxis(), rank);
  int64_t axis = *onnx::normalizeAxis(op.getQuantizeAxis(), rank);
  bool packed = g.element(data).isUnsignedInteger(8);
  int64_t bits = op.getBits(), parts = packed ? 8 / bits : 1;
  if (packed && parts > 1 && gatherAxis == rank - 1)
    return "it gathers along the last axis, in which its data are packed; "
           "export with another gather_axis";
  int64_t size = g.size(data, axis);
  if (ShapedType::isDynamic(size) ||
      (packed && ShapedType::isDynamic(g.size(data, rank - 1))))
    return "the size of its data is not known";
  if (axis == rank - 1)
    size *= parts;
  constexpr int64_t kLongest = int64_t(1) << 24;
  if (size > kLongest)
    return "its rows of " + std::to_string(size) + " elements are too long";
  Type element = g.element(scales), f32 = Float32Type::get(op.getContext());
  if (!isa<FloatType>(element))
    return "the element type of its scales is not known";
  int64_t blocks = llvm::divideCeil(size, op.getBlockSize());
  if (g.rank(scales) != rank || g.size(scales, axis) != blocks)
    return "its scales must have " + std::to_string(blocks) +
           " elements along the axis that is quantized";

  auto gather = [&](Value value) {
    return g.make<onnx::GatherOp>({value, op.getIndices()},
                                  g.attr("axis", gatherAxis));
  };
  int64_t gathered = rank + indexRank - 1;
  int64_t gatheredAxis = axis < gatherAxis ? axis : axis + indexRank - 1;
  // Packed bytes are read from the last dimension, `count` elements of it.
  auto numbersOf = [&](Value value, int64_t count) {
    Value rows = gather(value);
    if (!packed)
      return g.cast(rows, element);
    Value unpacked = unpackBytes(g, rows, bits, f32);
    SmallVector<int64_t> shape(gathered, 0);
    shape.back() = llvm::alignTo(count, parts);
    unpacked = g.reshape(unpacked, shape);
    if (shape.back() != count)
      unpacked = g.slice(unpacked, gathered - 1, 0, count);
    return g.cast(unpacked, element);
  };
  SmallVector<int64_t> block;
  for (int64_t i = 0; i < size; ++i)
    block.push_back(i / op.getBlockSize());
  Value blockOf = g.ints(block);
  auto spread = [&](Value value) {
    return g.make<onnx::GatherOp>({value, blockOf},
                                  g.attr("axis", gatheredAxis));
  };
  int64_t columns = g.size(data, rank - 1) * parts;
  Value numbers = numbersOf(data, columns);
  if (Value zeros = op.getZeroPoints()) {
    int64_t count = axis == rank - 1 ? blocks : columns;
    numbers = g.binary<onnx::SubOp>(numbers, spread(numbersOf(zeros, count)));
  } else if (packed) {
    numbers =
        g.binary<onnx::SubOp>(numbers, g.number(element, 1 << (bits - 1)));
  }
  g.replace(op.getOutput(),
            g.binary<onnx::MulOp>(numbers, spread(gather(scales))));
  return {};
}

} // namespace blockattn
