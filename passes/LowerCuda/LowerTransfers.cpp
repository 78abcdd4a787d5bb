//===- LowerTransfers.cpp - copies and fills to calls ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/KernelBuilder.h"
#include "passes/Lower/RuntimeCalls.h"
#include "passes/Lower/StridedMemory.h"
#include "passes/LowerCuda/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"

namespace blockattn {
#define GEN_PASS_DEF_LOWERTRANSFERS
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
struct LowerTransfers : blockattn::impl::LowerTransfersBase<LowerTransfers> {
  void runOnOperation() override;
};

/// Bytes that a fill repeats.
struct FillPattern {
  uint32_t bits;
  unsigned bytes;
};
} // namespace

static bool isRowMajor(Value memref) {
  return cast<MemRefType>(memref.getType()).getLayout().isIdentity();
}

static std::optional<FillPattern> patternOf(Value value) {
  Attribute attr;
  if (!matchPattern(value, m_Constant(&attr)))
    return std::nullopt;
  APInt bits;
  if (auto number = dyn_cast<FloatAttr>(attr))
    bits = number.getValue().bitcastToAPInt();
  else if (auto number = dyn_cast<IntegerAttr>(attr))
    bits = number.getValue();
  else
    return std::nullopt;
  unsigned bytes = elementBytes(value.getType());
  if (bytes <= 4)
    return FillPattern{static_cast<uint32_t>(bits.getZExtValue()), bytes};
  // Wider ones when their halves are alike.
  if (bits.isZero() || bits.isAllOnes())
    return FillPattern{
        static_cast<uint32_t>(bits.extractBitsAsZExtValue(32, 0)), 4};
  return std::nullopt;
}

void LowerTransfers::runOnOperation() {
  ModuleOp module = getOperation();
  for (auto func : module.getOps<func::FuncOp>()) {
    if (func.isDeclaration())
      continue;
    for (Operation &op : llvm::make_early_inc_range(func.getBody().front())) {
      KernelBuilder b(op.getLoc(), &op);
      if (auto copy = dyn_cast<memref::CopyOp>(op)) {
        if (!isRowMajor(copy.getSource()) || !isRowMajor(copy.getTarget()))
          continue;
        Value bytes = byteCount(b, copy.getSource());
        Value from = pointerTo(b, copy.getSource());
        Value to = pointerTo(b, copy.getTarget());
        declareRuntimeCall(module, RuntimeCall::Copy);
        func::CallOp::create(b, runtimeCallName(RuntimeCall::Copy), TypeRange(),
                             ValueRange{execOf(func), to, from, bytes});
        copy.erase();
      } else if (auto fill = dyn_cast<linalg::FillOp>(op)) {
        Value output = fill.getOutputs()[0];
        if (!isa<MemRefType>(output.getType()) || !isRowMajor(output))
          continue;
        std::optional<FillPattern> pattern = patternOf(fill.getInputs()[0]);
        if (!pattern)
          continue;
        Value bytes = byteCount(b, output);
        Value size =
            arith::ConstantOp::create(b, b.getI64IntegerAttr(pattern->bytes));
        Value count = b.createOrFold<arith::DivUIOp>(bytes, size);
        declareRuntimeCall(module, RuntimeCall::Fill);
        func::CallOp::create(
            b, runtimeCallName(RuntimeCall::Fill), TypeRange(),
            ValueRange{execOf(func), pointerTo(b, output),
                       b.i32(static_cast<int32_t>(pattern->bits)),
                       b.i32(pattern->bytes), count});
        fill.erase();
      }
    }
  }
}
