//===- DeviceBuilder.cpp - short forms for building GPU kernels -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/DeviceBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

Value DeviceBuilder::wide(Value a) {
  return createOrFold<arith::ExtSIOp>(getI64Type(), a);
}
Value DeviceBuilder::narrow(Value a) {
  return createOrFold<arith::TruncIOp>(getI32Type(), a);
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

Value DeviceBuilder::addF(Value a, Value b) {
  return arith::AddFOp::create(*this, a, b);
}
Value DeviceBuilder::subF(Value a, Value b) {
  return arith::SubFOp::create(*this, a, b);
}
Value DeviceBuilder::mulF(Value a, Value b) {
  return arith::MulFOp::create(*this, a, b);
}
Value DeviceBuilder::divF(Value a, Value b) {
  return arith::DivFOp::create(*this, a, b);
}
Value DeviceBuilder::fma(Value a, Value b, Value c) {
  return LLVM::FMAOp::create(*this, a, b, c);
}
Value DeviceBuilder::maxF(Value a, Value b) {
  // Upstream would have arith's call a library of the CUDA toolkit.
  return intrinsic("llvm.maxnum", a.getType(), {a, b});
}
Value DeviceBuilder::equalF(Value a, Value b) {
  return arith::CmpFOp::create(*this, arith::CmpFPredicate::OEQ, a, b);
}
Value DeviceBuilder::exp2(Value a) {
  return intrinsic("llvm.nvvm.ex2.approx.ftz", a.getType(), a);
}
Value DeviceBuilder::log2(Value a) {
  return intrinsic("llvm.nvvm.lg2.approx.ftz.f", a.getType(), a);
}
Value DeviceBuilder::pack(Value low, Value high, Type element) {
  bool bf16 = element.isBF16();
  Value pair =
      intrinsic(bf16 ? "llvm.nvvm.ff2bf16x2.rn" : "llvm.nvvm.ff2f16x2.rn",
                VectorType::get({2}, element), {high, low});
  return LLVM::BitcastOp::create(*this, getI32Type(), pair);
}

Value DeviceBuilder::intrinsic(StringRef name, Type result,
                               ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(*this, result, getStringAttr(name),
                                       operands)
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Type DeviceBuilder::pointer(unsigned space) {
  return LLVM::LLVMPointerType::get(getContext(), space);
}
Value DeviceBuilder::offset(Value pointer, Value bytes) {
  return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer,
                             ValueRange{bytes});
}
Value DeviceBuilder::offset(Value pointer, int64_t bytes) {
  if (!bytes)
    return pointer;
  return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
}
Value DeviceBuilder::load(Type type, Value pointer, unsigned alignment) {
  return LLVM::LoadOp::create(*this, type, pointer, alignment);
}
void DeviceBuilder::store(Value value, Value pointer, unsigned alignment) {
  LLVM::StoreOp::create(*this, value, pointer, alignment);
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

Value DeviceBuilder::thread() {
  return NVVM::ThreadIdXOp::create(*this, getI32Type());
}
Value DeviceBuilder::blockX() {
  return NVVM::BlockIdXOp::create(*this, getI32Type());
}
Value DeviceBuilder::blockY() {
  return NVVM::BlockIdYOp::create(*this, getI32Type());
}
void DeviceBuilder::barrier() { NVVM::BarrierOp::create(*this); }

Value DeviceBuilder::shuffleXor(Value value, int64_t mask) {
  return NVVM::ShflOp::create(*this, value.getType(), i32(-1), value, i32(mask),
                              i32(31), NVVM::ShflKind::bfly, UnitAttr());
}

void DeviceBuilder::clusterBarrier() {
  NVVM::ClusterArriveOp::create(*this, UnitAttr());
  NVVM::ClusterWaitOp::create(*this, UnitAttr());
}

static Value redux(DeviceBuilder &b, Value value, NVVM::ReduxKind kind) {
  return NVVM::ReduxOp::create(b, b.getI32Type(), value, kind, b.i32(-1));
}
Value DeviceBuilder::warpMin(Value value) {
  return redux(*this, value, NVVM::ReduxKind::MIN);
}
Value DeviceBuilder::warpMax(Value value) {
  return redux(*this, value, NVVM::ReduxKind::MAX);
}
Value DeviceBuilder::warpSum(Value value) {
  return redux(*this, value, NVVM::ReduxKind::ADD);
}
