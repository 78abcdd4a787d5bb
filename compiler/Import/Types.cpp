//===- Types.cpp - ONNX types as MLIR types -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Types.h"

#include "compiler/Import/Report.h"
#include "dialects/Onnx/Onnx.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using ::onnx::TensorProto;

namespace blockattn {

Type elementType(MLIRContext *context, int64_t dataType) {
  Builder b(context);
  auto unsignedInt = [&](unsigned width) {
    return b.getIntegerType(width, /*isSigned=*/false);
  };
  switch (dataType) {
  case TensorProto::FLOAT:
    return b.getF32Type();
  case TensorProto::UINT8:
    return unsignedInt(8);
  case TensorProto::INT8:
    return b.getI8Type();
  case TensorProto::UINT16:
    return unsignedInt(16);
  case TensorProto::INT16:
    return b.getIntegerType(16);
  case TensorProto::INT32:
    return b.getI32Type();
  case TensorProto::INT64:
    return b.getI64Type();
  case TensorProto::STRING:
    return onnx::StringType::get(context);
  case TensorProto::BOOL:
    return b.getI1Type();
  case TensorProto::FLOAT16:
    return b.getF16Type();
  case TensorProto::DOUBLE:
    return b.getF64Type();
  case TensorProto::UINT32:
    return unsignedInt(32);
  case TensorProto::UINT64:
    return unsignedInt(64);
  case TensorProto::COMPLEX64:
    return ComplexType::get(b.getF32Type());
  case TensorProto::COMPLEX128:
    return ComplexType::get(b.getF64Type());
  case TensorProto::BFLOAT16:
    return b.getBF16Type();
  case TensorProto::FLOAT8E4M3FN:
    return Float8E4M3FNType::get(context);
  case TensorProto::FLOAT8E4M3FNUZ:
    return Float8E4M3FNUZType::get(context);
  case TensorProto::FLOAT8E5M2:
    return Float8E5M2Type::get(context);
  case TensorProto::FLOAT8E5M2FNUZ:
    return Float8E5M2FNUZType::get(context);
  case TensorProto::UINT4:
    return unsignedInt(4);
  case TensorProto::INT4:
    return b.getIntegerType(4);
  case TensorProto::FLOAT4E2M1:
    return Float4E2M1FNType::get(context);
  case TensorProto::FLOAT8E8M0:
    return Float8E8M0FNUType::get(context);
  case TensorProto::UINT2:
    return unsignedInt(2);
  case TensorProto::INT2:
    return b.getIntegerType(2);
  case TensorProto::FLOAT6E2M3:
    return Float6E2M3FNType::get(context);
  case TensorProto::FLOAT6E3M2:
    return Float6E3M2FNType::get(context);
  default:
    return Type();
  }
}

std::string dataTypeName(int64_t dataType) {
  if (dataType >= 0 && dataType <= TensorProto::DataType_MAX &&
      TensorProto::DataType_IsValid(static_cast<int>(dataType)))
    return TensorProto::DataType_Name(
        static_cast<TensorProto::DataType>(dataType));
  return "data type " + std::to_string(dataType);
}

TensorType unknownTensor(MLIRContext *context) {
  return UnrankedTensorType::get(onnx::UnknownType::get(context));
}

bool convertType(MLIRContext *context, const ::onnx::TypeProto &type,
                 DeclaredType &result, std::string &error) {
  result.type = unknownTensor(context);
  result.dims.clear();
  switch (type.value_case()) {
  case ::onnx::TypeProto::VALUE_NOT_SET:
    return true;
  case ::onnx::TypeProto::kTensorType:
    break;
  case ::onnx::TypeProto::kSparseTensorType:
    error = "is a sparse tensor; only dense tensors are supported";
    return false;
  default:
    error = "is a sequence, a map or an optional; only tensors are supported";
    return false;
  }
  const ::onnx::TypeProto::Tensor &tensor = type.tensor_type();
  Type element = onnx::UnknownType::get(context);
  if (tensor.elem_type() != TensorProto::UNDEFINED) {
    element = elementType(context, tensor.elem_type());
    if (!element) {
      error = "has an element type that ONNX does not have: " +
              dataTypeName(tensor.elem_type());
      return false;
    }
  }
  if (!tensor.has_shape()) {
    result.type = UnrankedTensorType::get(element);
    return true;
  }
  SmallVector<int64_t> shape, known;
  for (const ::onnx::TensorShapeProto::Dimension &dim : tensor.shape().dim()) {
    int64_t size = ShapedType::kDynamic;
    // -1 is how some exporters write "any".
    if (dim.has_dim_value() && dim.dim_value() != -1) {
      size = dim.dim_value();
      if (size < 0) {
        error = "has dimension " + std::to_string(shape.size()) + " of size " +
                std::to_string(size);
        return false;
      }
      known.push_back(size);
    }
    shape.push_back(size);
    result.dims.push_back(dim.dim_param());
  }
  // A dimension of 0 makes the tensor empty, but must not hide that the others
  // are beyond all sense.
  llvm::erase(known, 0);
  if (!elementCount(known)) {
    error = "has a shape of more than 2^62 elements";
    return false;
  }
  result.type = RankedTensorType::get(shape, element);
  return true;
}

std::optional<int64_t> elementCount(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t dim : shape) {
    if (dim < 0)
      return std::nullopt;
    std::optional<int64_t> next = llvm::checkedMul(count, dim);
    if (!next || *next > (int64_t(1) << 62))
      return std::nullopt;
    count = *next;
  }
  return count;
}

unsigned storedBits(Type type) {
  if (auto complex = dyn_cast<ComplexType>(type))
    return 2 * storedBits(complex.getElementType());
  if (type.isInteger(1))
    return 8;
  return type.isIntOrFloat() ? type.getIntOrFloatBitWidth() : 0;
}

TensorType mergeTypes(TensorType a, TensorType b) {
  Type element = a.getElementType();
  if (isa<onnx::UnknownType>(element))
    element = b.getElementType();
  else if (!isa<onnx::UnknownType>(b.getElementType()) &&
           b.getElementType() != element)
    return TensorType();
  if (!a.hasRank())
    return b.clone(element);
  if (!b.hasRank())
    return a.clone(element);
  if (a.getRank() != b.getRank())
    return TensorType();
  SmallVector<int64_t> shape(a.getShape());
  for (auto [dim, other] : llvm::zip_equal(shape, b.getShape())) {
    if (ShapedType::isDynamic(dim))
      dim = other;
    else if (!ShapedType::isDynamic(other) && other != dim)
      return TensorType();
  }
  return RankedTensorType::get(shape, element);
}

std::string typeName(Type type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << type;
  return text;
}

} // namespace blockattn
