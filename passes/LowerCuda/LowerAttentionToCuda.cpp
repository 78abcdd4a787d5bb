//===- LowerAttentionToCuda.cpp - picks and builds attention kernels ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionEmitter.h"
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

int64_t blockattn::attentionTileRows(AttentionKernelOp op) {
  return whyNotMma(op) ? simtTileRows() : mmaTileRows(op);
}

namespace {
struct LowerAttentionToCuda
    : public blockattn::impl::LowerAttentionToCudaBase<LowerAttentionToCuda> {
  void runOnOperation() override;
  LogicalResult lower(AttentionKernelOp op);

  SmallVector<Attribute> variants;
};
} // namespace

/// A kernel that does nothing yet.
static gpu::GPUFuncOp makeKernel(AttentionKernelOp op, StringRef variant,
                                 size_t number) {
  auto type = cast<MemRefType>(op.getKey().getType());
  std::string name = "attention_" + std::to_string(number) + "_" +
                     variant.str() + "_d" + std::to_string(type.getDimSize(3));
  gpu::GPUModuleOp module = deviceModule(op->getParentOfType<ModuleOp>());
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  auto kernel =
      gpu::GPUFuncOp::create(b, op.getLoc(), name, b.getFunctionType({}, {}));
  kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  b.setInsertionPointToEnd(&kernel.getBody().front());
  gpu::ReturnOp::create(b, op.getLoc());
  return kernel;
}

LogicalResult LowerAttentionToCuda::lower(AttentionKernelOp op) {
  if (isa<TensorType>(op.getQuery().getType()))
    return op.emitError("attention on tensors cannot become code; bufferize it "
                        "first (--blockattn-bufferize)");
  std::optional<std::string> notMma = whyNotMma(op);
  if (notMma)
    if (std::optional<std::string> why = whyNotSimt(op))
      return op.emitError("no CUDA kernel for this attention: ")
             << *why << "; compile with --target=cpu";
  StringRef variant = notMma ? "simt" : "mma";
  gpu::GPUFuncOp kernel = makeKernel(op, variant, variants.size());
  auto emitter =
      notMma ? makeSimtAttention(op, kernel) : makeMmaAttention(op, kernel);
  emitter->emit();

  if (workspaceOf(op))
    makeAttentionMerge(op, makeKernel(op, "merge", variants.size()))->emit();

  Builder b(op.getContext());
  std::string reason =
      notMma ? *notMma : "16-bit floats and a head size of whole 16 bytes";
  variants.push_back(
      b.getDictionaryAttr({b.getNamedAttr("kernel", kernel.getNameAttr()),
                           b.getNamedAttr("variant", b.getStringAttr(variant)),
                           b.getNamedAttr("reason", b.getStringAttr(reason))}));
  op.erase();
  return success();
}

void LowerAttentionToCuda::runOnOperation() {
  variants.clear();
  SmallVector<AttentionKernelOp> ops;
  getOperation().walk([&](AttentionKernelOp op) { ops.push_back(op); });
  bool failed = false;
  for (AttentionKernelOp op : ops)
    if (mlir::failed(lower(op)))
      failed = true;
  if (failed)
    return signalPassFailure();
  if (!variants.empty())
    getOperation()->setAttr("blockattn.attention_variants",
                            ArrayAttr::get(&getContext(), variants));
}
