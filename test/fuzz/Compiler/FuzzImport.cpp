//===- FuzzImport.cpp - any ONNX model up to its block programs -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An input is a serialized model. It is imported, normalised, raised and
// blockified, as far as it gets. Every phase that ends without success must
// have said why.
//
//===----------------------------------------------------------------------===//

#include "ModelMutator.h"
#include "compiler/Import/Import.h"
#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"
#include "passes/Blockify/Passes.h"
#include "passes/Normalize/Passes.h"
#include "passes/Raise/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

using namespace mlir;
using namespace blockattn;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace {

/// A file for the importer, which takes no memory.
class ModelFile {
public:
  ModelFile() {
    const char *folder = std::getenv("TMPDIR");
    name = std::string(folder ? folder : "/tmp") + "/blockattn-fuzz-" +
           std::to_string(getpid()) + ".onnx";
  }
  ~ModelFile() { std::remove(name.c_str()); }
  const std::string &write(const uint8_t *data, size_t size) {
    if (std::FILE *file = std::fopen(name.c_str(), "wb")) {
      std::fwrite(data, 1, size, file);
      std::fclose(file);
    }
    return name;
  }

private:
  std::string name;
};

/// Compiles in one context; a new one now and then, as a context keeps every
/// type and attribute that it has seen.
class Compilation {
public:
  Compilation() : context(registry(), MLIRContext::Threading::DISABLED) {
    context.getDiagEngine().registerHandler([this](Diagnostic &diag) {
      errors += diag.getSeverity() == DiagnosticSeverity::Error;
      return success();
    });
  }

  void compile(const std::string &path) {
    errors = 0;
    OwningOpRef<ModuleOp> module = importModel(&context, path);
    if (!module)
      return explained("import");
    if (failed(run(*module,
                   [](OpPassManager &pm) { buildNormalizePipeline(pm, {}); })))
      return explained("normalize");
    if (failed(run(*module,
                   [](OpPassManager &pm) { buildRaisePipeline(pm, {}); })))
      return explained("raise");
    if (failed(run(*module,
                   [](OpPassManager &pm) { buildBlockifyPipeline(pm, {}); })))
      explained("blockify");
  }

private:
  static const DialectRegistry &registry() {
    static DialectRegistry dialects = [] {
      DialectRegistry result;
      result.insert<BlockAttnDialect, blockattn::onnx::OnnxDialect,
                    arith::ArithDialect, func::FuncDialect,
                    tensor::TensorDialect>();
      return result;
    }();
    return dialects;
  }

  LogicalResult run(ModuleOp module,
                    llvm::function_ref<void(OpPassManager &)> build) {
    PassManager pm(&context);
    build(pm);
    return pm.run(module);
  }

  void explained(const char *phase) {
    if (errors != 0)
      return;
    std::fprintf(stderr, "phase %s failed without saying why\n", phase);
    std::abort();
  }

  MLIRContext context;
  unsigned errors = 0;
};

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  ::onnx::ModelProto model;
  // Now and then bytes, for what reads them.
  if (seed % 32 == 0 || !model.ParseFromArray(data, static_cast<int>(size)))
    return LLVMFuzzerMutate(data, size, maxSize);
  fuzz::ModelMutator(model, seed).mutate();
  size_t changed = model.ByteSizeLong();
  if (changed > maxSize ||
      !model.SerializeToArray(data, static_cast<int>(changed)))
    return size;
  return changed;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static ModelFile file;
  static std::unique_ptr<Compilation> compilation;
  static int uses = 0;
  if (!compilation || ++uses == 500) {
    compilation = std::make_unique<Compilation>();
    uses = 0;
  }
  compilation->compile(file.write(data, size));
  return 0;
}
