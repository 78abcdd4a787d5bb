//===- EvaluateTensor.cpp - small tensors at compile time -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/EvaluateTensor.h"
#include "dialects/Onnx/EvaluateNumbers.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <cstring>
#include <limits>

using namespace mlir;
using namespace blockattn::onnx;

// Nothing that the compiler evaluates is anywhere near this; more would only
// be asked for by a damaged model.
static constexpr int64_t kMaxBytes = int64_t(1) << 31;

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

Scalar blockattn::onnx::scalarOf(Type type) {
  if (!type)
    return Scalar::None;
  if (auto integer = dyn_cast<IntegerType>(type)) {
    bool isUnsigned = integer.isUnsigned();
    switch (integer.getWidth()) {
    case 1:
      return Scalar::Bool;
    case 2:
      return isUnsigned ? Scalar::U2 : Scalar::I2;
    case 4:
      return isUnsigned ? Scalar::U4 : Scalar::I4;
    case 8:
      return isUnsigned ? Scalar::U8 : Scalar::I8;
    case 16:
      return isUnsigned ? Scalar::U16 : Scalar::I16;
    case 32:
      return isUnsigned ? Scalar::U32 : Scalar::I32;
    case 64:
      return isUnsigned ? Scalar::U64 : Scalar::I64;
    default:
      return Scalar::None;
    }
  }
  return TypeSwitch<Type, Scalar>(type)
      .Case<Float16Type>([](auto) { return Scalar::F16; })
      .Case<BFloat16Type>([](auto) { return Scalar::BF16; })
      .Case<Float32Type>([](auto) { return Scalar::F32; })
      .Case<Float64Type>([](auto) { return Scalar::F64; })
      .Case<Float4E2M1FNType>([](auto) { return Scalar::F4E2M1; })
      .Case<Float8E4M3FNType>([](auto) { return Scalar::F8E4M3; })
      .Case<Float8E4M3FNUZType>([](auto) { return Scalar::F8E4M3UZ; })
      .Case<Float8E5M2Type>([](auto) { return Scalar::F8E5M2; })
      .Case<Float8E5M2FNUZType>([](auto) { return Scalar::F8E5M2UZ; })
      .Case<Float8E8M0FNUType>([](auto) { return Scalar::F8E8M0; })
      .Default([](auto) { return Scalar::None; });
}

int64_t blockattn::onnx::byteWidth(Scalar s) {
  switch (s) {
  case Scalar::None:
    return 0;
  case Scalar::Bool:
  case Scalar::I2:
  case Scalar::I4:
  case Scalar::I8:
  case Scalar::U2:
  case Scalar::U4:
  case Scalar::U8:
  case Scalar::F4E2M1:
  case Scalar::F8E4M3:
  case Scalar::F8E4M3UZ:
  case Scalar::F8E5M2:
  case Scalar::F8E5M2UZ:
  case Scalar::F8E8M0:
    return 1;
  case Scalar::I16:
  case Scalar::U16:
  case Scalar::F16:
  case Scalar::BF16:
    return 2;
  case Scalar::I32:
  case Scalar::U32:
  case Scalar::F32:
    return 4;
  case Scalar::I64:
  case Scalar::U64:
  case Scalar::F64:
    return 8;
  }
  return 0;
}

std::optional<int64_t> blockattn::onnx::countElements(ArrayRef<int64_t> shape) {
  // A zero anywhere makes an empty tensor, however large the others are.
  if (llvm::any_of(shape, [](int64_t d) { return d < 0; }))
    return std::nullopt;
  if (llvm::is_contained(shape, 0))
    return 0;
  int64_t count = 1;
  for (int64_t d : shape)
    if (llvm::MulOverflow(count, d, count))
      return std::nullopt;
  return count;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

template <typename T> static T load(const std::vector<char> &bytes, int64_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
static void store(std::vector<char> &bytes, int64_t i, T value) {
  std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
}

double HostTensor::getF(int64_t i) const {
  switch (kind) {
  case Scalar::F16:
    return halfToDouble(load<uint16_t>(bytes, i));
  case Scalar::BF16:
    return bfloatToDouble(load<uint16_t>(bytes, i));
  case Scalar::F32:
    return load<float>(bytes, i);
  case Scalar::F64:
    return load<double>(bytes, i);
  case Scalar::U64:
    return static_cast<double>(load<uint64_t>(bytes, i));
  case Scalar::F4E2M1:
  case Scalar::F8E4M3:
  case Scalar::F8E4M3UZ:
  case Scalar::F8E5M2:
  case Scalar::F8E5M2UZ:
  case Scalar::F8E8M0:
    return narrowToDouble(kind, load<uint8_t>(bytes, i));
  default:
    return static_cast<double>(getI(i));
  }
}

int64_t HostTensor::getI(int64_t i) const {
  switch (kind) {
  case Scalar::None:
    return 0;
  case Scalar::Bool:
    return load<uint8_t>(bytes, i) != 0;
  case Scalar::I2:
  case Scalar::I4:
  case Scalar::U2:
  case Scalar::U4:
    return wrapTo(kind, load<uint8_t>(bytes, i));
  case Scalar::I8:
    return load<int8_t>(bytes, i);
  case Scalar::I16:
    return load<int16_t>(bytes, i);
  case Scalar::I32:
    return load<int32_t>(bytes, i);
  case Scalar::I64:
  case Scalar::U64:
    return load<int64_t>(bytes, i);
  case Scalar::U8:
    return load<uint8_t>(bytes, i);
  case Scalar::U16:
    return load<uint16_t>(bytes, i);
  case Scalar::U32:
    return load<uint32_t>(bytes, i);
  default:
    return floatToInt(Scalar::I64, getF(i));
  }
}

void HostTensor::setF(int64_t i, double value, CastMode mode) {
  switch (kind) {
  case Scalar::F16:
    return store<uint16_t>(bytes, i, doubleToHalf(value));
  case Scalar::BF16:
    return store<uint16_t>(bytes, i, doubleToBfloat(value));
  case Scalar::F32:
    // A double that rounds beyond the range must become an infinity; the
    // language leaves that conversion undefined.
    return store<float>(bytes, i,
                        static_cast<float>(roundTo(Scalar::F32, value)));
  case Scalar::F64:
    return store<double>(bytes, i, value);
  case Scalar::F4E2M1:
  case Scalar::F8E4M3:
  case Scalar::F8E4M3UZ:
  case Scalar::F8E5M2:
  case Scalar::F8E5M2UZ:
  case Scalar::F8E8M0:
    return store<uint8_t>(bytes, i, doubleToNarrow(kind, value, mode));
  case Scalar::I2:
  case Scalar::I4:
  case Scalar::U2:
  case Scalar::U4:
    // As ONNX's own implementation: the lowest bits of the integer.
    return setI(i, floatToInt(Scalar::I64, value));
  case Scalar::None:
    return;
  default:
    return setI(i, floatToInt(kind, value));
  }
}

void HostTensor::setI(int64_t i, int64_t value) {
  switch (kind) {
  case Scalar::None:
    return;
  case Scalar::Bool:
    return store<uint8_t>(bytes, i, value != 0);
  case Scalar::I2:
  case Scalar::I4:
  case Scalar::U2:
  case Scalar::U4:
    return store<uint8_t>(bytes, i, static_cast<uint8_t>(wrapTo(kind, value)));
  case Scalar::I8:
  case Scalar::U8:
    return store<uint8_t>(bytes, i, static_cast<uint8_t>(value));
  case Scalar::I16:
  case Scalar::U16:
    return store<uint16_t>(bytes, i, static_cast<uint16_t>(value));
  case Scalar::I32:
  case Scalar::U32:
    return store<uint32_t>(bytes, i, static_cast<uint32_t>(value));
  case Scalar::I64:
  case Scalar::U64:
    return store<int64_t>(bytes, i, value);
  case Scalar::F32:
    // Not by way of double: that would round twice.
    return store<float>(bytes, i, static_cast<float>(value));
  default:
    return setF(i, static_cast<double>(value));
  }
}

int64_t HostTensor::flatIndex(ArrayRef<int64_t> index) const {
  int64_t flat = 0;
  for (auto [i, dim] : llvm::zip(index, shape))
    flat = flat * dim + i;
  return flat;
}

SmallVector<int64_t> HostTensor::toInts() const {
  SmallVector<int64_t> values(numElements);
  for (int64_t i = 0; i < numElements; ++i)
    values[i] = getI(i);
  return values;
}

std::vector<double> HostTensor::toFloats() const {
  std::vector<double> values(numElements);
  for (int64_t i = 0; i < numElements; ++i)
    values[i] = getF(i);
  return values;
}

//===----------------------------------------------------------------------===//
// Makers
//===----------------------------------------------------------------------===//

HostTensor HostTensor::zeros(Type elementType, ArrayRef<int64_t> shape) {
  HostTensor t;
  Scalar kind = scalarOf(elementType);
  std::optional<int64_t> count = countElements(shape);
  if (kind == Scalar::None || !count || *count > kMaxBytes / byteWidth(kind))
    return t;
  t.elementType = elementType;
  t.kind = kind;
  t.numElements = *count;
  t.shape.assign(shape.begin(), shape.end());
  t.bytes.resize(*count * byteWidth(kind));
  return t;
}

HostTensor HostTensor::full(Type elementType, ArrayRef<int64_t> shape,
                            double value) {
  HostTensor t = zeros(elementType, shape);
  if (t.numElements == 0)
    return t;
  t.setF(0, value);
  size_t width = byteWidth(t.kind);
  // What is there is doubled.
  for (size_t done = width, all = t.bytes.size(); done < all; done *= 2)
    std::memcpy(t.bytes.data() + done, t.bytes.data(),
                std::min(done, all - done));
  return t;
}

HostTensor HostTensor::fromInts(Type elementType, ArrayRef<int64_t> shape,
                                ArrayRef<int64_t> values) {
  if (countElements(shape) != static_cast<int64_t>(values.size()))
    return HostTensor();
  HostTensor t = zeros(elementType, shape);
  for (int64_t i = 0; i < t.numElements; ++i)
    t.setI(i, values[i]);
  return t;
}

HostTensor HostTensor::fromFloats(Type elementType, ArrayRef<int64_t> shape,
                                  ArrayRef<double> values) {
  if (countElements(shape) != static_cast<int64_t>(values.size()))
    return HostTensor();
  HostTensor t = zeros(elementType, shape);
  for (int64_t i = 0; i < t.numElements; ++i)
    t.setF(i, values[i]);
  return t;
}

HostTensor HostTensor::vector(MLIRContext *ctx, ArrayRef<int64_t> values) {
  return fromInts(IntegerType::get(ctx, 64),
                  {static_cast<int64_t>(values.size())}, values);
}

HostTensor HostTensor::iota(Type elementType, ArrayRef<int64_t> shape,
                            int64_t start) {
  HostTensor t = zeros(elementType, shape);
  for (int64_t i = 0; i < t.numElements; ++i)
    t.setI(i, start + i);
  return t;
}

HostTensor HostTensor::fromBytes(Type elementType, ArrayRef<int64_t> shape,
                                 ArrayRef<char> bytes) {
  HostTensor t = zeros(elementType, shape);
  if (!t)
    return t;
  unsigned bits = elementType.getIntOrFloatBitWidth();
  if ((bits == 2 || bits == 4) && bytes.size() != t.bytes.size()) {
    int64_t perByte = 8 / bits;
    if (static_cast<int64_t>(bytes.size()) !=
        llvm::divideCeil(t.numElements, perByte))
      return HostTensor();
    for (int64_t i = 0; i < t.numElements; ++i) {
      auto byte = static_cast<uint8_t>(bytes[i / perByte]);
      t.bytes[i] = (byte >> (i % perByte * bits)) & ((1 << bits) - 1);
    }
    return std::move(t).canonical();
  }
  if (bytes.size() != t.bytes.size())
    return HostTensor();
  t.bytes.assign(bytes.begin(), bytes.end());
  return std::move(t).canonical();
}

HostTensor HostTensor::canonical() && {
  if (kind == Scalar::I2 || kind == Scalar::I4 || kind == Scalar::U2 ||
      kind == Scalar::U4)
    for (int64_t i = 0; i < numElements; ++i)
      setI(i, getI(i));
  return std::move(*this);
}

HostTensor HostTensor::from(ElementsAttr attr) {
  auto type = dyn_cast_or_null<RankedTensorType>(attr.getType());
  if (!type)
    return HostTensor();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    return blob ? fromBytes(type.getElementType(), type.getShape(),
                            blob->getData())
                : HostTensor();
  }
  auto dense = dyn_cast<DenseElementsAttr>(attr);
  if (!dense)
    return HostTensor();
  HostTensor t = zeros(type.getElementType(), type.getShape());
  if (!t)
    return t;
  if (t.kind == Scalar::Bool) {
    // The attribute may pack booleans as bits; its iterator knows.
    for (auto [i, value] : llvm::enumerate(dense.getValues<bool>()))
      t.setI(static_cast<int64_t>(i), value);
    return t;
  }
  ArrayRef<char> raw = dense.getRawData();
  size_t width = byteWidth(t.kind);
  if (dense.isSplat()) {
    for (int64_t i = 0; i < t.numElements; ++i)
      std::memcpy(t.bytes.data() + i * width, raw.data(), width);
  } else if (raw.size() == t.bytes.size()) {
    t.bytes.assign(raw.begin(), raw.end());
  } else {
    return HostTensor();
  }
  return std::move(t).canonical();
}

HostTensor HostTensor::cast(Type to, CastMode mode) const {
  Scalar target = scalarOf(to);
  if (!isValid() || target == Scalar::None)
    return HostTensor();
  if (to == elementType)
    return *this;
  HostTensor t = zeros(to, shape);
  // Unsigned 64-bit numbers above 2^63 are right only by way of getF.
  bool throughFloat = isFloat(kind) || (kind == Scalar::U64 && isFloat(target));
  for (int64_t i = 0; i < t.numElements; ++i)
    throughFloat ? t.setF(i, getF(i), mode) : t.setI(i, getI(i));
  return t;
}

HostTensor HostTensor::reshaped(ArrayRef<int64_t> newShape) const {
  if (!isValid() || countElements(newShape) != numElements)
    return HostTensor();
  HostTensor t = *this;
  t.shape.assign(newShape.begin(), newShape.end());
  return t;
}

RankedTensorType HostTensor::getType() const {
  return isValid() ? RankedTensorType::get(shape, elementType)
                   : RankedTensorType();
}

DenseElementsAttr HostTensor::toAttr() const {
  if (!isValid())
    return DenseElementsAttr();
  RankedTensorType type = getType();
  if (kind == Scalar::Bool) {
    SmallVector<bool> values;
    values.reserve(numElements);
    for (int64_t i = 0; i < numElements; ++i)
      values.push_back(getI(i));
    return DenseElementsAttr::get(type, values);
  }
  return DenseElementsAttr::getFromRawBuffer(type, bytes);
}
