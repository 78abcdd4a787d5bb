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

/// A rotation between which and the key something stands that moves elements:
/// the query of another place can't be turned by it.
static RotaryOp findHiddenRotary(Value key) {
  while (Operation *def = key.getDefiningOp()) {
    if (auto rotary = dyn_cast<RotaryOp>(def))
      return rotary;
    if (!isa<onnx::CastOp, onnx::ExpandOp, onnx::ReshapeOp, onnx::SqueezeOp,
             onnx::TransposeOp, onnx::UnsqueezeOp>(def))
      return {};
    key = def->getOperand(0);
  }
  return {};
}

namespace {

struct DeriveExtend : blockattn::impl::DeriveExtendBase<DeriveExtend> {
  void runOnOperation() override {
    FailureOr<func::FuncOp> derived = deriveOneBlock(getOperation(), "extend");
    if (failed(derived))
      return signalPassFailure();
    func::FuncOp func = *derived;
    if (!func)
      return;
    BlockArgument cache = addArg(func, KVType::get(&getContext()), "kv", "kv");
    auto kv = getOperation()->getAttrOfType<DictionaryAttr>(kKvAttr);
    auto anywhere =
        kv ? kv.getAs<BoolAttr>("position_independent") : BoolAttr();
    bool failed = false;
    func.walk([&](AttentionOp op) {
      op.getCacheMutable().assign(cache);
      if (auto rotary = op.getKey().getDefiningOp<RotaryOp>()) {
        // The query was scaled when it was rotated to its own position.
        RotaryAttr rope = rotary.getRope();
        op.setQueryRotaryAttr(RotaryAttr::get(&getContext(), rope.getInvFreq(),
                                              rope.getInterleaved(), 1.0));
      } else if (RotaryOp hidden = findHiddenRotary(op.getKey());
                 hidden && (!anywhere || anywhere.getValue())) {
        InFlightDiagnostic diag =
            op.emitError("the keys are not as their rotation left them, so the "
                         "query can't be turned to where a cached block "
                         "stands; compile without `extend` (--programs)");
        diag.attachNote(hidden.getLoc()) << "they were rotated here";
        failed = true;
      }
    });
    if (failed)
      return signalPassFailure();
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
