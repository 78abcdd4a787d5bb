//===- StridedMemory.cpp - a memref as numbers ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/StridedMemory.h"

using namespace mlir;
using namespace blockattn;

int64_t blockattn::elementBytes(Type type) {
  if (type.isIndex())
    return 8;
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

StridedMemory::StridedMemory(KernelBuilder &b, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  auto metadata = memref::ExtractStridedMetadataOp::create(b, memref);
  SmallVector<int64_t> fixedStrides;
  int64_t fixedOffset;
  (void)type.getStridesAndOffset(fixedStrides, fixedOffset);
  auto known = [&](int64_t value, Value otherwise) {
    return ShapedType::isDynamic(value) ? otherwise : b.index(value);
  };
  buffer = metadata.getBaseBuffer();
  elementBytes = blockattn::elementBytes(type.getElementType());
  offset = known(fixedOffset, metadata.getOffset());
  for (int64_t i = 0; i < type.getRank(); ++i) {
    sizes.push_back(known(type.getDimSize(i), metadata.getSizes()[i]));
    strides.push_back(known(fixedStrides[i], metadata.getStrides()[i]));
  }
}

Value StridedMemory::address(KernelBuilder &b, ValueRange indices) const {
  Value element = offset;
  for (auto [index, stride] : llvm::zip(indices, strides))
    element = b.add(element, b.mul(index, stride));
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, buffer);
  return b.add(base, b.mul(element, elementBytes));
}

Value blockattn::asPointer(KernelBuilder &b, Value address) {
  return LLVM::IntToPtrOp::create(
      b, LLVM::LLVMPointerType::get(b.getContext()),
      b.createOrFold<arith::IndexCastOp>(b.getI64Type(), address));
}

Value blockattn::pointerTo(KernelBuilder &b, Value memref, ValueRange indices) {
  return asPointer(b, StridedMemory(b, memref).address(b, indices));
}

Value blockattn::byteCount(KernelBuilder &b, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  Value bytes = b.index(elementBytes(type.getElementType()));
  for (int64_t i = 0; i < type.getRank(); ++i)
    bytes = b.mul(bytes, b.dim(memref, i));
  return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), bytes);
}
