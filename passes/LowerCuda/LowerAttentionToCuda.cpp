//===- LowerAttentionToCuda.cpp - picks and builds attention kernels ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/KernelNames.h"
#include "passes/LowerCuda/AttentionEmitter.h"
#include "passes/LowerCuda/CudaChip.h"
#include "passes/LowerCuda/DeviceKernel.h"
#include "passes/LowerCuda/Passes.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace blockattn {
#define GEN_PASS_DEF_LOWERATTENTIONTOCUDA
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

AttentionChoice blockattn::chooseAttention(AttentionKernelOp op,
                                           const CudaChip &chip) {
  std::optional<std::string> notMma = whyNotMma(op);
  if (notMma) {
    if (std::optional<std::string> why = whyNotSimt(op))
      return {AttentionVariant::None, *why, 1, 1};
    return {AttentionVariant::Simt, *notMma, simtTileRows(op, chip), 2};
  }
  std::optional<std::string> notWgmma = whyNotWgmma(op);
  if (!notWgmma && !chip.hasWgmma)
    notWgmma = chip.name.str() + " has none; --target=cuda:sm_90a, for Hopper "
                                 "alone, gives it";
  if (notWgmma)
    return {AttentionVariant::Mma,
            "16-bit floats and a head size of whole 16 bytes; not wgmma: " +
                *notWgmma,
            mmaTileRows(op), 2};
  return {AttentionVariant::Wgmma,
          "16-bit floats and a head size of whole 32 bytes on sm_90a",
          wgmmaTileRows(op), 1};
}

static StringRef nameOf(AttentionVariant variant) {
  switch (variant) {
  case AttentionVariant::Wgmma:
    return "wgmma";
  case AttentionVariant::Mma:
    return "mma";
  case AttentionVariant::Simt:
    return "simt";
  case AttentionVariant::None:
    break;
  }
  llvm_unreachable("no kernel to name");
}

static std::unique_ptr<AttentionEmitter> makeEmitter(AttentionVariant variant,
                                                     AttentionKernelOp op,
                                                     gpu::GPUFuncOp kernel,
                                                     const CudaChip &chip) {
  if (variant == AttentionVariant::Wgmma)
    return makeWgmmaAttention(op, kernel);
  if (variant == AttentionVariant::Mma)
    return makeMmaAttention(op, kernel, chip);
  return makeSimtAttention(op, kernel, chip);
}

namespace {
struct LowerAttentionToCuda
    : public blockattn::impl::LowerAttentionToCudaBase<LowerAttentionToCuda> {
  using LowerAttentionToCudaBase::LowerAttentionToCudaBase;
  void runOnOperation() override;
  LogicalResult lower(AttentionKernelOp op, const CudaChip &chip);

  SmallVector<Attribute> variants;
};
} // namespace

/// A kernel that does nothing yet.
static gpu::GPUFuncOp makeKernel(AttentionKernelOp op, StringRef variant,
                                 size_t number) {
  auto type = cast<MemRefType>(op.getKey().getType());
  std::string name = "attention_" + std::to_string(number) + "_" +
                     variant.str() + "_d" + std::to_string(type.getDimSize(3)) +
                     nodeSuffix(op);
  gpu::GPUModuleOp module = deviceModule(op->getParentOfType<ModuleOp>());
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  auto kernel =
      gpu::GPUFuncOp::create(b, op.getLoc(), name, b.getFunctionType({}, {}));
  kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  b.setInsertionPointToEnd(&kernel.getBody().front());
  gpu::ReturnOp::create(b, op.getLoc());
  return kernel;
}

LogicalResult LowerAttentionToCuda::lower(AttentionKernelOp op,
                                          const CudaChip &chip) {
  if (isa<TensorType>(op.getQuery().getType()))
    return op.emitError("attention on tensors cannot become code; bufferize it "
                        "first (--blockattn-bufferize)");
  AttentionChoice choice = chooseAttention(op, chip);
  if (choice.variant == AttentionVariant::None)
    return op.emitError("no CUDA kernel for this attention: ")
           << choice.reason << "; compile with --target=cpu";
  StringRef variant = nameOf(choice.variant);
  gpu::GPUFuncOp kernel = makeKernel(op, variant, variants.size());
  makeEmitter(choice.variant, op, kernel, chip)->emit();

  if (workspaceOf(op))
    makeAttentionMerge(op, makeKernel(op, "merge", variants.size()))->emit();

  Builder b(op.getContext());
  variants.push_back(b.getDictionaryAttr(
      {b.getNamedAttr("kernel", kernel.getNameAttr()),
       b.getNamedAttr("variant", b.getStringAttr(variant)),
       b.getNamedAttr("reason", b.getStringAttr(choice.reason))}));
  op.erase();
  return success();
}

void LowerAttentionToCuda::runOnOperation() {
  variants.clear();
  const CudaChip *target = requireCudaChip(getOperation(), chip);
  if (!target)
    return signalPassFailure();
  SmallVector<AttentionKernelOp> ops;
  getOperation().walk([&](AttentionKernelOp op) { ops.push_back(op); });
  bool failed = false;
  for (AttentionKernelOp op : ops)
    if (mlir::failed(lower(op, *target)))
      failed = true;
  if (failed)
    return signalPassFailure();
  if (!variants.empty())
    getOperation()->setAttr("blockattn.attention_variants",
                            ArrayAttr::get(&getContext(), variants));
}
