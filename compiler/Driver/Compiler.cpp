//===- Compiler.cpp - compiles a model, as a library ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Compiler.h"

#include "compiler/Driver/Phases.h"
#include "compiler/Emit/Artifact.h"
#include "compiler/Emit/Json.h"
#include "compiler/Emit/Manifest.h"
#include "compiler/Emit/Object.h"
#include "compiler/Emit/Ptx.h"
#include "compiler/Emit/Weights.h"
#include "compiler/Import/Import.h"
#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/Weights.h"
#include "passes/Lower/Passes.h"
#include "runtime/include/blockattn/artifact_format.h"
#include "runtime/include/blockattn/blockattn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

namespace blockattn {

Compiler::Compiler(MLIRContext &context, CompileOptions options)
    : context(context), options(std::move(options)) {
  // Messages speak of nodes of the model, not of operations of the IR.
  context.printOpOnDiagnostic(false);
}

void Compiler::registerDialects(DialectRegistry &registry) {
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registry.insert<BlockAttnDialect, onnx::OnnxDialect>();
  registerLowerExternalModels(registry);
}

LogicalResult Compiler::error(const Twine &message) {
  return emitError(UnknownLoc::get(&context)) << message;
}

static const StringLiteral programNames[] = {"full", "block", "encode",
                                             "extend"};

LogicalResult Compiler::checkOptions() {
  llvm::Expected<Target> parsed = parseTarget(options.target);
  if (!parsed)
    return error(llvm::toString(parsed.takeError()));
  target = std::move(*parsed);
  if (options.emit == EmitKind::Ptx && !target.cuda)
    return error("--emit=ptx is for --target=cuda; the code for target cpu is "
                 "shown by --emit=llvm");
  if (!options.ptxas.empty() && !target.cuda)
    return error("--ptxas is for --target=cuda; the target is " +
                 options.target);
  if (options.dtype != "f32" && options.dtype != "bf16" &&
      options.dtype != "f16")
    return error("--dtype=" + options.dtype +
                 " is not known; use f32, bf16 or f16");
  for (const std::string &program : options.programs) {
    if (program == "train")
      return error("the program 'train' is not supported by this build; use "
                   "full, block, encode and extend");
    if (!llvm::is_contained(programNames, program))
      return error("there is no program '" + program +
                   "'; the programs are full, block, encode and extend");
  }
  if (options.sinkPlacement != "block" && options.sinkPlacement != "prefix")
    return error("--sink-placement=" + options.sinkPlacement +
                 " is not known; use block or prefix");
  if (options.sinkPlacement != "block" && options.sinks == 0)
    return error("--sink-placement=" + options.sinkPlacement +
                 " says where sinks go, but there are none; give --sinks=N");
  if (!options.compileTo.empty() && !findPhase(options.compileTo)) {
    std::string names;
    for (const Phase &phase : getPhases())
      names += (names.empty() ? "" : ", ") + phase.name.str();
    return error("--compile-to=" + options.compileTo +
                 " names no phase; the phases are " + names);
  }
  return success();
}

LogicalResult Compiler::load(StringRef path) {
  modelPath = path.str();
  Timer timer(*this, "import");
  if (path.ends_with(".mlir")) {
    module = parseSourceFile<ModuleOp>(path, &context);
    return success(static_cast<bool>(module));
  }
  ImportOptions import;
  import.allowOutsideData = options.allowOutsideData;
  module = importModel(&context, path, import);
  return success(static_cast<bool>(module));
}

LogicalResult Compiler::dump(const Phase &phase, unsigned number) {
  if (options.dumpPhases.empty())
    return success();
  if (std::error_code ec =
          llvm::sys::fs::create_directories(options.dumpPhases))
    return error("can't make the folder '" + options.dumpPhases +
                 "' of --dump-phases: " + ec.message());
  SmallString<128> path(options.dumpPhases);
  llvm::sys::path::append(path, Twine(number) + "-" + phase.name + ".mlir");
  std::error_code ec;
  llvm::ToolOutputFile file(path, ec, llvm::sys::fs::OF_Text);
  if (ec)
    return error("can't write '" + path.str() + "': " + ec.message());
  module->print(file.os(), OpPrintingFlags().enableDebugInfo());
  file.keep();
  return success();
}

LogicalResult Compiler::runPhase(const Phase &phase, unsigned number) {
  if (phase.build) {
    Timer timer(*this, phase.name);
    PassManager pm(&context, ModuleOp::getOperationName());
    // Every pass of ours verifies what it makes; the verifier runs between
    // phases.
    if (!options.crashReproducer.empty())
      pm.enableCrashReproducerGeneration(options.crashReproducer);
    phase.build(pm, options);
    unsigned before = 0;
    ScopedDiagnosticHandler counter(&context, [&](Diagnostic &diag) {
      before += diag.getSeverity() == DiagnosticSeverity::Error;
      return failure(); // Hand it on to the handler that prints.
    });
    if (failed(pm.run(*module))) {
      if (before == 0)
        return error(
            "phase '" + phase.name +
            "' failed without saying why; this is a defect of the compiler: "
            "run again with --crash-reproducer=FILE and report the file");
      return failure();
    }
  }
  if (phase.name == "blockify") {
    findMissingPrograms();
    programs = describePrograms(*module);
    manifest = describeModel(*module, modelPath);
  } else if (phase.name == "lower") {
    addMemoryPlans(*module, programs);
  }
  return dump(phase, number);
}

void Compiler::findMissingPrograms() {
  refused = (*module)->getAttrOfType<ArrayAttr>("blockattn.refused");
  missing.clear();
  if (!options.programs.empty() || !refused)
    return;
  for (StringRef name : programNames)
    if (llvm::none_of(module->getOps<func::FuncOp>(), [&](func::FuncOp func) {
          auto program = func->getAttrOfType<StringAttr>("blockattn.program");
          return program && program.getValue() == name;
        }))
      missing.push_back(name.str());
}

/// Whoever asked for programs was told by an error.
void Compiler::warnOfMissingPrograms() {
  if (missing.empty())
    return;
  InFlightDiagnostic warning = emitWarning(UnknownLoc::get(&context));
  warning << "without the program" << (missing.size() == 1 ? " " : "s ")
          << llvm::join(missing, ", ")
          << ", which can't be made of this model (--explain shows more, and "
             "--programs says which must be there)";
  for (auto reason : refused.getAsRange<StringAttr>())
    warning.attachNote() << reason.getValue();
}

LogicalResult Compiler::run() {
  for (auto [number, phase] : llvm::enumerate(getPhases())) {
    if (failed(runPhase(phase, number)))
      return failure();
    if (phase.name == options.compileTo)
      return success();
  }
  isLowered = true;
  return success();
}

Explanation Compiler::explain() {
  Explanation explanation;
  explanation.model = modelPath;
  if (module) {
    explanation.attentions =
        (*module)->getAttrOfType<ArrayAttr>("blockattn.attentions");
    explanation.refused =
        (*module)->getAttrOfType<ArrayAttr>("blockattn.refused");
    explanation.kernels =
        (*module)->getAttrOfType<ArrayAttr>("blockattn.attention_variants");
    if (target.cuda && options.emit == EmitKind::Artifact && isLowered) {
      Assembler ptxas = findAssembler();
      explanation.cubins.emplace();
      if (!ptxas.path.empty())
        explanation.cubins = target.cubins;
      explanation.noCubins = ptxas.whyNone;
    }
  }
  return explanation;
}

LogicalResult Compiler::emit(StringRef outputPath) {
  warnOfMissingPrograms();
  if (options.emit == EmitKind::Artifact && options.compileTo.empty())
    return emitArtifact(outputPath);
  std::error_code ec;
  llvm::ToolOutputFile file(outputPath, ec, llvm::sys::fs::OF_None);
  if (ec)
    return error("can't write '" + outputPath + "': " + ec.message());
  // The host's code is shown without the kernels.
  DeviceCode device;
  if (target.cuda && options.emit != EmitKind::Artifact &&
      options.emit != EmitKind::Mlir) {
    FailureOr<DeviceCode> code = emitPtx(*module, target.chip);
    if (failed(code))
      return failure();
    device = std::move(*code);
  }
  switch (options.emit) {
  case EmitKind::Ptx:
    file.os() << device.ptx;
    break;
  case EmitKind::Artifact:
  case EmitKind::Mlir:
    module->print(file.os(), OpPrintingFlags().enableDebugInfo());
    file.os() << "\n";
    break;
  case EmitKind::Llvm:
    if (failed(emitLlvmIr(*module, file.os())))
      return failure();
    break;
  case EmitKind::Object: {
    // The one that every processor takes.
    ObjectOptions objectOptions;
    objectOptions.levels = {cpuLevels().front()};
    auto sections = emitCpuObjects(*module, objectOptions);
    if (failed(sections))
      return failure();
    file.os().write(sections->front().bytes.data(),
                    sections->front().bytes.size());
    break;
  }
  }
  file.keep();
  return success();
}

Compiler::Assembler Compiler::findAssembler() const {
  static constexpr StringLiteral otherwise(
      "the driver compiles the artifact's PTX, when the model is loaded for "
      "the first time");
  if (options.ptxas == "none")
    return {"", ("--ptxas=none; " + otherwise).str()};
  std::string path = options.ptxas.empty() ? findPtxas() : options.ptxas;
  if (path.empty())
    return {"", ("ptxas is not found in the CUDA toolkit ($CUDA_PATH or "
                 "/usr/local/cuda) or $PATH; " +
                 otherwise)
                    .str()};
  return {path, ""};
}

/// The sections of host code, PTX and cubins; the kernels go to the manifest.
FailureOr<std::vector<CodeSection>> Compiler::emitCudaCode() {
  Attribute variants = (*module)->getAttr("blockattn.attention_variants");
  FailureOr<DeviceCode> device;
  {
    Timer timer(*this, "kernels to PTX");
    device = emitPtx(*module, target.chip);
  }
  if (failed(device))
    return failure();
  // The host computes sizes and calls: one level does, without effort.
  ObjectOptions hostOptions;
  hostOptions.levels = {cpuLevels().front()};
  hostOptions.optimisation = 1;
  FailureOr<std::vector<CodeSection>> sections;
  {
    Timer timer(*this, "host code");
    sections = emitCpuObjects(*module, hostOptions);
  }
  if (failed(sections))
    return failure();
  sections->front().name = "host." + cpuLevels().front();
  sections->push_back(
      {"ptx", std::vector<char>(device->ptx.begin(), device->ptx.end())});

  Assembler ptxas = findAssembler();
  // Whoever asked for none knows.
  if (ptxas.path.empty() && options.ptxas.empty())
    emitWarning(UnknownLoc::get(&context))
        << "without machine code: " << ptxas.whyNone
        << " (--ptxas=PATH names it, --ptxas=none does without)";
  if (!ptxas.path.empty()) {
    Timer timer(*this, "PTX to machine code");
    auto cubins = assemblePtx(UnknownLoc::get(&context), ptxas.path,
                              device->ptx, target.cubins);
    if (failed(cubins))
      return failure();
    llvm::append_range(*sections, std::move(*cubins));
  }

  llvm::json::Array kernels;
  for (const DeviceCode::Kernel &kernel : device->kernels) {
    llvm::json::Object entry{{"name", kernel.name}};
    if (kernel.waits)
      entry["waits"] = true;
    llvm::json::Array nodes;
    for (const std::string &node : kernel.nodes)
      nodes.push_back(llvm::json::fixUTF8(node));
    if (!nodes.empty())
      entry["nodes"] = std::move(nodes);
    kernels.push_back(std::move(entry));
  }
  manifest["kernels"] = std::move(kernels);
  if (variants)
    manifest["attention_variants"] = toJson(variants);
  return sections;
}

LogicalResult Compiler::emitArtifact(StringRef outputPath) {
  if (llvm::sys::fs::equivalent(outputPath, modelPath))
    return error("the output '" + outputPath +
                 "' is the model itself; give another name with -o");
  FailureOr<std::vector<CodeSection>> code;
  if (target.cuda) {
    code = emitCudaCode();
  } else {
    Timer timer(*this, "host code");
    code = emitCpuObjects(*module, ObjectOptions());
  }
  if (failed(code))
    return failure();
  Timer timer(*this, "weights and file");

  onnx::WeightFiles files(*module);
  auto weights =
      planWeights(*module, files, options.referenceWeights, outputPath);
  if (failed(weights))
    return failure();

  manifest["format"] = 1;
  manifest["compiler"] = "blockattn " BA_VERSION_STRING;
  manifest["target"] = target.cuda ? "cuda" : "cpu";
  manifest["weights"] = std::move(weights->weights);
  manifest["weights_files"] = std::move(weights->files);
  manifest["programs"] = std::move(programs);
  std::string text =
      llvm::formatv("{0}", llvm::json::Value(std::move(manifest))).str();

  std::vector<ArtifactSection> sections;
  sections.push_back({kManifestSection, {{ArrayRef<char>(text), 1}}});
  for (CodeSection &section : *code)
    sections.push_back({section.name, {{section.bytes, 1}}});
  sections.push_back({kWeightsSection, std::move(weights->embedded)});
  if (llvm::Error failure = writeArtifact(outputPath, sections))
    return error(llvm::toString(std::move(failure)));
  return success();
}

} // namespace blockattn
