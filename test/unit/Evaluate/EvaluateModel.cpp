//===- EvaluateModel.cpp - ONNX models through the evaluator --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   evaluate-model JOBS.json
//
// The file holds a list of jobs {"model": path, "inputs": [{"shape": [2, 3],
// "file": path}, ...], "outputs": path prefix}. Inputs and outputs are raw
// little-endian elements in files. For each job one line of JSON is printed:
// {"outputs": [{"dtype": "f32", "shape": [2, 3], "file": path}, ...]}, or
// {"failed": "import" or "evaluate", "reason": text}.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Import.h"
#include "dialects/Onnx/Evaluate.h"
#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/Weights.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace blockattn::onnx;
namespace json = llvm::json;

static json::Object failure(StringRef phase, const Twine &reason) {
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

static json::Object run(const json::Object &job) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<func::FuncDialect, OnnxDialect>();
  std::string diagnostics;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      diagnostics += diagnostic.str() + "; ";
    return success();
  });
  OwningOpRef<ModuleOp> module =
      blockattn::importModel(&context, job.getString("model").value_or(""));
  if (!module || failed(verify(*module)))
    return failure("import", diagnostics);
  auto main = module->lookupSymbol<func::FuncOp>("main");
  const json::Array *inputs = job.getArray("inputs");
  if (!main || !inputs || inputs->size() != main.getNumArguments())
    return failure("import", "@main does not take the inputs");

  std::string why;
  SmallVector<HostTensor> tensors;
  for (auto [input, type] : llvm::zip_equal(*inputs, main.getArgumentTypes())) {
    const json::Object *object = input.getAsObject();
    tensors.push_back(object ? readInput(*object, type, why) : HostTensor());
    if (!tensors.back())
      return failure("evaluate", why);
  }
  WeightFiles weights(*module);
  FailureOr<SmallVector<HostTensor>> results =
      evaluateFunction(main, tensors, &why, &weights);
  if (failed(results))
    return failure("evaluate", why);

  json::Array outputs;
  for (auto [i, result] : llvm::enumerate(*results)) {
    std::string path = (job.getString("outputs").value_or("") + Twine(i)).str();
    std::error_code error;
    llvm::raw_fd_ostream file(path, error);
    if (error)
      return failure("evaluate", "cannot write " + path);
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
                                       : failure("import", "not a job"))
                 << "\n";
    // A crash must not take the lines before it along.
    llvm::outs().flush();
  }
  return 0;
}
