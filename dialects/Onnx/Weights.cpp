//===- Weights.cpp - the files that weights lie in ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Weights.h"

#include "dialects/Onnx/OnnxVerify.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace blockattn::onnx {

static std::string resolve(StringRef directory, StringRef file) {
  if (llvm::sys::path::is_absolute(file))
    return file.str();
  SmallString<256> path(directory);
  llvm::sys::path::append(path, file);
  return path.str().str();
}

WeightFiles::WeightFiles(ModuleOp module, StringRef baseDirectory) {
  auto sources = module->getAttrOfType<ArrayAttr>("onnx.sources");
  if (!sources)
    return;
  for (Attribute source : sources) {
    // The dialect's verifier sees to it that these are strings; one that is not
    // keeps its number, and cannot be opened.
    auto name = dyn_cast<StringAttr>(source);
    StringRef directory = baseDirectory;
    if (directory.empty() && !files.empty())
      directory = llvm::sys::path::parent_path(files.front().path);
    files.push_back({name ? resolve(directory, name.getValue()) : std::string(),
                     nullptr, ""});
  }
}

WeightFiles::~WeightFiles() = default;

StringRef WeightFiles::path(int64_t source) const {
  if (source < 0 || static_cast<uint64_t>(source) >= files.size())
    return "";
  return files[source].path;
}

void WeightFiles::open(File &file) {
  llvm::sys::fs::file_status status;
  std::error_code error = llvm::sys::fs::status(file.path, status);
  if (!error && !llvm::sys::fs::is_regular_file(status)) {
    file.problem = "it is not a regular file";
    return;
  }
  auto contents = llvm::MemoryBuffer::getFile(file.path, /*IsText=*/false,
                                              /*RequiresNullTerminator=*/false);
  if (contents)
    file.contents = std::move(*contents);
  else
    file.problem = contents.getError().message();
}

FailureOr<ArrayRef<char>> WeightFiles::bytes(int64_t source, int64_t offset,
                                             int64_t size, Location loc) {
  if (source < 0 || static_cast<uint64_t>(source) >= files.size())
    return emitError(loc) << "weight in source " << source
                          << ", but the module's 'onnx.sources' lists "
                          << files.size() << " files";
  File &file = files[source];
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (!file.contents && file.problem.empty())
      open(file);
  }
  if (!file.contents)
    return emitError(loc) << "weight file '" << file.path
                          << "' cannot be read: " << file.problem;
  uint64_t available = file.contents->getBufferSize();
  if (offset < 0 || size < 0 || static_cast<uint64_t>(offset) > available ||
      static_cast<uint64_t>(size) > available - offset)
    return emitError(loc) << "weight of " << size << " bytes at offset "
                          << offset << " leaves the file '" << file.path
                          << "', which has " << available
                          << " bytes; is the file whole?";
  return ArrayRef<char>(file.contents->getBufferStart() + offset, size);
}

FailureOr<ArrayRef<char>> WeightFiles::bytes(WeightOp weight) {
  auto type = cast<TensorType>(weight.getOutput().getType());
  std::optional<int64_t> expected = byteSize(type);
  if (!expected || *expected != weight.getSize()) {
    InFlightDiagnostic error = weight.emitError("weight '")
                               << weight.getName() << "' has "
                               << weight.getSize() << " bytes in its file, but "
                               << type;
    if (expected)
      return error << " has " << *expected;
    return error << " has no size in bytes";
  }
  return bytes(weight.getSource(), weight.getOffset(), weight.getSize(),
               weight.getLoc());
}

std::optional<int64_t> byteSize(TensorType type) {
  if (!type.hasStaticShape())
    return std::nullopt;
  Type element = type.getElementType();
  int64_t bits;
  if (element.isInteger(1))
    bits = 8;
  else if (element.isIntOrFloat())
    bits = element.getIntOrFloatBitWidth();
  else if (auto complex = dyn_cast<ComplexType>(element);
           complex && complex.getElementType().isIntOrFloat())
    bits = 2 * complex.getElementType().getIntOrFloatBitWidth();
  else
    return std::nullopt;
  std::optional<int64_t> count = numElements(type.getShape());
  int64_t bytes;
  if (!count)
    return std::nullopt;
  // Elements that fill a part of a byte are packed.
  if (8 % bits == 0)
    return llvm::divideCeil(*count, 8 / bits);
  if (bits % 8 != 0 || llvm::MulOverflow(*count, bits / 8, bytes))
    return std::nullopt;
  return bytes;
}

} // namespace blockattn::onnx
