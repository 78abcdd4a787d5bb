//===- ExternalData.h - the files that hold a model's weights ----*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_EXTERNALDATA_H
#define BLOCKATTN_COMPILER_IMPORT_EXTERNALDATA_H

#include "compiler/Import/Report.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringMap.h"
#include <optional>
#include <string>
#include <vector>

namespace blockattn {

/// The files of a model, numbered: 0 is the model file itself. Each external
/// file is looked at once, and reported once where it can not be used, however
/// many tensors lie in it.
class ModelFiles {
public:
  ModelFiles(llvm::StringRef modelPath, bool allowOutside, Report &report);

  struct File {
    /// As `onnx.sources` has it.
    std::string name;
    /// Where it is.
    std::string path;
    uint64_t size = 0;
  };

  /// The number of the file that a tensor's `location` names; std::nullopt when
  /// it can not be used, which `reportProblems` then reports.
  std::optional<int64_t> find(llvm::StringRef location, llvm::StringRef tensor);

  const File &file(int64_t number) const { return files[number]; }

  /// Reads a few bytes. Empty with an error in `why` where that fails.
  std::optional<std::string> read(int64_t number, uint64_t offset,
                                  uint64_t size, std::string &why);

  void reportProblems();
  mlir::ArrayAttr sources(mlir::MLIRContext *context) const;

private:
  std::string examine(llvm::StringRef location, File &file);

  struct Entry {
    std::optional<int64_t> number;
    std::string problem;
    std::string firstTensor;
    unsigned tensors = 0;
  };

  std::string folder;
  /// Real paths of the folders that external data may lie in.
  llvm::SmallVector<std::string> allowedFolders;
  bool allowOutside;
  Report &report;
  std::vector<File> files;
  llvm::StringMap<Entry> byLocation;
  std::vector<std::string> order;
};

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_EXTERNALDATA_H
