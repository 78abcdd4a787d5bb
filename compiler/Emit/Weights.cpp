//===- Weights.cpp - where an artifact has its weights --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Weights.h"

#include "compiler/Emit/Manifest.h"
#include "dialects/Onnx/EvaluateTensor.h"
#include "runtime/include/blockattn/artifact_format.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <filesystem>

using namespace mlir;
namespace json = llvm::json;
namespace fs = llvm::sys::fs;

namespace blockattn {

/// XXH3 of a whole file. It is read, not mapped, so that a model larger than
/// the memory is no matter.
static llvm::Expected<uint64_t> checksumOf(StringRef path, uint64_t &size) {
  llvm::Expected<fs::file_t> file = fs::openNativeFileForRead(path);
  if (!file)
    return file.takeError();
  std::vector<char> part(4 << 20);
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  size = 0;
  llvm::Error problem = llvm::Error::success();
  while (true) {
    llvm::Expected<size_t> count = fs::readNativeFile(*file, part);
    if (!count) {
      problem = llvm::joinErrors(std::move(problem), count.takeError());
      break;
    }
    if (*count == 0)
      break;
    XXH3_64bits_update(&state, part.data(), *count);
    size += *count;
  }
  fs::closeFile(*file);
  if (problem)
    return std::move(problem);
  return XXH3_64bits_digest(&state);
}

/// f32 numbers, little-endian and at any place, as bf16 or f16, rounded to the
/// nearest (ties to even).
static std::vector<char> toHalf(ArrayRef<char> bytes, bool isBF16) {
  std::vector<char> result(bytes.size() / 2);
  const llvm::fltSemantics &semantics = llvm::APFloat::IEEEhalf();
  for (size_t i = 0, e = bytes.size() / 4; i < e; ++i) {
    uint32_t bits = llvm::support::endian::read32le(bytes.data() + 4 * i);
    uint16_t half;
    if (isBF16) {
      bool isNaN = (bits & 0x7fffffff) > 0x7f800000;
      half = isNaN ? (bits >> 16) | 0x40
                   : (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    } else {
      llvm::APFloat number(llvm::bit_cast<float>(bits));
      bool losesInfo;
      number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
      half = number.bitcastToAPInt().getZExtValue();
    }
    llvm::support::endian::write16le(result.data() + 2 * i, half);
  }
  return result;
}

/// The way from the artifact's folder to a file: the two may move together.
static std::string relativePath(StringRef path, StringRef outputPath) {
  SmallString<256> folder(outputPath), file;
  llvm::sys::path::remove_filename(folder);
  if (folder.empty())
    folder = ".";
  SmallString<256> realFolder;
  if (fs::real_path(folder, realFolder) || fs::real_path(path, file))
    return path.str();
  return std::filesystem::path(file.str().str())
      .lexically_relative(realFolder.str().str())
      .string();
}

static FailureOr<json::Object>
describeFile(StringRef path, StringRef outputPath, Location loc) {
  uint64_t size;
  llvm::Expected<uint64_t> checksum = checksumOf(path, size);
  if (!checksum)
    return emitError(loc) << "weight file '" << path << "' cannot be read: "
                          << llvm::toString(checksum.takeError());
  std::string name = relativePath(path, outputPath);
  if (!json::isUTF8(name))
    return emitError(loc) << "the name of weight file '" << json::fixUTF8(path)
                          << "' is not UTF-8, so that the artifact can't refer "
                             "to it; rename it, or use --weights=embed";
  return json::Object{{"path", name},
                      {"bytes", static_cast<int64_t>(size)},
                      {"xxh3", llvm::formatv("{0:x-16}", *checksum).str()}};
}

FailureOr<WeightPlan> planWeights(ModuleOp module, onnx::WeightFiles &files,
                                  bool reference, StringRef outputPath) {
  WeightPlan plan;
  Location loc = UnknownLoc::get(module.getContext());
  /// Numbers of the files in the manifest, by source.
  llvm::MapVector<int64_t, int64_t> numbers;
  uint64_t end = 0;
  auto list = module->getAttrOfType<ArrayAttr>("blockattn.weights");
  for (Attribute attr : list ? list.getValue() : ArrayRef<Attribute>()) {
    auto entry = cast<DictionaryAttr>(attr);
    auto type =
        cast<RankedTensorType>(cast<TypeAttr>(entry.get("type")).getValue());
    if (auto value = entry.getAs<ElementsAttr>("value")) {
      onnx::HostTensor tensor = onnx::HostTensor::from(value);
      if (!tensor)
        return emitError(loc) << "a constant of type " << type
                              << " cannot be a weight; compile with "
                                 "--target=cpu";
      ArrayRef<char> data = tensor.getBytes();
      plan.owned.emplace_back(data.begin(), data.end());
      end = alignUp(end, kWeightAlignment);
      plan.weights.push_back(
          json::Object{{"name", entry.getAs<StringAttr>("name").getValue()},
                       {"dtype", dtypeName(type.getElementType())},
                       {"shape", json::Array(type.getShape())},
                       {"offset", static_cast<int64_t>(end)},
                       {"bytes", static_cast<int64_t>(data.size())}});
      plan.embedded.push_back({plan.owned.back(), kWeightAlignment});
      end += data.size();
      continue;
    }
    auto integer = [&](StringRef key) {
      return entry.getAs<IntegerAttr>(key).getInt();
    };
    int64_t source = integer("source"), offset = integer("offset");
    FailureOr<ArrayRef<char>> bytes =
        files.bytes(source, offset, integer("size"), loc);
    if (failed(bytes))
      return failure();
    // Weights that the program computes with in fewer bits than the file has.
    bool converted =
        static_cast<int64_t>(bytes->size()) == 4 * type.getNumElements() &&
        type.getElementTypeBitWidth() == 16;
    if (converted) {
      plan.owned.push_back(toHalf(*bytes, type.getElementType().isBF16()));
      bytes = ArrayRef<char>(plan.owned.back());
    }
    if (fs::equivalent(outputPath, files.path(source)))
      return emitError(loc) << "the output '" << outputPath
                            << "' is a file of the model's weights; give "
                               "another name with -o";
    json::Object weight{
        {"name", json::fixUTF8(entry.getAs<StringAttr>("name").getValue())},
        {"dtype", dtypeName(type.getElementType())},
        {"shape", json::Array(type.getShape())},
        {"bytes", static_cast<int64_t>(bytes->size())}};
    int64_t elementSize =
        std::max<int64_t>(type.getElementTypeBitWidth() / 8, 1);
    if (reference && !converted && offset % elementSize == 0) {
      auto number = numbers.insert({source, numbers.size()}).first->second;
      weight["file"] = number;
      weight["offset"] = offset;
    } else {
      end = alignUp(end, kWeightAlignment);
      weight["offset"] = static_cast<int64_t>(end);
      plan.embedded.push_back({*bytes, kWeightAlignment});
      end += bytes->size();
    }
    plan.weights.push_back(std::move(weight));
  }
  for (auto [source, number] : numbers) {
    FailureOr<json::Object> file =
        describeFile(files.path(source), outputPath, loc);
    if (failed(file))
      return failure();
    plan.files.push_back(std::move(*file));
  }
  return plan;
}

} // namespace blockattn
