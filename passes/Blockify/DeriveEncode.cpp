//===- DeriveEncode.cpp - the tokens of one block to its KV ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Passes.h"
#include "passes/Blockify/Programs.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"

namespace blockattn {
#define GEN_PASS_DEF_DERIVEENCODE
#include "passes/Blockify/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

struct DeriveEncode : blockattn::impl::DeriveEncodeBase<DeriveEncode> {
  void runOnOperation() override {
    func::FuncOp block = findProgram(getOperation(), "block");
    if (!block || fixedLength(block) || block->hasAttr(kWholePromptsAttr))
      return;
    if (failed(checkBlockProgram(block)))
      return signalPassFailure();
    func::FuncOp func = cloneProgram(block, "encode");
    makeOneBlock(func);
    SmallVector<ProgramResult> results;
    appendKvResults(func, results);
    setResults(func, results);
    eraseDeadOps(func);
  }
};

} // namespace
