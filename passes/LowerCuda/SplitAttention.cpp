//===- SplitAttention.cpp - memory to share out the keys of attention -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/KernelBuilder.h"
#include "passes/LowerCuda/AttentionEmitter.h"
#include "passes/LowerCuda/CudaChip.h"
#include "passes/LowerCuda/Passes.h"

namespace blockattn {
#define GEN_PASS_DEF_SPLITATTENTION
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

static constexpr int64_t kMostSplits = 64;

static void split(AttentionKernelOp op, const CudaChip &chip) {
  AttentionChoice choice = chooseAttention(op, chip);
  int64_t wanted = choice.residents * chip.multiprocessors;
  KernelBuilder b(op.getLoc(), op);
  Value result = op.getOutputs()[0];
  Value queries = b.dim(result, 1), heads = b.dim(result, 2);
  Value kvHeads = b.dim(op.getKey(), 2);
  Value one = b.index(1);
  // The kernel's own tiles, of rows that are queries times heads of a group.
  Value group = b.div(heads, b.max(kvHeads, one));
  Value tiles = b.ceilDiv(b.mul(queries, group), choice.tileRows);
  Value blocks = b.max(b.mul(tiles, kvHeads), one);
  // No more than run at once: the rest would run alone.
  Value parts = b.div(b.index(wanted), blocks);
  parts = b.min(parts, b.index(kMostSplits));
  // One part needs no memory: it is the result.
  parts = b.mul(parts, b.min(b.sub(parts, one), one));
  Value perRow = b.add(b.dim(result, 3), one);
  Value size = b.mul(b.mul(b.mul(queries, heads), b.dim(result, 0)),
                     b.mul(parts, perRow));
  auto type = MemRefType::get({ShapedType::kDynamic}, b.getF32Type());
  Value memory = memref::AllocOp::create(b, type, size);
  op.getOutputsMutable().append(memory);
}

namespace {
struct SplitAttention
    : public blockattn::impl::SplitAttentionBase<SplitAttention> {
  using SplitAttentionBase::SplitAttentionBase;

  void runOnOperation() override {
    const CudaChip *target = requireCudaChip(getOperation(), chip);
    if (!target)
      return signalPassFailure();
    getOperation().walk([&](AttentionKernelOp op) {
      if (op.getCache() && isa<MemRefType>(op.getQuery().getType()) &&
          !workspaceOf(op))
        split(op, *target);
    });
  }
};
} // namespace
