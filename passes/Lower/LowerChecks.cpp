//===- LowerChecks.cpp - checks to calls that report a failure ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/KernelBuilder.h"
#include "passes/Lower/Passes.h"
#include "passes/Lower/RuntimeCalls.h"

namespace blockattn {
#define GEN_PASS_DEF_LOWERCHECKS
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
struct LowerChecks : public blockattn::impl::LowerChecksBase<LowerChecks> {
  void runOnOperation() override {
    SmallVector<CheckOp> checks;
    getOperation().walk([&](CheckOp op) { checks.push_back(op); });
    for (CheckOp op : checks)
      lower(op);
    if (!checks.empty())
      declareRuntimeCall(getOperation(), RuntimeCall::Fail);
  }

private:
  void lower(CheckOp op);
};
} // namespace

void LowerChecks::lower(CheckOp op) {
  Value exec = execOf(op->getParentOfType<func::FuncOp>());
  KernelBuilder b(op.getLoc(), op);
  Value yes = arith::ConstantOp::create(b, b.getBoolAttr(true));
  Value violated = arith::XOrIOp::create(b, op.getCondition(), yes);
  b.when(violated, [&] {
    func::CallOp::create(
        b, runtimeCallName(RuntimeCall::Fail), TypeRange(),
        ValueRange{exec, b.i32(op.getCode()),
                   messageAddress(b, getOperation(), op.getMessage())});
  });
  op.erase();
}
