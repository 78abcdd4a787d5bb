//===- Tensors.cpp - tensors of a model file ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Tensors.h"

#include "compiler/Import/Skeleton.h"
#include "compiler/Import/TensorData.h"
#include "compiler/Import/Types.h"
#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/Weights.h"

using namespace mlir;
using ::onnx::TensorProto;

namespace blockattn {

InFlightDiagnostic TensorImporter::error(Location loc, StringRef name) {
  return std::move(report.error(loc) << "tensor " << quoted(name) << " ");
}

/// The tensor's type; null after an error.
RankedTensorType TensorImporter::type(Location loc, const TensorProto &tensor,
                                      StringRef name) {
  Type element = elementType(loc.getContext(), tensor.data_type());
  if (!element) {
    if (tensor.data_type() == TensorProto::UNDEFINED)
      error(loc, name) << "has no data type";
    else
      error(loc, name) << "has a type that ONNX does not have: "
                       << dataTypeName(tensor.data_type());
    return {};
  }
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  for (auto [index, dim] : llvm::enumerate(shape))
    if (dim < 0) {
      error(loc, name) << "has dimension " << index << " of size " << dim;
      return {};
    }
  std::optional<int64_t> count = elementCount(shape);
  if (!count || *count >= int64_t(1) << 56) {
    InFlightDiagnostic diag = error(loc, name);
    diag << "has an impossible shape [";
    llvm::interleaveComma(shape, diag);
    diag << "]";
    return {};
  }
  if (tensor.has_segment()) {
    error(loc, name) << "is stored in segments, which is not supported; "
                        "save the model again";
    return {};
  }
  return RankedTensorType::get(shape, element);
}

/// A decimal number of an external_data entry.
static bool parseNumber(StringRef text, uint64_t &value) {
  return !text.getAsInteger(10, value) && value <= uint64_t(INT64_MAX);
}

bool TensorImporter::locateExternal(Location loc, const TensorProto &tensor,
                                    StringRef name, uint64_t size,
                                    Place &place) {
  std::optional<StringRef> location;
  uint64_t length = size;
  bool hasLength = false;
  for (const ::onnx::StringStringEntryProto &entry : tensor.external_data()) {
    StringRef key = entry.key(), value = entry.value();
    if (key == "location") {
      location = value;
    } else if (key == "offset" || key == "length") {
      if (!parseNumber(value, key == "offset" ? place.offset : length)) {
        error(loc, name) << "has external data with the " << key << " "
                         << quoted(value) << ", which is not a number of bytes";
        return false;
      }
      hasLength |= key == "length";
    }
    // Others ("checksum", keys of single tools) do not say where the data are.
  }
  if (!location) {
    error(loc, name) << "has external data without a location";
    return false;
  }
  if (length != size) {
    error(loc, name) << "has " << length
                     << " bytes of external data where its shape and type "
                        "want "
                     << size;
    return false;
  }
  std::optional<int64_t> file = files.find(*location, name);
  if (!file)
    return false;
  uint64_t available = files.file(*file).size;
  if (place.offset > available || size > available - place.offset) {
    error(loc, name) << "lies in bytes " << place.offset << " to "
                     << place.offset + size << " of external data "
                     << quoted(*location) << ", which has " << available
                     << " bytes" << (hasLength ? "" : " (no length is given)")
                     << "; the file is cut off or belongs to another model";
    return false;
  }
  place.file = *file;
  place.size = size;
  return true;
}

/// Finds out where the tensor's elements are: in a file (`place`), or in the
/// message. Returns false after an error.
bool TensorImporter::locate(Location loc, const TensorProto &tensor,
                            StringRef name, uint64_t size,
                            std::optional<Place> &place) {
  std::optional<FileRange> removed = removedRawData(tensor);
  bool typed = tensor.float_data_size() || tensor.int32_data_size() ||
               tensor.int64_data_size() || tensor.double_data_size() ||
               tensor.uint64_data_size() || tensor.string_data_size();
  bool external = tensor.data_location() == TensorProto::EXTERNAL;
  // An empty raw_data beside external data is how some tools clear the field.
  bool rawBytes = removed || !tensor.raw_data().empty();
  if (int(rawBytes) + int(typed) + int(external) > 1) {
    error(loc, name) << "has data in more than one place (raw, typed or "
                        "external)";
    return false;
  }
  if (external) {
    place.emplace();
    return locateExternal(loc, tensor, name, size, *place);
  }
  if (tensor.external_data_size() != 0) {
    error(loc, name) << "names external data, but its data_location is not "
                        "EXTERNAL";
    return false;
  }
  if (removed || (tensor.has_raw_data() && !typed)) {
    uint64_t present = removed ? removed->size : tensor.raw_data().size();
    if (present != size) {
      error(loc, name) << "has " << present
                       << " bytes of raw data where its shape and type want "
                       << size;
      return false;
    }
    if (removed)
      place = Place{0, removed->offset, removed->size};
  }
  return true;
}

ElementsAttr TensorImporter::inMemory(Location loc, const TensorProto &tensor,
                                      StringRef name, RankedTensorType type,
                                      std::optional<Place> place) {
  std::string why;
  if (place) {
    std::optional<std::string> bytes =
        files.read(place->file, place->offset, place->size, why);
    if (bytes)
      return fromRaw(type, *bytes, name);
    error(loc, name) << "is not readable: " << why;
    return {};
  }
  if (!tensor.raw_data().empty())
    return fromRaw(type, tensor.raw_data(), name);
  std::string raw;
  if (!rawFromTyped(tensor, type, raw, why)) {
    error(loc, name) << why;
    return {};
  }
  return fromRaw(type, raw, name);
}

/// Strings have a field of their own.
static ElementsAttr strings(const TensorProto &tensor, RankedTensorType type) {
  SmallVector<StringRef> values(tensor.string_data().begin(),
                                tensor.string_data().end());
  if (int64_t(values.size()) != type.getNumElements())
    return {};
  return DenseElementsAttr::get(type, ArrayRef<StringRef>(values));
}

ElementsAttr TensorImporter::attribute(Location loc, const TensorProto &tensor,
                                       StringRef name) {
  RankedTensorType tensorType = type(loc, tensor, name);
  if (!tensorType)
    return {};
  if (isa<onnx::StringType>(tensorType.getElementType())) {
    ElementsAttr value = strings(tensor, tensorType);
    if (!value)
      error(loc, name) << "has " << tensor.string_data_size()
                       << " strings where its shape wants "
                       << tensorType.getNumElements()
                       << (tensor.data_location() == TensorProto::EXTERNAL
                               ? " (strings can not be external data)"
                               : "");
    return value;
  }
  std::optional<Place> place;
  if (!locate(loc, tensor, name, rawSize(tensorType), place))
    return {};
  return inMemory(loc, tensor, name, tensorType, place);
}

Value TensorImporter::emit(OpBuilder &builder, Location loc, Location where,
                           const TensorProto &tensor, StringRef name) {
  RankedTensorType tensorType = type(where, tensor, name);
  if (!tensorType)
    return {};
  ElementsAttr value;
  if (onnx::byteSize(tensorType)) {
    std::optional<Place> place;
    if (!locate(where, tensor, name, rawSize(tensorType), place))
      return {};
    if (place && place->size > inlineBytes)
      return onnx::WeightOp::create(builder, loc, tensorType, name, place->file,
                                    place->offset, place->size);
    value = inMemory(where, tensor, name, tensorType, place);
  } else {
    // Strings, and elements that a file packs across bytes.
    value = attribute(where, tensor, name);
  }
  if (!value)
    return {};
  return onnx::ConstantOp::create(builder, loc, value.getType(), value);
}

} // namespace blockattn
