//===- CodeBuilder.cpp - arithmetic in short forms ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/CodeBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

Value CodeBuilder::integer(Type type, int64_t value) {
  return arith::ConstantOp::create(*this, getIntegerAttr(type, value));
}
Value CodeBuilder::i32(int64_t value) { return integer(getI32Type(), value); }
Value CodeBuilder::i64(int64_t value) { return integer(getI64Type(), value); }
Value CodeBuilder::add(Value a, Value b) {
  return createOrFold<arith::AddIOp>(a, b);
}
Value CodeBuilder::add(Value a, int64_t b) {
  return b ? add(a, integer(a.getType(), b)) : a;
}
Value CodeBuilder::sub(Value a, Value b) {
  return createOrFold<arith::SubIOp>(a, b);
}
Value CodeBuilder::mul(Value a, Value b) {
  return createOrFold<arith::MulIOp>(a, b);
}
Value CodeBuilder::mul(Value a, int64_t b) {
  return mul(a, integer(a.getType(), b));
}
Value CodeBuilder::div(Value a, Value b) {
  return createOrFold<arith::DivUIOp>(a, b);
}
Value CodeBuilder::div(Value a, int64_t b) {
  return div(a, integer(a.getType(), b));
}
Value CodeBuilder::rem(Value a, Value b) {
  return createOrFold<arith::RemUIOp>(a, b);
}
Value CodeBuilder::rem(Value a, int64_t b) {
  return rem(a, integer(a.getType(), b));
}
Value CodeBuilder::ceilDiv(Value a, int64_t b) { return div(add(a, b - 1), b); }
Value CodeBuilder::bitAnd(Value a, int64_t b) {
  return createOrFold<arith::AndIOp>(a, integer(a.getType(), b));
}
Value CodeBuilder::min(Value a, Value b) {
  return createOrFold<arith::MinSIOp>(a, b);
}
Value CodeBuilder::max(Value a, Value b) {
  return createOrFold<arith::MaxSIOp>(a, b);
}
Value CodeBuilder::less(Value a, Value b) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, a, b);
}
Value CodeBuilder::lessEqual(Value a, Value b) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sle, a, b);
}
Value CodeBuilder::equal(Value a, Value b) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, a, b);
}
Value CodeBuilder::both(Value a, Value b) {
  return createOrFold<arith::AndIOp>(a, b);
}
Value CodeBuilder::either(Value a, Value b) {
  return createOrFold<arith::OrIOp>(a, b);
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

Value CodeBuilder::f32(double value) {
  return arith::ConstantOp::create(*this, getF32FloatAttr(value));
}
Value CodeBuilder::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(*this, condition, a, b);
}

/// `element`, as a vector where `like` is one.
static Type sameShape(Type like, Type element) {
  if (auto vector = dyn_cast<VectorType>(like))
    return vector.clone(element);
  return element;
}

Value CodeBuilder::toF32(Value value) {
  Type element = getElementTypeOrSelf(value.getType());
  if (element.isF32())
    return value;
  Type type = sameShape(value.getType(), getF32Type());
  if (element.getIntOrFloatBitWidth() > 32)
    return arith::TruncFOp::create(*this, type, value);
  return arith::ExtFOp::create(*this, type, value);
}
Value CodeBuilder::fromF32(Value value, Type element) {
  if (element.isF32())
    return value;
  return arith::TruncFOp::create(*this, sameShape(value.getType(), element),
                                 value);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

SmallVector<Value> CodeBuilder::loop(Value begin, Value end, Value step,
                                     ValueRange init, LoopBody body) {
  auto loop = scf::ForOp::create(*this, begin, end, step, init);
  InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  SmallVector<Value> results =
      body(loop.getInductionVar(), loop.getRegionIterArgs());
  // Without values to carry the loop has its terminator from the start.
  if (!init.empty())
    scf::YieldOp::create(*this, results);
  return SmallVector<Value>(loop.getResults());
}

void CodeBuilder::loop(Value begin, Value end, Value step,
                       function_ref<void(Value)> body) {
  loop(begin, end, step, {}, [&](Value i, ValueRange) {
    body(i);
    return SmallVector<Value>();
  });
}

SmallVector<Value>
CodeBuilder::branch(Value condition, TypeRange types,
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

void CodeBuilder::when(Value condition, function_ref<void()> then) {
  auto op = scf::IfOp::create(*this, condition, /*withElse=*/false);
  InsertionGuard guard(*this);
  setInsertionPointToStart(op.thenBlock());
  then();
}
