//===- Compiler.h - compiles a model, as a library --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_DRIVER_COMPILER_H
#define BLOCKATTN_COMPILER_DRIVER_COMPILER_H

#include "compiler/Driver/Explain.h"
#include "compiler/Driver/Options.h"
#include "compiler/Driver/Target.h"
#include "compiler/Emit/Object.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/LogicalResult.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace blockattn {

struct Phase;

/// One model on its way through the phases. Whatever goes wrong is a diagnostic
/// of the context (Diagnostics.h prints them for people or as JSON) and a
/// failure here; nothing is printed.
class Compiler {
public:
  Compiler(mlir::MLIRContext &context, CompileOptions options);

  /// All dialects that a compilation loads.
  static void registerDialects(mlir::DialectRegistry &registry);

  /// Checks the options. To be called first.
  llvm::LogicalResult checkOptions();

  /// Reads `path`: an ONNX model, or MLIR as `--compile-to` left it, with the
  /// phases that it has behind it.
  llvm::LogicalResult load(llvm::StringRef path);

  /// Runs the phases up to `options.compileTo` (all, if empty).
  llvm::LogicalResult run();

  /// Writes what `options.emit` asks for; "-" is standard output, for text.
  llvm::LogicalResult emit(llvm::StringRef outputPath);

  /// The wall clock's seconds of each step done so far, in order.
  llvm::ArrayRef<std::pair<std::string, double>> timings() const {
    return times;
  }

  /// What is known of the model's attentions, as far as the compilation came.
  Explanation explain();

private:
  llvm::LogicalResult runPhase(const Phase &phase, unsigned number);
  /// Notes which programs the model does not allow, where none were asked for.
  void findMissingPrograms();
  void warnOfMissingPrograms();
  llvm::LogicalResult dump(const Phase &phase, unsigned number);
  llvm::LogicalResult emitArtifact(llvm::StringRef outputPath);
  mlir::FailureOr<std::vector<CodeSection>> emitCudaCode();
  /// The ptxas to use, or why there is none.
  struct Assembler {
    std::string path, whyNone;
  };
  Assembler findAssembler() const;
  llvm::LogicalResult error(const llvm::Twine &message);

  /// Notes the time from its making to its end as a step's.
  class Timer {
  public:
    Timer(Compiler &compiler, llvm::StringRef step)
        : compiler(compiler), step(step),
          begin(std::chrono::steady_clock::now()) {}
    ~Timer() {
      std::chrono::duration<double> seconds =
          std::chrono::steady_clock::now() - begin;
      compiler.times.push_back({step.str(), seconds.count()});
    }
    Timer(const Timer &) = delete;

  private:
    Compiler &compiler;
    llvm::StringRef step;
    std::chrono::steady_clock::time_point begin;
  };

  mlir::MLIRContext &context;
  CompileOptions options;
  Target target;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string modelPath;
  /// What the manifest says of the model and its programs; gathered on the way,
  /// since lowering leaves nothing of it.
  llvm::json::Object manifest;
  llvm::json::Array programs;
  std::vector<std::string> missing;
  mlir::ArrayAttr refused;
  /// All phases have run.
  bool isLowered = false;
  std::vector<std::pair<std::string, double>> times;
};

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_DRIVER_COMPILER_H
