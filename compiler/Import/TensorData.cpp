//===- TensorData.cpp - elements of tensors in memory ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/TensorData.h"

#include "compiler/Import/Skeleton.h"
#include "compiler/Import/Types.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using ::onnx::TensorProto;

namespace blockattn {

uint64_t rawSize(RankedTensorType type) {
  return llvm::divideCeil(
      uint64_t(type.getNumElements()) * storedBits(type.getElementType()), 8);
}

/// Small elements are packed from the lowest bit up; MLIR keeps each in a byte
/// of its own.
static std::string unpack(StringRef raw, int64_t count, unsigned bits) {
  std::string bytes(count, 0);
  for (int64_t i = 0; i < count; ++i) {
    uint64_t bit = uint64_t(i) * bits;
    unsigned word = static_cast<uint8_t>(raw[bit / 8]);
    if (bit / 8 + 1 < raw.size())
      word |= static_cast<uint8_t>(raw[bit / 8 + 1]) << 8;
    bytes[i] = static_cast<char>((word >> (bit % 8)) & ((1u << bits) - 1));
  }
  return bytes;
}

ElementsAttr fromRaw(RankedTensorType type, StringRef raw, StringRef name) {
  Type element = type.getElementType();
  if (type.getNumElements() == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  unsigned bits = storedBits(element);
  if (bits < 8)
    return DenseElementsAttr::getFromRawBuffer(
        type, ArrayRef<char>(unpack(raw, type.getNumElements(), bits)));
  if (raw.size() > inlineBytes) {
    // Aligned for the widest element, and for vector loads.
    AsmResourceBlob blob = HeapAsmResourceBlob::allocateAndCopyWithAlign(
        ArrayRef<char>(raw.data(), raw.size()), 64);
    DenseResourceElementsHandle handle =
        DenseResourceElementsHandle::getManagerInterface(type.getContext())
            .insert(name.empty() ? StringRef("tensor") : name, std::move(blob));
    return DenseResourceElementsAttr::get(type, handle);
  }
  if (element.isInteger(1)) {
    SmallVector<bool> values;
    for (char byte : raw)
      values.push_back(byte != 0);
    return DenseElementsAttr::get(type, ArrayRef<bool>(values));
  }
  return DenseElementsAttr::getFromRawBuffer(
      type, ArrayRef<char>(raw.data(), raw.size()));
}

namespace {

/// One of the typed fields of a TensorProto.
enum class Field { Float, Int32, Int64, Double, UInt64, None };

Field fieldOf(int32_t dataType) {
  switch (dataType) {
  case TensorProto::FLOAT:
  case TensorProto::COMPLEX64:
    return Field::Float;
  case TensorProto::DOUBLE:
  case TensorProto::COMPLEX128:
    return Field::Double;
  case TensorProto::INT64:
    return Field::Int64;
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    return Field::UInt64;
  case TensorProto::STRING:
  case TensorProto::UNDEFINED:
    return Field::None;
  default:
    return Field::Int32;
  }
}

/// Elements whose bits are those of the list's elements.
template <typename T, typename List>
void append(std::string &raw, const List &list) {
  for (auto value : list) {
    T element = static_cast<T>(value);
    raw.append(reinterpret_cast<const char *>(&element), sizeof(T));
  }
}

/// int32_data holds everything of at most 32 bits: as numbers, as bit patterns
/// for floats, packed where an element has less than 8 bits.
bool appendInt32(const TensorProto &tensor, Type element, std::string &raw,
                 std::string &error) {
  unsigned bits = storedBits(element);
  if (bits == 32) {
    append<int32_t>(raw, tensor.int32_data());
    return true;
  }
  // 6-bit floats are not packed here, one lies in each entry.
  unsigned entryBits = bits < 8 && bits != 6 ? 8 : bits;
  bool isSigned = element.isSignlessInteger() && entryBits == bits;
  int64_t low = isSigned ? -(int64_t(1) << (entryBits - 1)) : 0;
  int64_t high = (int64_t(1) << (isSigned ? entryBits - 1 : entryBits)) - 1;
  // Packed entries are bytes that some writers extend with their sign.
  if (entryBits != bits)
    low = -128;
  unsigned pending = 0, pendingBits = 0;
  for (int32_t value : tensor.int32_data()) {
    if (value < low || value > high) {
      error = "has the value " + std::to_string(value) +
              " in int32_data, which does not fit into " + typeName(element);
      return false;
    }
    if (bits == 6) {
      pending |= unsigned(value) << pendingBits;
      for (pendingBits += 6; pendingBits >= 8; pendingBits -= 8) {
        raw.push_back(static_cast<char>(pending));
        pending >>= 8;
      }
    } else if (entryBits == 16) {
      append<uint16_t>(raw, ArrayRef<int32_t>(value));
    } else {
      raw.push_back(static_cast<char>(value));
    }
  }
  if (pendingBits)
    raw.push_back(static_cast<char>(pending));
  return true;
}

} // namespace

bool rawFromTyped(const TensorProto &tensor, RankedTensorType type,
                  std::string &raw, std::string &error) {
  int sizes[] = {tensor.float_data_size(), tensor.int32_data_size(),
                 tensor.int64_data_size(), tensor.double_data_size(),
                 tensor.uint64_data_size()};
  Field field = fieldOf(tensor.data_type());
  for (auto [index, size] : llvm::enumerate(sizes))
    if (size != 0 && index != size_t(field)) {
      error = "has data in a field that is not for its type " +
              dataTypeName(tensor.data_type());
      return false;
    }
  Type element = type.getElementType();
  switch (field) {
  case Field::Float:
    append<float>(raw, tensor.float_data());
    break;
  case Field::Double:
    append<double>(raw, tensor.double_data());
    break;
  case Field::Int64:
    append<int64_t>(raw, tensor.int64_data());
    break;
  case Field::UInt64:
    if (tensor.data_type() == TensorProto::UINT64) {
      append<uint64_t>(raw, tensor.uint64_data());
      break;
    }
    for (uint64_t value : tensor.uint64_data())
      if (value > UINT32_MAX) {
        error = "has the value " + std::to_string(value) +
                " in uint64_data, which does not fit into UINT32";
        return false;
      }
    append<uint32_t>(raw, tensor.uint64_data());
    break;
  case Field::Int32:
    if (!appendInt32(tensor, element, raw, error))
      return false;
    break;
  case Field::None:
    error = "has no data";
    return false;
  }
  if (raw.size() == rawSize(type))
    return true;
  // Say it in elements: that is what the writer of the file counted.
  error = "has " +
          std::to_string(raw.size() * 8 / std::max(1u, storedBits(element))) +
          " elements of data where its shape wants " +
          std::to_string(type.getNumElements());
  return false;
}

} // namespace blockattn
