//===- DeviceMath.cpp - functions of a library for kernels ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bitcode is in the compiler, which needs no file of a toolkit or of
// libclc when it runs. CutDeviceMath.cpp made it when the compiler was built.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/DeviceMath.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace llvm;

static constexpr unsigned char bitcode[] = {
#include "compiler/Emit/DeviceMath.inc"
};

Error blockattn::linkDeviceMath(Module &kernels) {
  bool calls = any_of(kernels, [](const Function &function) {
    return function.isDeclaration() && !function.isIntrinsic() &&
           !function.use_empty();
  });
  if (!calls)
    return Error::success();
  MemoryBufferRef buffer(
      StringRef(reinterpret_cast<const char *>(bitcode), sizeof(bitcode)),
      "DeviceMath.bc");
  auto library = parseBitcodeFile(buffer, kernels.getContext());
  if (!library)
    return library.takeError();
  (*library)->setTargetTriple(kernels.getTargetTriple());
  (*library)->setDataLayout(kernels.getDataLayout());
  auto internalise = [](Module &module, const StringSet<> &linked) {
    internalizeModule(module, [&](const GlobalValue &value) {
      return !value.hasName() || !linked.contains(value.getName());
    });
  };
  if (Linker::linkModules(kernels, std::move(*library), Linker::LinkOnlyNeeded,
                          internalise))
    return createStringError("the math functions of f64 can't be linked");
  return Error::success();
}
