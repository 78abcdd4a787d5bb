//===- CutDeviceMath.cpp - the part of libclc that kernels call -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   blockattn-cut-device-math LIBCLC.bc OUTPUT.bc OUTPUT.inc
//
// Runs when the compiler is built. Of libclc it leaves the functions of
// DeviceFunctions.def, free of what ties them to a target, as bitcode and as
// the bytes of a C array.
//
//===----------------------------------------------------------------------===//

#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include "llvm/Transforms/IPO/StripDeadPrototypes.h"

using namespace llvm;

static constexpr StringLiteral functions[] = {
#define BLOCKATTN_DEVICE_FUNCTION(OP, NAME) #NAME,
#include "passes/LowerCuda/DeviceFunctions.def"
};

static int fail(const Twine &message) {
  errs() << "error: " << message << "\n";
  return 1;
}

static void keepFunctions(Module &module) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functionAnalyses;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functionAnalyses);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functionAnalyses, components, modules);
  ModulePassManager passes;
  passes.addPass(InternalizePass([](const GlobalValue &value) {
    return is_contained(functions, value.getName());
  }));
  passes.addPass(GlobalDCEPass());
  passes.addPass(StripDeadPrototypesPass());
  passes.run(module, modules);
}

/// libclc converts numbers that no integer can hold and expects the nearest
/// one, an index into a table among them; in LLVM IR that is undefined but for
/// `fptosi.sat`, whose result for no number is 0. Products that may be fused
/// with a sum are, as the device would do it.
static void defineArithmetic(Function &function) {
  for (Instruction &instruction :
       make_early_inc_range(instructions(function))) {
    IRBuilder<> b(&instruction);
    Value *value = nullptr;
    if (auto *convert = dyn_cast<FPToSIInst>(&instruction)) {
      value = b.CreateIntrinsic(Intrinsic::fptosi_sat,
                                {convert->getDestTy(), convert->getSrcTy()},
                                {convert->getOperand(0)});
    } else if (auto *call = dyn_cast<IntrinsicInst>(&instruction);
               call && call->getIntrinsicID() == Intrinsic::fmuladd) {
      value = b.CreateIntrinsic(Intrinsic::fma, {call->getType()},
                                {call->getArgOperand(0), call->getArgOperand(1),
                                 call->getArgOperand(2)});
    } else {
      continue;
    }
    instruction.replaceAllUsesWith(value);
    instruction.eraseFromParent();
  }
}

/// A function with other features than its caller's isn't inlined.
static void forgetTarget(Module &module) {
  for (Function &function : module)
    for (StringRef name : {"target-cpu", "target-features", "frame-pointer",
                           "no-trapping-math", "stack-protector-buffer-size"})
      function.removeFnAttr(name);
  SmallVector<NamedMDNode *> metadata(
      make_pointer_range(module.named_metadata()));
  for (NamedMDNode *node : metadata)
    node->eraseFromParent();
}

static std::error_code writeFile(StringRef path, StringRef contents) {
  std::error_code ec;
  ToolOutputFile file(path, ec, sys::fs::OF_None);
  if (ec)
    return ec;
  file.os() << contents;
  file.keep();
  return {};
}

int main(int argc, char **argv) {
  if (argc != 4)
    return fail("usage: blockattn-cut-device-math LIBCLC.bc OUTPUT.bc "
                "OUTPUT.inc");
  LLVMContext context;
  SMDiagnostic problem;
  std::unique_ptr<Module> module = parseIRFile(argv[1], problem, context);
  if (!module) {
    problem.print("blockattn-cut-device-math", errs());
    return 1;
  }
  for (StringRef name : functions) {
    Function *function = module->getFunction(name);
    if (!function || function->isDeclaration())
      return fail(Twine(argv[1]) + " has no function '" + name +
                  "'; libclc 22 has it");
  }
  keepFunctions(*module);
  for (Function &function : *module) {
    if (function.isDeclaration() && !function.isIntrinsic())
      return fail(Twine(argv[1]) + " calls '" + function.getName() +
                  "', which it hasn't; libclc 22's nvptx64--.bc is complete");
    defineArithmetic(function);
  }
  forgetTarget(*module);
  if (verifyModule(*module, &errs()))
    return fail(Twine(argv[1]) + " can't be cut");

  SmallString<0> bitcode;
  raw_svector_ostream stream(bitcode);
  WriteBitcodeToFile(*module, stream);
  std::string bytes;
  raw_string_ostream list(bytes);
  for (size_t i = 0; i < bitcode.size(); ++i)
    list << unsigned(static_cast<unsigned char>(bitcode[i]))
         << (i % 20 == 19 ? ",\n" : ",");
  if (std::error_code ec = writeFile(argv[2], bitcode))
    return fail(Twine("can't write ") + argv[2] + ": " + ec.message());
  if (std::error_code ec = writeFile(argv[3], bytes))
    return fail(Twine("can't write ") + argv[3] + ": " + ec.message());
  return 0;
}
