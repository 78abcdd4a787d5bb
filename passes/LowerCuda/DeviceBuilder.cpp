//===- DeviceBuilder.cpp - short forms for building GPU kernels -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/DeviceBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

static Value integer(DeviceBuilder &b, Type type, int64_t value) {
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
}

Value DeviceBuilder::i32(int64_t value) {
  return integer(*this, getI32Type(), value);
}
Value DeviceBuilder::i64(int64_t value) {
  return integer(*this, getI64Type(), value);
}
Value DeviceBuilder::add(Value a, Value b) {
  return createOrFold<arith::AddIOp>(a, b);
}
Value DeviceBuilder::add(Value a, int64_t b) {
  return b ? add(a, integer(*this, a.getType(), b)) : a;
}
Value DeviceBuilder::sub(Value a, Value b) {
  return createOrFold<arith::SubIOp>(a, b);
}
Value DeviceBuilder::mul(Value a, Value b) {
  return createOrFold<arith::MulIOp>(a, b);
}
Value DeviceBuilder::mul(Value a, int64_t b) {
  return mul(a, integer(*this, a.getType(), b));
}
Value DeviceBuilder::div(Value a, Value b) {
  return createOrFold<arith::DivUIOp>(a, b);
}
Value DeviceBuilder::div(Value a, int64_t b) {
  return div(a, integer(*this, a.getType(), b));
}
Value DeviceBuilder::rem(Value a, Value b) {
  return createOrFold<arith::RemUIOp>(a, b);
}
Value DeviceBuilder::rem(Value a, int64_t b) {
  return rem(a, integer(*this, a.getType(), b));
}
Value DeviceBuilder::ceilDiv(Value a, int64_t b) {
  return div(add(a, b - 1), b);
}
Value DeviceBuilder::bitAnd(Value a, int64_t b) {
  return createOrFold<arith::AndIOp>(a, integer(*this, a.getType(), b));
}
Value DeviceBuilder::min(Value a, Value b) {
  return createOrFold<arith::MinSIOp>(a, b);
}
Value DeviceBuilder::max(Value a, Value b) {
  return createOrFold<arith::MaxSIOp>(a, b);
}
Value DeviceBuilder::less(Value a, Value b) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, a, b);
}
Value DeviceBuilder::lessEqual(Value a, Value b) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sle, a, b);
}
Value DeviceBuilder::equal(Value a, Value b) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, a, b);
}
Value DeviceBuilder::both(Value a, Value b) {
  return createOrFold<arith::AndIOp>(a, b);
}
Value DeviceBuilder::either(Value a, Value b) {
  return createOrFold<arith::OrIOp>(a, b);
}
Value DeviceBuilder::wide(Value a) {
  return createOrFold<arith::ExtSIOp>(getI64Type(), a);
}
Value DeviceBuilder::narrow(Value a) {
  return createOrFold<arith::TruncIOp>(getI32Type(), a);
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

Value DeviceBuilder::f32(double value) {
  return arith::ConstantOp::create(*this, getF32FloatAttr(value));
}
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
Value DeviceBuilder::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(*this, condition, a, b);
}

static Type withElement(Type shape, Type element) {
  if (auto vector = dyn_cast<VectorType>(shape))
    return VectorType::get(vector.getShape(), element);
  return element;
}

Value DeviceBuilder::toF32(Value value) {
  if (getElementTypeOrSelf(value).isF32())
    return value;
  return arith::ExtFOp::create(
      *this, withElement(value.getType(), getF32Type()), value);
}
Value DeviceBuilder::fromF32(Value value, Type element) {
  if (element.isF32())
    return value;
  return arith::TruncFOp::create(*this, withElement(value.getType(), element),
                                 value);
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

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

SmallVector<Value> DeviceBuilder::loop(Value begin, Value end, Value step,
                                       ValueRange init, LoopBody body) {
  auto loop = scf::ForOp::create(*this, begin, end, step, init);
  InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  SmallVector<Value> results =
      body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!init.empty())
    scf::YieldOp::create(*this, results);
  return SmallVector<Value>(loop.getResults());
}

void DeviceBuilder::loop(Value begin, Value end, Value step,
                         function_ref<void(Value)> body) {
  loop(begin, end, step, {}, [&](Value i, ValueRange) {
    body(i);
    return SmallVector<Value>();
  });
}

SmallVector<Value>
DeviceBuilder::branch(Value condition, TypeRange types,
                      function_ref<SmallVector<Value>()> then,
                      function_ref<SmallVector<Value>()> otherwise) {
  auto op = scf::IfOp::create(*this, types, condition, /*withElse=*/true);
  InsertionGuard guard(*this);
  // Blocks without results have their terminator from the start.
  auto fill = [&](Block *block, function_ref<SmallVector<Value>()> body) {
    setInsertionPointToStart(block);
    SmallVector<Value> results = body();
    if (!types.empty())
      scf::YieldOp::create(*this, results);
  };
  fill(op.thenBlock(), then);
  fill(op.elseBlock(), otherwise);
  return SmallVector<Value>(op.getResults());
}

void DeviceBuilder::when(Value condition, function_ref<void()> then) {
  auto op = scf::IfOp::create(*this, condition, /*withElse=*/false);
  InsertionGuard guard(*this);
  setInsertionPointToStart(op.thenBlock());
  then();
}
