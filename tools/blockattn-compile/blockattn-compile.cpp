//===- blockattn-compile.cpp - from model.onnx to model.ba ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Compiler.h"
#include "compiler/Driver/Diagnostics.h"
#include "compiler/Driver/Phases.h"
#include "runtime/include/blockattn/blockattn.h"
#include "tools/common/LlvmCommandLine.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"

using namespace llvm;
using namespace blockattn;

static cl::OptionCategory category("blockattn-compile options");

static cl::opt<std::string> inputPath(cl::Positional, cl::desc("MODEL.onnx"),
                                      cl::cat(category));
static cl::opt<std::string>
    outputPath("o",
               cl::desc("the artifact (or text, with --compile-to or "
                        "--emit; \"-\" is standard output)"),
               cl::value_desc("M.ba"), cl::cat(category));
static cl::opt<std::string> target("target",
                                   cl::desc("the machine to compile for: cpu, "
                                            "cuda or cuda:sm_XX"),
                                   cl::init("cpu"), cl::cat(category));
static cl::opt<std::string>
    ptxas("ptxas",
          cl::desc("the assembler that makes cubins of PTX: a path, or none "
                   "(default: the one in the CUDA toolkit, $CUDA_PATH or "
                   "/usr/local/cuda, or in $PATH)"),
          cl::value_desc("PATH|none"), cl::cat(category));
static cl::list<std::string> programs(
    "programs", cl::CommaSeparated,
    cl::desc("programs that the artifact must have: full,block,encode,extend "
             "(default: all that the model allows)"),
    cl::cat(category));
static cl::opt<std::string> dtype("dtype",
                                  cl::desc("type of the computation: f32, bf16 "
                                           "or f16"),
                                  cl::init("f32"), cl::cat(category));
static cl::opt<std::string>
    explain("explain", cl::ValueOptional,
            cl::desc("print how each attention was rewritten, and why not; "
                     "--explain=json for programs"),
            cl::cat(category));
static cl::opt<std::string>
    sinks("sinks",
          cl::desc("learned sink tokens; their table is the input `sinks` of "
                   "the programs of blocks"),
          cl::value_desc("N"), cl::init("0"), cl::cat(category));
static cl::opt<std::string> sinkPlacement(
    "sink-placement",
    cl::desc("where sinks go: block (before every block, default) or prefix "
             "(once at the head of a prompt, seen by all of its blocks)"),
    cl::value_desc("block|prefix"), cl::init("block"), cl::cat(category));
static cl::opt<std::string>
    weights("weights",
            cl::desc("where weights are: embed (in the artifact, default) or "
                     "reference (in the model's files, which must stay where "
                     "they are)"),
            cl::value_desc("embed|reference"), cl::init("embed"),
            cl::cat(category));
static cl::opt<bool> decomposeAttention(
    "decompose-attention",
    cl::desc("compute attention with plain ops on whole score matrices, the "
             "reference; for --programs=full,block"),
    cl::cat(category));
static cl::opt<bool> allowOutsideData(
    "allow-outside-data",
    cl::desc("read external data from outside of the model's folder, too; "
             "for models that you trust"),
    cl::cat(category));
static cl::opt<std::string>
    emitKind("emit",
             cl::desc("what to write: artifact (default), mlir, llvm, object, "
                      "ptx"),
             cl::init("artifact"), cl::cat(category));
static cl::opt<std::string>
    dumpPhases("dump-phases",
               cl::desc("write the module after each phase into this folder"),
               cl::value_desc("DIR"), cl::cat(category));
static cl::opt<std::string> crashReproducer(
    "crash-reproducer",
    cl::desc("where a pass fails, write module and pipeline to this file"),
    cl::value_desc("FILE"), cl::cat(category));
static cl::opt<bool>
    timing("timing",
           cl::desc("print the seconds of each step to standard error"),
           cl::cat(category));
static cl::opt<std::string>
    diagnostics("diagnostics",
                cl::desc("form of the messages on standard error: text, json"),
                cl::init("text"), cl::cat(category));

/// Each step's seconds and its share.
static void printTimings(ArrayRef<std::pair<std::string, double>> times) {
  double total = 0;
  for (const auto &[step, seconds] : times)
    total += seconds;
  auto line = [&](StringRef step, double seconds) {
    errs() << format("%-20s %9.3f s %5.1f %%\n", step.str().c_str(), seconds,
                     total > 0 ? 100 * seconds / total : 0.0);
  };
  for (const auto &[step, seconds] : times)
    line(step, seconds);
  line("total", total);
}

/// The help text of --compile-to comes from the phase table.
static std::string describePhases() {
  std::string text = "stop after a phase and write MLIR:";
  for (const Phase &phase : getPhases())
    text += "\n  " + phase.name.str() + ": " + phase.description.str();
  return text;
}
static const std::string phaseHelp = describePhases();
static cl::opt<std::string> compileTo("compile-to", cl::desc(phaseHelp),
                                      cl::value_desc("PHASE"),
                                      cl::cat(category));

static int run() {
  mlir::DialectRegistry registry;
  Compiler::registerDialects(registry);
  mlir::MLIRContext context(registry);

  DiagnosticPrinter printer(&context, errs(),
                            diagnostics == "json" ? DiagnosticFormat::Json
                                                  : DiagnosticFormat::Text);
  auto fail = [&](const Twine &message) {
    printer.error(message);
    return 1;
  };
  if (diagnostics != "json" && diagnostics != "text")
    return fail("--diagnostics=" + diagnostics +
                " is not known; use text or json");
  bool wantsExplain = explain.getNumOccurrences() > 0;
  if (wantsExplain && !explain.empty() && explain != "json")
    return fail("--explain=" + explain +
                " is not known; use --explain or "
                "--explain=json");
  if (inputPath.empty())
    return fail("no model given; usage: blockattn-compile MODEL.onnx -o M.ba "
                "(see --help)");

  CompileOptions options;
  options.target = target;
  options.programs.assign(programs.begin(), programs.end());
  options.dtype = dtype;
  options.ptxas = ptxas;
  options.compileTo = compileTo;
  if (StringRef(sinks).getAsInteger(10, options.sinks) || options.sinks > 4096)
    return fail("--sinks=" + sinks + " is not a number from 0 to 4096");
  options.sinkPlacement = sinkPlacement;
  if (weights != "embed" && weights != "reference")
    return fail("--weights=" + weights +
                " is not known; use embed or reference");
  options.referenceWeights = weights == "reference";
  options.decomposeAttention = decomposeAttention;
  options.allowOutsideData = allowOutsideData;
  options.dumpPhases = dumpPhases;
  options.crashReproducer = crashReproducer;
  if (emitKind == "mlir")
    options.emit = EmitKind::Mlir;
  else if (emitKind == "llvm")
    options.emit = EmitKind::Llvm;
  else if (emitKind == "object")
    options.emit = EmitKind::Object;
  else if (emitKind == "ptx")
    options.emit = EmitKind::Ptx;
  else if (emitKind != "artifact")
    return fail("--emit=" + emitKind +
                " is not supported by this build; use artifact, mlir, llvm, "
                "object or ptx");
  bool text = !compileTo.empty() || options.emit == EmitKind::Mlir ||
              options.emit == EmitKind::Llvm || options.emit == EmitKind::Ptx;
  std::string output = outputPath;
  if (output.empty() && text && !wantsExplain)
    output = "-";
  if (output.empty() && !wantsExplain)
    return fail("no output given; use -o M.ba");

  // --explain alone needs no code.
  if (output.empty() && options.compileTo.empty())
    options.compileTo = "blockify";

  Compiler compiler(context, options);
  bool ok = succeeded(compiler.checkOptions()) &&
            succeeded(compiler.load(inputPath)) && succeeded(compiler.run());
  if (wantsExplain) {
    Explanation explanation = compiler.explain();
    explanation.errors = printer.getErrors();
    if (explain == "json")
      printExplanationJson(explanation, outs());
    else
      printExplanationTable(explanation, outs());
  }
  // The linker, which runs inside of this process, resets all options.
  bool wantsTiming = timing;
  ok = ok && (output.empty() || succeeded(compiler.emit(output)));
  if (wantsTiming)
    printTimings(compiler.timings());
  return ok && printer.getErrorCount() == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  ErrorsByName errors(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter([](raw_ostream &os) {
    os << "blockattn-compile " BA_VERSION_STRING "\n";
  });
  std::string message;
  raw_string_ostream messages(message);
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          "blockattn-compile: a model to a block-attention program\n",
          &messages)) {
    // Of wrong values the parser speaks to standard error by itself.
    errs() << StringRef(message).ltrim();
    return 1;
  }
  return run();
}
