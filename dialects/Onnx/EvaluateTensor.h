//===- EvaluateTensor.h - small tensors at compile time ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A dense tensor in the compiler's own memory: what the evaluator reads and
// returns. Elements are kept in their own type; they are read and written as
// double (floats) or int64_t (integers and booleans).
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_EVALUATETENSOR_H
#define BLOCKATTN_DIALECTS_ONNX_EVALUATETENSOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>
#include <vector>

namespace blockattn::onnx {

/// The element types that the evaluator knows. None marks the others.
enum class Scalar : uint8_t {
  None,
  Bool,
  I2,
  I4,
  I8,
  I16,
  I32,
  I64,
  U2,
  U4,
  U8,
  U16,
  U32,
  U64,
  F16,
  BF16,
  F32,
  F64,
  F4E2M1,
  F8E4M3,
  F8E4M3UZ,
  F8E5M2,
  F8E5M2UZ,
  F8E8M0
};

/// The scalar kind of an element type; Scalar::None when it is not known to
/// the evaluator (strings, complex numbers, floats of 6 bits).
Scalar scalarOf(mlir::Type elementType);
inline bool isFloat(Scalar s) { return s >= Scalar::F16; }
inline bool isUnsigned(Scalar s) { return s >= Scalar::U2 && s <= Scalar::U64; }
/// Bytes of one element in a HostTensor (one is the least).
int64_t byteWidth(Scalar s);

/// The product of the dimensions; std::nullopt if one is negative or the
/// product does not fit.
std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> shape);

/// Rounds a double to the nearest value of a float type (ties to even).
double roundTo(Scalar s, double value);
/// Wraps an integer to the width of an integer type (0 or 1 for Bool).
int64_t wrapTo(Scalar s, int64_t value);
/// ONNX Cast from a float to an integer type: truncates towards zero; what
/// does not fit saturates, and NaN becomes 0, so that the answer never
/// depends on the host.
int64_t floatToInt(Scalar s, double value);

/// How ONNX Cast makes floats of 8 bits.
struct CastMode {
  /// What is too large becomes the largest number, and not infinity or NaN.
  bool saturate = true;
  /// Of an f8E8M0: "up", "down" or "nearest".
  llvm::StringRef rounding = "up";
};

/// A dense row-major tensor. Default constructed it is invalid, and so is what
/// the makers below return for an unsupported element type or a shape that is
/// negative or too large; an invalid tensor has no elements.
class HostTensor {
public:
  HostTensor() = default;

  /// All zero.
  static HostTensor zeros(mlir::Type elementType,
                          llvm::ArrayRef<int64_t> shape);
  /// All `value` (converted to the element type like ONNX Cast).
  static HostTensor full(mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                         double value);
  /// From values in row-major order; invalid unless their number fits.
  static HostTensor fromInts(mlir::Type elementType,
                             llvm::ArrayRef<int64_t> shape,
                             llvm::ArrayRef<int64_t> values);
  static HostTensor fromFloats(mlir::Type elementType,
                               llvm::ArrayRef<int64_t> shape,
                               llvm::ArrayRef<double> values);
  /// An i64 vector (a shape, a list of axes).
  static HostTensor vector(mlir::MLIRContext *ctx,
                           llvm::ArrayRef<int64_t> values);
  /// start, start + 1, ... in row-major order.
  static HostTensor iota(mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                         int64_t start = 0);
  /// From little-endian raw bytes, one byte a boolean. Elements of 2 or 4 bits
  /// are packed from the lowest bit of a byte up, or have a byte each.
  static HostTensor fromBytes(mlir::Type elementType,
                              llvm::ArrayRef<int64_t> shape,
                              llvm::ArrayRef<char> bytes);
  /// From a dense attribute, splat, inline or resource.
  static HostTensor from(mlir::ElementsAttr attr);

  bool isValid() const { return kind != Scalar::None; }
  explicit operator bool() const { return isValid(); }

  mlir::Type getElementType() const { return elementType; }
  Scalar getScalar() const { return kind; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return static_cast<int64_t>(shape.size()); }
  int64_t getDim(int64_t i) const { return shape[i]; }
  int64_t getNumElements() const { return numElements; }
  mlir::RankedTensorType getType() const;

  llvm::ArrayRef<char> getBytes() const { return bytes; }
  llvm::MutableArrayRef<char> getMutableBytes() { return bytes; }
  /// The elements as they are stored. T must be the storage type: float for
  /// f32, int64_t for i64, uint16_t for f16 and bf16, uint8_t for booleans.
  template <typename T> llvm::ArrayRef<T> span() const {
    return {reinterpret_cast<const T *>(bytes.data()),
            bytes.size() / sizeof(T)};
  }
  template <typename T> llvm::MutableArrayRef<T> mutableSpan() {
    return {reinterpret_cast<T *>(bytes.data()), bytes.size() / sizeof(T)};
  }

  /// Element at a flat row-major index, whatever its type is. A ui64 above
  /// the range of int64_t comes as its bit pattern from getI.
  double getF(int64_t i) const;
  int64_t getI(int64_t i) const;
  bool getB(int64_t i) const {
    return isFloat(kind) ? getF(i) != 0 : getI(i) != 0;
  }
  /// Stores an element, rounded, wrapped or (float to integer) saturated.
  void setF(int64_t i, double value, CastMode mode = {});
  void setI(int64_t i, int64_t value);

  /// Row-major index of a multi-dimensional one.
  int64_t flatIndex(llvm::ArrayRef<int64_t> index) const;
  double atF(llvm::ArrayRef<int64_t> index) const {
    return getF(flatIndex(index));
  }
  int64_t atI(llvm::ArrayRef<int64_t> index) const {
    return getI(flatIndex(index));
  }

  /// All elements, e.g. of a shape or of a list of axes.
  llvm::SmallVector<int64_t> toInts() const;
  std::vector<double> toFloats() const;

  /// ONNX Cast. Invalid if the type is not supported.
  HostTensor cast(mlir::Type elementType, CastMode mode = {}) const;
  /// The same elements in another shape of as many elements; else invalid.
  HostTensor reshaped(llvm::ArrayRef<int64_t> shape) const;

  /// A dense attribute of the tensor's type. Invalid tensors give null.
  mlir::DenseElementsAttr toAttr() const;

  /// Same type, shape and bits.
  bool operator==(const HostTensor &other) const {
    return elementType == other.elementType && shape == other.shape &&
           bytes == other.bytes;
  }
  bool operator!=(const HostTensor &other) const { return !(*this == other); }

private:
  /// With elements of 2 or 4 bits extended to the byte they have here.
  HostTensor canonical() &&;

  mlir::Type elementType;
  Scalar kind = Scalar::None;
  int64_t numElements = 0;
  llvm::SmallVector<int64_t> shape;
  std::vector<char> bytes;
};

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_EVALUATETENSOR_H
