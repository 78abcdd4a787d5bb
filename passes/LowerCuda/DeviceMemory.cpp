//===- DeviceMemory.cpp - addresses of device memory, on the host ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/DeviceMemory.h"

using namespace mlir;
using namespace blockattn;

int64_t blockattn::elementBytes(Type type) {
  if (type.isIndex())
    return 8;
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

Value blockattn::deviceAddress(KernelBuilder &b, Value memref,
                               ValueRange indices) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  (void)type.getStridesAndOffset(strides, offset);
  auto metadata = memref::ExtractStridedMetadataOp::create(b, memref);
  auto known = [&](int64_t value, Value otherwise) {
    return ShapedType::isDynamic(value) ? otherwise : b.index(value);
  };
  Value element = known(offset, metadata.getOffset());
  for (auto [i, index] : llvm::enumerate(indices))
    element = b.add(element,
                    b.mul(index, known(strides[i], metadata.getStrides()[i])));
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(
      b, metadata.getBaseBuffer());
  Value address =
      b.add(base, b.mul(element, b.index(elementBytes(type.getElementType()))));
  return LLVM::IntToPtrOp::create(
      b, LLVM::LLVMPointerType::get(b.getContext()),
      arith::IndexCastOp::create(b, b.getI64Type(), address).getResult());
}

Value blockattn::byteCount(KernelBuilder &b, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  Value bytes = b.index(elementBytes(type.getElementType()));
  for (int64_t i = 0; i < type.getRank(); ++i)
    bytes = b.mul(bytes, b.dim(memref, i));
  return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), bytes);
}
