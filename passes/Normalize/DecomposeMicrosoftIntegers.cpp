//===- DecomposeMicrosoftIntegers.cpp - products of bytes -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// They become the ops that ONNX Runtime's optimizer made them of, for
// `--blockattn-decompose-composite` to take from there.
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/DecomposeComposite.h"
#include "passes/Normalize/DecomposeMicrosoft.h"

using namespace mlir;

namespace blockattn {

namespace {
/// Bytes, and how to read them. The zero point may be null.
struct Quantized {
  Value bytes, scale, zero;
};
} // namespace

static Refusal multiply(GraphBuilder &g, Quantized a, Quantized b, Value bias,
                        Value result) {
  for (Value value : {a.bytes, b.bytes, a.scale, b.scale})
    if (g.rank(value) < 0)
      return "the ranks of its operands are not known";
  Type element = g.element(b.scale);
  if (!isa<FloatType>(element))
    return "the element type of its scales is not known";
  Value scale = productScale(g, a.bytes, a.scale, b.bytes, b.scale);
  if (!scale)
    return kVectorScale;
  Value sums =
      g.make<onnx::MatMulIntegerOp>({a.bytes, b.bytes, a.zero, b.zero});
  Value y = g.binary<onnx::MulOp>(g.cast(sums, element), scale);
  g.replace(result, bias ? g.binary<onnx::AddOp>(y, bias) : y);
  return {};
}

Refusal decompose(onnx::MSMatMulIntegerToFloatOp op, GraphBuilder &g) {
  return multiply(g, {op.getA(), op.getAScale(), op.getAZeroPoint()},
                  {op.getB(), op.getBScale(), op.getBZeroPoint()}, op.getBias(),
                  op.getY());
}

Refusal decompose(onnx::MSDynamicQuantizeMatMulOp op, GraphBuilder &g) {
  SmallVector<Value> a =
      g.makeAll<onnx::DynamicQuantizeLinearOp>(op.getA(), {}, 3);
  return multiply(g, {a[0], a[1], a[2]},
                  {op.getB(), op.getBScale(), op.getBZeroPoint()}, op.getBias(),
                  op.getY());
}

} // namespace blockattn
