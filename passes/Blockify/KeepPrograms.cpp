//===- KeepPrograms.cpp - the programs that were asked for ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Passes.h"
#include "passes/Blockify/Programs.h"

namespace blockattn {
#define GEN_PASS_DEF_KEEPPROGRAMS
#include "passes/Blockify/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

struct KeepPrograms : blockattn::impl::KeepProgramsBase<KeepPrograms> {
  using KeepProgramsBase::KeepProgramsBase;

  void runOnOperation() override {
    if (programs.empty())
      return;
    for (const std::string &name : programs)
      if (!findProgram(getOperation(), name)) {
        getOperation().emitError("there is no program `")
            << name << "` to keep";
        return signalPassFailure();
      }
    for (auto func :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (auto name = func->getAttrOfType<StringAttr>(kProgramAttr);
          name && !llvm::is_contained(programs, name.getValue()))
        func.erase();
  }
};

} // namespace
