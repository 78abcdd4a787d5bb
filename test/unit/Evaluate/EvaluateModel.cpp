//===- EvaluateModel.cpp - ONNX models through the evaluator --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   evaluate-model JOBS.json
//
// Compiles models as far as asked for and interprets the outcome. The file
// holds a list of jobs:
//
//   {"model": path, "phase": "import", "normalize", "raise" or "blockify",
//    "inputs": [{"name": "x", "shape": [2, 3], "file": path}, ...],
//    "outputs": path prefix, "blocks": [0, 4, 9], "reuse": true}
//
// Inputs and outputs are raw little-endian elements in files. With "blocks"
// (after blockify) the prompt in input_ids and position_ids runs under block
// attention, with "reuse" by encoding the blocks alone; without, the graph runs
// as it came. For each job one line of JSON is printed:
// {"outputs": [{"dtype": "f32", "shape": [2, 3], "file": path}, ...]}, or
// {"failed": the phase, "reason": text}.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Import.h"
#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Blockify/Passes.h"
#include "passes/Normalize/Passes.h"
#include "passes/Raise/Passes.h"
#include "test/unit/Evaluate/EvaluatePrograms.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace blockattn;
using onnx::HostTensor;
namespace json = llvm::json;

static json::Object failed(StringRef phase, const Twine &reason) {
  return json::Object{{"failed", phase}, {"reason", reason.str()}};
}

static HostTensor readInput(const json::Object &input, Type type,
                            std::string &why) {
  auto tensor = dyn_cast<TensorType>(type);
  auto buffer = llvm::MemoryBuffer::getFile(
      input.getString("file").value_or(""), /*IsText=*/false,
      /*RequiresNullTerminator=*/false);
  const json::Array *dims = input.getArray("shape");
  if (!tensor || !buffer || !dims) {
    why = "the input cannot be read";
    return HostTensor();
  }
  SmallVector<int64_t> shape;
  for (const json::Value &dim : *dims)
    shape.push_back(dim.getAsInteger().value_or(-1));
  StringRef bytes = (*buffer)->getBuffer();
  HostTensor result = HostTensor::fromBytes(
      tensor.getElementType(), shape, ArrayRef(bytes.data(), bytes.size()));
  if (!result)
    llvm::raw_string_ostream(why)
        << "an input of type " << tensor.getElementType() << " cannot be read";
  return result;
}

// Runs the phases up to the one asked for. Returns the one that failed.
static std::optional<StringRef> compile(ModuleOp module, StringRef last) {
  struct Phase {
    StringRef name;
    void (*build)(OpPassManager &);
  };
  static const Phase phases[] = {
      {"normalize", [](OpPassManager &pm) { buildNormalizePipeline(pm, {}); }},
      {"raise", [](OpPassManager &pm) { buildRaisePipeline(pm, {}); }},
      {"blockify", [](OpPassManager &pm) { buildBlockifyPipeline(pm, {}); }},
  };
  if (last == "import")
    return std::nullopt;
  for (const Phase &phase : phases) {
    PassManager pm(module.getContext());
    phase.build(pm);
    if (mlir::failed(pm.run(module)))
      return phase.name;
    if (phase.name == last)
      return std::nullopt;
  }
  return "no such phase";
}

static FailureOr<Tensors> runGraph(ModuleOp module, const json::Array &inputs,
                                   onnx::WeightFiles &weights,
                                   std::string &why) {
  auto func = module.lookupSymbol<func::FuncOp>("main");
  if (!func)
    func = module.lookupSymbol<func::FuncOp>("full");
  if (!func || func.getNumArguments() != inputs.size()) {
    why = "the function does not take the inputs";
    return failure();
  }
  Tensors tensors;
  for (auto [input, type] : llvm::zip_equal(inputs, func.getArgumentTypes())) {
    const json::Object *object = input.getAsObject();
    tensors.push_back(object ? readInput(*object, type, why) : HostTensor());
    if (!tensors.back())
      return failure();
  }
  return runFunction(func, tensors, weights, why);
}

static FailureOr<Tensors> runBlocks(ModuleOp module, const json::Array &inputs,
                                    const json::Array &blocks, bool reuse,
                                    onnx::WeightFiles &weights,
                                    std::string &why) {
  Type row = RankedTensorType::get({1, ShapedType::kDynamic},
                                   IntegerType::get(module.getContext(), 64));
  Prompt prompt;
  for (const json::Value &input : inputs) {
    const json::Object *object = input.getAsObject();
    StringRef name = object ? object->getString("name").value_or("") : "";
    if (name == "input_ids")
      prompt.tokens = readInput(*object, row, why);
    else if (name == "position_ids")
      prompt.positions = readInput(*object, row, why);
  }
  if (!prompt.tokens) {
    why = "a prompt needs input_ids";
    return failure();
  }
  for (const json::Value &start : blocks)
    prompt.starts.push_back(start.getAsInteger().value_or(-1));
  return runPrompt(module, prompt, reuse, weights, why);
}

static json::Object run(const json::Object &job) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<func::FuncDialect, onnx::OnnxDialect, BlockAttnDialect>();
  std::string diagnostics;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      diagnostics += diagnostic.str() + "; ";
    return success();
  });
  OwningOpRef<ModuleOp> module =
      importModel(&context, job.getString("model").value_or(""));
  if (!module || mlir::failed(verify(*module)))
    return failed("import", diagnostics);
  if (auto phase = compile(*module, job.getString("phase").value_or("import")))
    return failed(*phase, diagnostics);

  const json::Array *inputs = job.getArray("inputs");
  if (!inputs)
    return failed("evaluate", "the job has no inputs");
  onnx::WeightFiles weights(*module);
  std::string why;
  const json::Array *blocks = job.getArray("blocks");
  FailureOr<Tensors> results =
      blocks ? runBlocks(*module, *inputs, *blocks,
                         job.getBoolean("reuse").value_or(false), weights, why)
             : runGraph(*module, *inputs, weights, why);
  if (mlir::failed(results))
    return failed("evaluate", why);

  json::Array outputs;
  for (auto [i, result] : llvm::enumerate(*results)) {
    std::string path = (job.getString("outputs").value_or("") + Twine(i)).str();
    std::error_code error;
    llvm::raw_fd_ostream file(path, error);
    if (error)
      return failed("evaluate", "cannot write " + path);
    file.write(result.getBytes().data(), result.getBytes().size());
    std::string dtype;
    llvm::raw_string_ostream(dtype) << result.getElementType();
    outputs.push_back(json::Object{{"dtype", dtype},
                                   {"shape", json::Array(result.getShape())},
                                   {"file", path}});
  }
  return json::Object{{"outputs", std::move(outputs)}};
}

int main(int argc, char **argv) {
  auto buffer = llvm::MemoryBuffer::getFile(argc == 2 ? argv[1] : "");
  if (!buffer) {
    llvm::errs() << "error: usage: evaluate-model JOBS.json\n";
    return 1;
  }
  auto jobs = json::parse((*buffer)->getBuffer());
  if (!jobs || !jobs->getAsArray()) {
    llvm::consumeError(jobs.takeError());
    llvm::errs() << "error: " << argv[1] << " is not a list of jobs\n";
    return 1;
  }
  for (const json::Value &job : *jobs->getAsArray()) {
    const json::Object *object = job.getAsObject();
    llvm::outs() << json::Value(object ? run(*object)
                                       : failed("import", "not a job"))
                 << "\n";
    // A crash must not take the lines before it along.
    llvm::outs().flush();
  }
  return 0;
}
