//===- Ptx.cpp - kernels to PTX and to machine code -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Ptx.h"

#include "compiler/Emit/DeviceMath.h"
#include "passes/Lower/KernelNames.h"
#include "passes/LowerCuda/CudaChip.h"
#include "passes/LowerCuda/DeviceKernel.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>
#include <thread>

using namespace mlir;

namespace blockattn {

static void initialiseTarget() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
}

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
makeTargetMachine(StringRef chip) {
  initialiseTarget();
  const CudaChip *found = findCudaChip(chip);
  if (!found)
    return llvm::createStringError("there is no architecture '%s'",
                                   chip.str().c_str());
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return llvm::createStringError("this build has no code generator for "
                                   "CUDA: %s",
                                   message.c_str());
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, chip, found->ptx, llvm::TargetOptions(), std::nullopt,
      std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

static std::unique_ptr<llvm::Module> translate(gpu::GPUModuleOp kernels,
                                               llvm::LLVMContext &context) {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  kernels.getContext()->appendDialectRegistry(registry);
  return translateModuleToLLVMIR(kernels, context, "kernels");
}

static void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(module, modules);
}

static std::vector<std::string> nodesOf(LLVM::LLVMFuncOp kernel) {
  std::vector<std::string> nodes;
  if (auto list = kernel->getAttrOfType<ArrayAttr>(kNodesAttr))
    for (auto node : list.getAsRange<StringAttr>())
      nodes.push_back(node.str());
  return nodes;
}

FailureOr<DeviceCode> emitPtx(ModuleOp module, StringRef chip) {
  auto machine = makeTargetMachine(chip);
  if (!machine)
    return module.emitError(llvm::toString(machine.takeError()));
  gpu::GPUModuleOp kernels;
  for (auto found : module.getOps<gpu::GPUModuleOp>())
    kernels = found;
  llvm::LLVMContext context;
  DeviceCode code;
  std::unique_ptr<llvm::Module> translated;
  if (kernels) {
    for (auto func : kernels.getOps<LLVM::LLVMFuncOp>())
      if (func->hasAttr(gpu::GPUDialect::getKernelFuncAttrName()))
        code.kernels.push_back(
            {func.getName().str(), waitsForOthers(func), nodesOf(func)});
    translated = translate(kernels, context);
    if (!translated)
      return kernels.emitError("cannot translate the kernels to LLVM IR; were "
                               "they lowered to the nvvm dialect?");
    kernels.erase();
  } else {
    translated = std::make_unique<llvm::Module>("kernels", context);
  }
  translated->setTargetTriple((*machine)->getTargetTriple());
  translated->setDataLayout((*machine)->createDataLayout());
  if (llvm::Error error = linkDeviceMath(*translated))
    return module.emitError(llvm::toString(std::move(error)));
  for (const llvm::Function &function : *translated)
    if (function.isDeclaration() && !function.isIntrinsic() &&
        !function.use_empty())
      return module.emitError("a kernel calls '")
             << function.getName() << "', which no library has";
  optimise(*translated, **machine);

  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager codegen;
  if ((*machine)->addPassesToEmitFile(codegen, stream, nullptr,
                                      llvm::CodeGenFileType::AssemblyFile))
    return module.emitError("cannot write PTX");
  codegen.run(*translated);
  code.ptx = text.str().str();
  return code;
}

//===----------------------------------------------------------------------===//
// ptxas
//===----------------------------------------------------------------------===//

std::string findPtxas() {
  std::optional<std::string> named = llvm::sys::Process::GetEnv("CUDA_PATH");
  auto in = [](StringRef toolkit) -> std::string {
    SmallString<128> folder(toolkit);
    llvm::sys::path::append(folder, "bin");
    StringRef only[] = {folder.str()};
    auto path = llvm::sys::findProgramByName("ptxas", only);
    return path ? *path : "";
  };
  if (named)
    if (std::string path = in(*named); !path.empty())
      return path;
  if (auto path = llvm::sys::findProgramByName("ptxas"))
    return *path;
  return named ? "" : in("/usr/local/cuda");
}

/// The first lines of what a program had to say.
static std::string firstLines(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return "";
  SmallVector<StringRef> lines;
  (*buffer)->getBuffer().trim().split(lines, '\n');
  if (lines.size() > 5)
    lines.truncate(5);
  return llvm::join(lines, "\n");
}

/// PTX -> cubin for one architecture.
static llvm::Expected<std::vector<char>>
assemble(StringRef ptxas, StringRef source, StringRef chip) {
  SmallString<128> output, messages;
  if (std::error_code ec =
          llvm::sys::fs::createTemporaryFile("blockattn", "cubin", output))
    return llvm::createStringError("can't make a temporary file: %s",
                                   ec.message().c_str());
  llvm::FileRemover removeOutput(output);
  if (std::error_code ec =
          llvm::sys::fs::createTemporaryFile("blockattn", "txt", messages))
    return llvm::createStringError("can't make a temporary file: %s",
                                   ec.message().c_str());
  llvm::FileRemover removeMessages(messages);
  std::string arch = ("-arch=" + chip).str();
  StringRef arguments[] = {ptxas, arch, "-o", output, source};
  std::optional<StringRef> redirects[] = {StringRef(""), messages.str(),
                                          messages.str()};
  std::string problem;
  int status = llvm::sys::ExecuteAndWait(ptxas, arguments, std::nullopt,
                                         redirects, 0, 0, &problem);
  std::string said = firstLines(messages);
  if (status == -1)
    return llvm::createStringError(
        "'%s' can't be run%s%s; --ptxas needs the assembler of the CUDA "
        "toolkit, and --ptxas=none leaves machine code to the driver",
        ptxas.str().c_str(), problem.empty() ? "" : ": ", problem.c_str());
  if (status != 0) {
    std::string why = problem.empty() ? said : problem;
    return llvm::createStringError(
        "'%s' failed for %s with status %d%s%s", ptxas.str().c_str(),
        chip.str().c_str(), status, why.empty() ? "" : ": ", why.c_str());
  }
  auto buffer = llvm::MemoryBuffer::getFile(output);
  if (!buffer)
    return llvm::createStringError("can't read what ptxas wrote: %s",
                                   buffer.getError().message().c_str());
  StringRef bytes = (*buffer)->getBuffer();
  // A cubin is an ELF file.
  if (!bytes.starts_with("\177ELF"))
    return llvm::createStringError(
        "'%s' ended with status 0 but wrote %s for %s; --ptxas needs the "
        "assembler of the CUDA toolkit",
        ptxas.str().c_str(), bytes.empty() ? "nothing" : "no machine code",
        chip.str().c_str());
  return std::vector<char>(bytes.begin(), bytes.end());
}

FailureOr<std::vector<CodeSection>> assemblePtx(Location loc, StringRef ptxas,
                                                StringRef ptx,
                                                ArrayRef<std::string> chips) {
  SmallString<128> source;
  int file;
  if (std::error_code ec =
          llvm::sys::fs::createTemporaryFile("blockattn", "ptx", file, source))
    return emitError(loc) << "can't make a temporary file: " << ec.message();
  llvm::FileRemover removeSource(source);
  {
    llvm::raw_fd_ostream stream(file, /*shouldClose=*/true);
    stream << ptx;
  }
  std::vector<CodeSection> sections(chips.size());
  std::vector<std::string> errors(chips.size());
  auto run = [&](size_t i) {
    auto bytes = assemble(ptxas, source, chips[i]);
    if (bytes)
      sections[i] = {"cubin." + chips[i], std::move(*bytes)};
    else
      errors[i] = llvm::toString(bytes.takeError());
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < chips.size(); ++i)
    threads.emplace_back(run, i);
  if (!chips.empty())
    run(0);
  for (std::thread &thread : threads)
    thread.join();
  for (const std::string &error : errors)
    if (!error.empty())
      return emitError(loc) << error;
  return sections;
}

} // namespace blockattn
