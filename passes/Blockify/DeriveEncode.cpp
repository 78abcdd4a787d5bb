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
    FailureOr<func::FuncOp> derived = deriveOneBlock(getOperation(), "encode");
    if (failed(derived))
      return signalPassFailure();
    func::FuncOp func = *derived;
    if (!func)
      return;
    SmallVector<ProgramResult> results;
    appendKvResults(func, results);
    setResults(func, results);
    eraseDeadOps(func);
  }
};

} // namespace
