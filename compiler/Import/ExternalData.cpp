//===- ExternalData.cpp - the files that hold a model's weights -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ExternalData.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace blockattn {

ModelFiles::ModelFiles(StringRef modelPath, bool allowOutside, Report &report)
    : folder(path::parent_path(modelPath)), allowOutside(allowOutside),
      report(report) {
  File model{modelPath.str(), modelPath.str(), 0};
  (void)fs::file_size(modelPath, model.size);
  files.push_back(std::move(model));
  // The folder that the model was named in, and the one where it really lies:
  // a model cache often holds links to files that lie together elsewhere.
  SmallString<128> real;
  if (!fs::real_path(folder.empty() ? StringRef(".") : StringRef(folder), real))
    allowedFolders.push_back(real.str().str());
  if (!fs::real_path(modelPath, real))
    allowedFolders.push_back(path::parent_path(real).str());
}

static bool isInside(StringRef file, StringRef folder) {
  return file.consume_front(folder) &&
         (folder.ends_with("/") || file.starts_with("/"));
}

/// Fills in the file; what is wrong with it otherwise.
std::string ModelFiles::examine(StringRef location, File &file) {
  const char *fix = "; move the file next to the model, or pass "
                    "--allow-outside-data if you trust this model";
  if (location.empty())
    return "the location is empty";
  if (location.contains('\0'))
    return "the location holds a NUL character";
  if (!allowOutside) {
    if (path::is_absolute(location))
      return std::string("the location is an absolute path") + fix;
    for (auto it = path::begin(location), e = path::end(location); it != e;
         ++it)
      if (*it == "..")
        return std::string("the location leaves the model's folder with '..'") +
               fix;
  }
  SmallString<128> full(folder);
  if (path::is_absolute(location))
    full = location;
  else
    path::append(full, location);
  SmallString<128> real;
  fs::file_status status;
  if (std::error_code ec = fs::real_path(full, real))
    return "can not open " + quoted(full) + ": " + ec.message();
  if (std::error_code ec = fs::status(real, status))
    return "can not open " + quoted(full) + ": " + ec.message();
  // Opening a pipe or a device could wait for ever.
  if (status.type() != fs::file_type::regular_file)
    return quoted(full) + " is not a regular file";
  if (!allowOutside && llvm::none_of(allowedFolders, [&](StringRef allowed) {
        return isInside(real, allowed);
      }))
    return "a link leads out of the model's folder, to " + quoted(real) + fix;
  file = {location.str(), full.str().str(), status.getSize()};
  return {};
}

std::optional<int64_t> ModelFiles::find(StringRef location, StringRef tensor) {
  auto [it, isNew] = byLocation.try_emplace(location);
  Entry &entry = it->second;
  ++entry.tensors;
  if (isNew) {
    order.push_back(location.str());
    entry.firstTensor = tensor.str();
    File file;
    entry.problem = examine(location, file);
    if (entry.problem.empty()) {
      entry.number = files.size();
      files.push_back(std::move(file));
    }
  }
  return entry.number;
}

std::optional<std::string> ModelFiles::read(int64_t number, uint64_t offset,
                                            uint64_t size, std::string &why) {
  const File &file = files[number];
  auto buffer = llvm::MemoryBuffer::getFileSlice(file.path, size, offset);
  if (!buffer || (*buffer)->getBufferSize() != size) {
    why = "can not read " + quoted(file.path) +
          (buffer ? std::string() : ": " + buffer.getError().message());
    return std::nullopt;
  }
  return (*buffer)->getBuffer().str();
}

void ModelFiles::reportProblems() {
  for (const std::string &location : order) {
    const Entry &entry = byLocation[location];
    if (entry.problem.empty())
      continue;
    InFlightDiagnostic diag = report.error();
    diag << "external data " << quoted(location) << ": " << entry.problem
         << " (needed by tensor " << quoted(entry.firstTensor);
    if (entry.tensors > 1)
      diag << " and " << entry.tensors - 1 << " more";
    diag << ")";
  }
}

ArrayAttr ModelFiles::sources(MLIRContext *context) const {
  Builder b(context);
  SmallVector<Attribute> names;
  for (const File &file : files)
    names.push_back(b.getStringAttr(file.name));
  return b.getArrayAttr(names);
}

} // namespace blockattn
