//===- DeriveExtend.cpp - tokens after cached blocks ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Passes.h"
#include "passes/Blockify/Programs.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"

namespace blockattn {
#define GEN_PASS_DEF_DERIVEEXTEND
#include "passes/Blockify/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

struct DeriveExtend : blockattn::impl::DeriveExtendBase<DeriveExtend> {
  void runOnOperation() override {
    func::FuncOp block = findProgram(getOperation(), "block");
    if (!block || fixedLength(block) || block->hasAttr(kWholePromptsAttr))
      return;
    if (failed(checkBlockProgram(block)))
      return signalPassFailure();
    func::FuncOp func = cloneProgram(block, "extend");
    makeOneBlock(func);
    BlockArgument cache = addArg(func, KVType::get(&getContext()), "kv", "kv");
    func.walk([&](AttentionOp op) {
      op.getCacheMutable().assign(cache);
      if (auto rotary = op.getKey().getDefiningOp<RotaryOp>()) {
        // The query was scaled when it was rotated to its own position.
        RotaryAttr rope = rotary.getRope();
        op.setQueryRotaryAttr(RotaryAttr::get(&getContext(), rope.getInvFreq(),
                                              rope.getInterleaved(), 1.0));
      }
    });
    SmallVector<ProgramResult> results;
    for (ProgramResult &result : getResults(func))
      if (auto role = dyn_cast_or_null<StringAttr>(result.attrs.get(kRoleAttr));
          !role || !role.getValue().starts_with("present_"))
        results.push_back(result);
    appendKvResults(func, results);
    setResults(func, results);
    eraseDeadOps(func);
  }
};

} // namespace
