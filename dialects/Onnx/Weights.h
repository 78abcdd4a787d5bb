//===- Weights.h - the files that weights lie in ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_WEIGHTS_H
#define BLOCKATTN_DIALECTS_ONNX_WEIGHTS_H

#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/BuiltinOps.h"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace llvm {
class MemoryBuffer;
} // namespace llvm

namespace blockattn::onnx {

/// The files of a module's `onnx.sources`, each mapped when it is first read.
/// What `bytes` returns is valid as long as this object lives. Several threads
/// may read at once.
class WeightFiles {
public:
  /// Relative paths are resolved against `baseDirectory`. Without one, source 0
  /// (the model) is found from the working directory and the others from the
  /// folder of source 0.
  explicit WeightFiles(mlir::ModuleOp module,
                       llvm::StringRef baseDirectory = {});
  ~WeightFiles();

  /// The elements of a weight: little-endian, row-major, in the result type's
  /// element type. Reports an error at the weight where the file cannot be
  /// read or the range does not lie in it.
  mlir::FailureOr<llvm::ArrayRef<char>> bytes(WeightOp weight);

  /// Bytes [offset, offset + size) of a source; errors are reported at `loc`.
  mlir::FailureOr<llvm::ArrayRef<char>> bytes(int64_t source, int64_t offset,
                                              int64_t size, mlir::Location loc);

  /// Where a source is, as the working directory has it; empty for a number
  /// that no source has.
  llvm::StringRef path(int64_t source) const;

private:
  struct File {
    std::string path;
    std::unique_ptr<llvm::MemoryBuffer> contents;
    /// Why the file cannot be read; found out once, reported for each weight.
    std::string problem;
  };
  void open(File &file);

  std::vector<File> files;
  std::mutex mutex;
};

/// The size in bytes of a tensor of this type in a file; nothing for one that
/// is not static, that is too large, or whose elements neither are whole bytes
/// nor divide one.
std::optional<int64_t> byteSize(mlir::TensorType type);

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_WEIGHTS_H
