//===- ReducePrecision.cpp - programs that compute in 16-bit floats -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What comes from weights is converted, and all that is computed with it.
// Angles of rotary positions, masks and shapes stay as they are: they don't
// depend on weights, and 16 bits would not hold a position.
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Passes.h"
#include "passes/Blockify/Programs.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

namespace blockattn {
#define GEN_PASS_DEF_REDUCEPRECISION
#include "passes/Blockify/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

/// One program.
class Reducer {
public:
  Reducer(func::FuncOp func, FloatType half) : func(func), half(half) {}
  void run();

private:
  void reduceWeight(onnx::WeightOp op);
  void reduceOp(Operation *op);
  bool tryReduce(Operation *op);
  void castOperands(Operation *op, Type to);
  void reduceReturn(func::ReturnOp op);
  void widenYield(onnx::YieldOp op);
  Value cast(Value value, Type to);

  func::FuncOp func;
  FloatType half;
  /// Conversions that are there already.
  DenseMap<std::pair<Value, Type>, Value> casts;
};

struct ReducePrecision : blockattn::impl::ReducePrecisionBase<ReducePrecision> {
  using ReducePrecisionBase::ReducePrecisionBase;
  void runOnOperation() override;
};

} // namespace

static bool hasElement(Value value, Type element) {
  auto type = dyn_cast<TensorType>(value.getType());
  return type && type.getElementType() == element;
}

/// The bytes stay what they are in the file: the compiler converts them when it
/// writes the artifact.
void Reducer::reduceWeight(onnx::WeightOp op) {
  auto type = mlir::cast<TensorType>(op.getOutput().getType());
  op->setAttr("onnx.stored", TypeAttr::get(type.getElementType()));
  op.getOutput().setType(type.clone(half));
}

/// `value` converted to elements of type `to`, right behind it.
Value Reducer::cast(Value value, Type to) {
  Value &known = casts[{value, to}];
  if (known)
    return known;
  OpBuilder b(func.getContext());
  b.setInsertionPointAfterValue(value);
  auto type = mlir::cast<TensorType>(value.getType()).clone(to);
  if (auto constant = value.getDefiningOp<onnx::ConstantOp>())
    if (auto dense = dyn_cast<DenseFPElementsAttr>(constant.getValueAttr())) {
      auto &semantics = mlir::cast<FloatType>(to).getFloatSemantics();
      auto converted = dense.mapValues(to, [&](APFloat number) {
        bool losesInfo;
        number.convert(semantics, APFloat::rmNearestTiesToEven, &losesInfo);
        return number.bitcastToAPInt();
      });
      return known = onnx::ConstantOp::create(
                 b, value.getLoc(), type,
                 mlir::cast<ElementsAttr>(Attribute(converted)));
    }
  return known = onnx::CastOp::create(b, value.getLoc(), type, value,
                                      TypeAttr::get(to));
}

/// Gives the op operands of type `to` in place of the other float type.
void Reducer::castOperands(Operation *op, Type to) {
  Type f32 = Float32Type::get(func.getContext());
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = operand.get();
    bool other = to == half ? hasElement(value, f32) : hasElement(value, half);
    if (other)
      operand.set(cast(value, to));
  }
}

/// Makes the op one on 16-bit floats; false where it takes none.
bool Reducer::tryReduce(Operation *op) {
  // Casts say what they make; regions hold values of their own.
  if (isa<onnx::CastOp>(op) || op->getNumRegions() > 0)
    return false;
  SmallVector<Value> operands(op->getOperands());
  SmallVector<Type> types(op->getResultTypes());
  Type f32 = Float32Type::get(func.getContext());
  castOperands(op, half);
  for (OpResult result : op->getResults()) {
    // The log-sum-exp of an attention is in f32 whatever it computes in.
    bool isLse = isa<AttentionOp>(op) && result.getResultNumber() == 1;
    if (hasElement(result, f32) && !isLse)
      result.setType(mlir::cast<TensorType>(result.getType()).clone(half));
  }
  bool valid;
  {
    ScopedDiagnosticHandler silence(op->getContext(),
                                    [](Diagnostic &) { return success(); });
    valid = succeeded(verify(op, /*verifyRecursively=*/false));
  }
  if (valid)
    return true;
  op->setOperands(operands);
  for (auto [result, type] : llvm::zip(op->getResults(), types))
    result.setType(type);
  return false;
}

void Reducer::reduceOp(Operation *op) {
  bool fromHalf = llvm::any_of(op->getOperands(), [&](Value operand) {
    return hasElement(operand, half);
  });
  if (!fromHalf || tryReduce(op) || isa<onnx::CastOp>(op))
    return;
  castOperands(op, Float32Type::get(func.getContext()));
}

/// What an operation with regions gives keeps its type, and so does what they
/// yield. The condition of a loop, which is no result, comes first.
void Reducer::widenYield(onnx::YieldOp op) {
  Operation *parent = op->getParentOp();
  if (op->getNumOperands() < parent->getNumResults())
    return;
  unsigned before = op->getNumOperands() - parent->getNumResults();
  Type f32 = Float32Type::get(func.getContext());
  for (auto [operand, result] :
       llvm::zip(op->getOpOperands().drop_front(before), parent->getResults()))
    if (hasElement(operand.get(), half) && hasElement(result, f32))
      operand.set(cast(operand.get(), f32));
}

/// Results keep their type, but for keys and values that go to the cache: it
/// has the type that attention computes in.
void Reducer::reduceReturn(func::ReturnOp op) {
  for (OpOperand &operand : op->getOpOperands()) {
    unsigned i = operand.getOperandNumber();
    auto role = func.getResultAttrOfType<StringAttr>(i, kRoleAttr);
    bool isKv = role && role.getValue().starts_with("kv_");
    if (!isKv && hasElement(operand.get(), half) &&
        operand.get().getType() != func.getResultTypes()[i])
      operand.set(cast(operand.get(), Float32Type::get(func.getContext())));
  }
  func.setFunctionType(FunctionType::get(
      func.getContext(), func.getArgumentTypes(), op.getOperandTypes()));
}

void Reducer::run() {
  Type f32 = Float32Type::get(func.getContext());
  SmallVector<Operation *> ops;
  func.getBody().walk<WalkOrder::PreOrder>(
      [&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops) {
    if (auto weight = dyn_cast<onnx::WeightOp>(op)) {
      if (hasElement(weight.getOutput(), f32))
        reduceWeight(weight);
    } else if (auto result = dyn_cast<func::ReturnOp>(op)) {
      reduceReturn(result);
    } else if (auto yield = dyn_cast<onnx::YieldOp>(op)) {
      widenYield(yield);
    } else {
      reduceOp(op);
    }
  }
}

void ReducePrecision::runOnOperation() {
  FloatType half;
  if (dtype == "bf16")
    half = BFloat16Type::get(&getContext());
  else if (dtype == "f16")
    half = Float16Type::get(&getContext());
  else {
    getOperation().emitError("dtype '")
        << dtype << "' is not known; use bf16 or f16";
    return signalPassFailure();
  }
  for (auto func : getOperation().getOps<func::FuncOp>())
    if (func->hasAttr(kProgramAttr) && !func.isDeclaration())
      Reducer(func, half).run();
}
