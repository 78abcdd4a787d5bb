//===- Object.cpp - the llvm dialect to machine code ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Object.h"
#include "compiler/Emit/HalfFloat.h"
#include "compiler/Emit/Link.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

#include <mutex>
#include <thread>

using namespace mlir;

namespace blockattn {

/// Larger host functions than this are not worth an optimiser's time: they
/// call kernels, one after the other.
static constexpr unsigned kHostInstructions = 20000;

std::vector<std::string> cpuLevels() {
  llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  if (triple.isX86_64())
    return {"x86-64", "x86-64-v3", "x86-64-v4"};
  return {triple.getArchName().str()};
}

/// The name of a level's processor in LLVM.
static std::string cpuOf(StringRef level, const llvm::Triple &triple) {
  if (!triple.isX86_64())
    return "generic";
  return level == "x86-64" ? "x86-64-v2" : level.str();
}

static void initialiseTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
}

/// The module in LLVM's own form.
static std::unique_ptr<llvm::Module> translate(ModuleOp module,
                                               llvm::LLVMContext &context) {
  MLIRContext *mlirContext = module.getContext();
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  mlirContext->appendDialectRegistry(registry);
  std::unique_ptr<llvm::Module> result =
      translateModuleToLLVMIR(module, context, "blockattn");
  if (!result)
    module.emitError("cannot translate the program to LLVM IR; was it lowered "
                     "to the llvm dialect?");
  return result;
}

LogicalResult emitLlvmIr(ModuleOp module, llvm::raw_ostream &os) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> translated = translate(module, context);
  if (!translated)
    return failure();
  translated->print(os, nullptr);
  return success();
}

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
makeTargetMachine(StringRef level, unsigned optimisation) {
  llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return llvm::createStringError("no code generator for this machine: %s",
                                   message.c_str());
  llvm::TargetOptions options;
  options.FunctionSections = true;
  auto generation = optimisation == 0 ? llvm::CodeGenOptLevel::None
                                      : llvm::CodeGenOptLevel::Default;
  std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(triple, cpuOf(level, triple), "", options,
                                  llvm::Reloc::PIC_, std::nullopt, generation));
  if (!machine)
    return llvm::createStringError("no code generator for '%s'",
                                   level.str().c_str());
  return machine;
}

/// What applies to all functions of a level.
static void setAttributes(llvm::Module &module, StringRef level) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr(llvm::Attribute::NoUnwind);
    // Kernels are written in vectors of 512 bits; without this they would be
    // cut in two.
    if (level == "x86-64-v4")
      function.addFnAttr("prefer-vector-width", "512");
    if (function.getInstructionCount() > kHostInstructions) {
      function.addFnAttr(llvm::Attribute::NoInline);
      function.addFnAttr(llvm::Attribute::OptimizeNone);
    }
  }
}

static void optimise(llvm::Module &module, llvm::TargetMachine &machine,
                     unsigned level) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = level >= 2;
  tuning.SLPVectorization = level >= 2;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  const llvm::OptimizationLevel levels[] = {
      llvm::OptimizationLevel::O0, llvm::OptimizationLevel::O1,
      llvm::OptimizationLevel::O2, llvm::OptimizationLevel::O3};
  llvm::OptimizationLevel chosen = levels[std::min(level, 3u)];
  llvm::ModulePassManager passes =
      level == 0 ? builder.buildO0DefaultPipeline(chosen)
                 : builder.buildPerModuleDefaultPipeline(chosen);
  passes.run(module, modules);
}

/// Code may call libc and libm only: the runtime offers nothing else by name.
static llvm::Error checkUndefined(const llvm::Module &module) {
  llvm::TargetLibraryInfoImpl libraryImpl(module.getTargetTriple());
  llvm::TargetLibraryInfo library(libraryImpl);
  for (const llvm::Function &function : module) {
    llvm::LibFunc known;
    if (function.isDeclaration() && !function.isIntrinsic() &&
        !function.use_empty() && !library.getLibFunc(function.getName(), known))
      return llvm::createStringError(
          "the generated code calls '%s', which the runtime does not have",
          function.getName().str().c_str());
  }
  return llvm::Error::success();
}

/// One level: bitcode -> shared object.
static llvm::Expected<std::vector<char>>
compileLevel(llvm::MemoryBufferRef bitcode, StringRef level,
             unsigned optimisation) {
  llvm::LLVMContext context;
  auto module = llvm::parseBitcodeFile(bitcode, context);
  if (!module)
    return module.takeError();
  auto machine = makeTargetMachine(level, optimisation);
  if (!machine)
    return machine.takeError();
  (*module)->setTargetTriple((*machine)->getTargetTriple());
  (*module)->setDataLayout((*machine)->createDataLayout());
  if (llvm::Error error = checkUndefined(**module))
    return error;
  if (llvm::Error error = addHalfFloatConversions(**module))
    return error;
  setAttributes(**module, level);
  optimise(**module, **machine, optimisation);

  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager codegen;
  if ((*machine)->addPassesToEmitFile(codegen, stream, nullptr,
                                      llvm::CodeGenFileType::ObjectFile))
    return llvm::createStringError("cannot write objects for '%s'",
                                   level.str().c_str());
  codegen.run(**module);
  return linkSharedObject(object);
}

FailureOr<std::vector<CodeSection>>
emitCpuObjects(ModuleOp module, const ObjectOptions &options) {
  initialiseTargets();
  std::vector<std::string> known = cpuLevels();
  std::vector<std::string> levels =
      options.levels.empty() ? known : options.levels;
  for (const std::string &level : levels)
    if (!llvm::is_contained(known, level))
      return module.emitError("cannot compile for the processor '")
             << level << "'; this compiler knows " << llvm::join(known, ", ");

  // Each level has a copy, so that levels compile side by side.
  llvm::SmallVector<char, 0> bitcode;
  {
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> translated = translate(module, context);
    if (!translated)
      return failure();
    llvm::raw_svector_ostream stream(bitcode);
    llvm::WriteBitcodeToFile(*translated, stream);
  }
  llvm::MemoryBufferRef buffer(StringRef(bitcode.data(), bitcode.size()),
                               "blockattn");

  std::vector<std::string> errors(levels.size());
  std::vector<CodeSection> sections(levels.size());
  auto compile = [&](size_t i) {
    auto bytes = compileLevel(buffer, levels[i], options.optimisation);
    if (!bytes) {
      errors[i] = llvm::toString(bytes.takeError());
      return;
    }
    sections[i] = {"code." + levels[i], std::move(*bytes)};
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < levels.size(); ++i)
    threads.emplace_back(compile, i);
  compile(0);
  for (std::thread &thread : threads)
    thread.join();
  for (const std::string &error : errors)
    if (!error.empty())
      return module.emitError(error);
  return sections;
}

} // namespace blockattn
