//===- KernelBuilder.cpp - short forms for building loop nests ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/KernelBuilder.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value KernelBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}
Value KernelBuilder::toIndex(Value integer) {
  return createOrFold<arith::IndexCastOp>(getIndexType(), integer);
}
Value KernelBuilder::toI32(Value index) {
  return createOrFold<arith::IndexCastOp>(getI32Type(), index);
}

//===----------------------------------------------------------------------===//
// f32 arithmetic
//===----------------------------------------------------------------------===//

static constexpr auto kContract = arith::FastMathFlags::contract;

Value KernelBuilder::f32Lanes(double value) {
  return arith::ConstantOp::create(
      *this,
      DenseElementsAttr::get(lanes(getF32Type()), static_cast<float>(value)));
}
Value KernelBuilder::addF(Value a, Value b) {
  return arith::AddFOp::create(*this, a, b, kContract);
}
Value KernelBuilder::subF(Value a, Value b) {
  return arith::SubFOp::create(*this, a, b, kContract);
}
Value KernelBuilder::mulF(Value a, Value b) {
  return arith::MulFOp::create(*this, a, b, kContract);
}
Value KernelBuilder::mulAdd(Value a, Value b, Value c) {
  return addF(mulF(a, b), c);
}
Value KernelBuilder::broadcast(Value scalar) {
  return vector::BroadcastOp::create(*this, lanes(scalar.getType()), scalar);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value KernelBuilder::dim(Value memref, int64_t i) {
  return createOrFold<memref::DimOp>(memref, i);
}
Value KernelBuilder::load(Value memref, ValueRange indices) {
  return memref::LoadOp::create(*this, memref, indices);
}
void KernelBuilder::store(Value value, Value memref, ValueRange indices) {
  memref::StoreOp::create(*this, value, memref, indices);
}
Value KernelBuilder::loadLanes(Value memref, ValueRange indices) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  return vector::LoadOp::create(*this, lanes(element), memref, indices);
}
void KernelBuilder::storeLanes(Value value, Value memref, ValueRange indices) {
  vector::StoreOp::create(*this, value, memref, indices);
}
Value KernelBuilder::scratch(ArrayRef<int64_t> shape, Type element,
                             ValueRange dynamic) {
  return memref::AllocaOp::create(*this, MemRefType::get(shape, element),
                                  dynamic, getI64IntegerAttr(64));
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

SmallVector<Value> KernelBuilder::loop(Value begin, Value end, int64_t step,
                                       ValueRange init, LoopBody body) {
  return loop(begin, end, index(step), init, body);
}

void KernelBuilder::loop(Value begin, Value end, int64_t step,
                         function_ref<void(Value)> body) {
  loop(begin, end, index(step), body);
}

void KernelBuilder::parallel(Value count, function_ref<void(Value)> body) {
  auto loop = scf::ParallelOp::create(*this, ValueRange{index(0)},
                                      ValueRange{count}, ValueRange{index(1)});
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVars()[0]);
}
