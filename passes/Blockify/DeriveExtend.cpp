//===- DeriveExtend.cpp - tokens after cached blocks ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Passes.h"
#include "passes/Blockify/Programs.h"

#include "dialects/BlockAttn/BlockAttn.h"

#include "llvm/ADT/BitVector.h"

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
    if (!block)
      return;
    func::FuncOp func = cloneProgram(block, "extend");
    BlockArgument cache =
        addArg(func, KVType::get(&getContext()), "kv", "kv");
    func.walk([&](AttentionOp op) {
      op.getLayoutMutable().clear();
      op.getCacheMutable().assign(cache);
      // The new tokens' own mask is all ones in this program, and a mask
      // over them says nothing of the cached ones.
      if (auto rotary = op.getKey().getDefiningOp<RotaryOp>()) {
        // The query has been scaled where it was rotated to its own position.
        RotaryAttr rope = rotary.getRope();
        op.setQueryRotaryAttr(RotaryAttr::get(&getContext(), rope.getInvFreq(),
                                              rope.getInterleaved(), 1.0));
      }
    });
    BitVector dead(func.getNumArguments());
    dead.set(findArg(func, "layout").getArgNumber());
    eraseArgs(func, dead);
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
