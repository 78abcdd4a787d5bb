//===- Descriptor.cpp - memrefs as the LLVM dialect sees them -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Descriptor.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

Type blockattn::llvmTypeOf(Type type) {
  return LLVMTypeConverter(type.getContext()).convertType(type);
}

Type blockattn::descriptorType(MemRefType type) { return llvmTypeOf(type); }

Value blockattn::castTo(ImplicitLocOpBuilder &b, Value value, Type type) {
  if (value.getType() == type)
    return value;
  return UnrealizedConversionCastOp::create(b, type, value).getResult(0);
}

Value blockattn::memrefFromPointer(ImplicitLocOpBuilder &b, Value pointer,
                                   MemRefType type, ValueRange sizes) {
  Type i64 = b.getI64Type();
  Value descriptor = LLVM::PoisonOp::create(b, descriptorType(type));
  auto insert = [&](Value value, ArrayRef<int64_t> position) {
    descriptor = LLVM::InsertValueOp::create(b, descriptor, value, position);
  };
  insert(pointer, {0});
  insert(pointer, {1});
  insert(LLVM::ConstantOp::create(b, i64, b.getI64IntegerAttr(0)), {2});
  Value stride = arith::ConstantIndexOp::create(b, 1);
  for (int64_t i = type.getRank() - 1; i >= 0; --i) {
    insert(castTo(b, sizes[i], i64), {3, i});
    insert(castTo(b, stride, i64), {4, i});
    stride = b.createOrFold<arith::MulIOp>(stride, sizes[i]);
  }
  return castTo(b, descriptor, type);
}
