//===- Dataflow.cpp - what depends on what --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Dataflow.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Matchers.h"
#include <cmath>

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

/// Whether the elements of an argument come to a cosine or sine with nothing
/// but arithmetic in between, or to a rotation that has been raised from them:
/// then they are positions, whatever their name.
static bool reachesAngle(BlockArgument argument) {
  SmallVector<Value> worklist = {argument};
  llvm::DenseSet<Value> seen = {argument};
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    for (OpOperand &use : value.getUses()) {
      Operation *op = use.getOwner();
      auto rotary = dyn_cast<RotaryOp>(op);
      if (isa<onnx::CosOp, onnx::SinOp>(op) ||
          (rotary && rotary.getPositions() == value))
        return true;
      if (!isa<onnx::CastOp, onnx::UnsqueezeOp, onnx::SqueezeOp, onnx::MulOp,
               onnx::MatMulOp, onnx::TransposeOp, onnx::ConcatOp,
               onnx::ExpandOp, onnx::AddOp, onnx::DivOp, onnx::SubOp>(op) &&
          !(isa<onnx::ReshapeOp>(op) && use.getOperandNumber() == 0))
        continue;
      for (Value result : op->getResults())
        if (seen.insert(result).second)
          worklist.push_back(result);
    }
  }
  return false;
}

static ArgumentKind classify(func::FuncOp func, BlockArgument argument) {
  auto type = dyn_cast<ShapedType>(argument.getType());
  if (!type || !type.getElementType().isIntOrIndex())
    return ArgumentKind::Data;
  std::string name;
  if (auto attr = func.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                    "onnx.name"))
    name = attr.getValue().lower();
  if (StringRef(name).contains("position") || reachesAngle(argument))
    return ArgumentKind::Positions;
  if (StringRef(name).contains("mask"))
    return ArgumentKind::Mask;
  return ArgumentKind::Tokens;
}

Dependences::Dependences(func::FuncOp func) {
  for (BlockArgument argument : func.getArguments()) {
    ArgumentKind kind = classify(func, argument);
    kinds.push_back(kind);
    bits[argument] = kind == ArgumentKind::Positions ? OnPositions
                     : kind == ArgumentKind::Mask    ? OnMask
                                                     : OnData;
  }
  func.walk([&](Operation *op) {
    if (op == func)
      return;
    unsigned sum = 0;
    for (Value operand : op->getOperands())
      sum |= bits.lookup(operand);
    // A subgraph depends on what its ops do; these have been visited.
    for (Region &region : op->getRegions())
      region.walk([&](Operation *nested) {
        for (Value operand : nested->getOperands())
          sum |= bits.lookup(operand);
      });
    if (sum && isa<onnx::ShapeOp, onnx::SizeOp>(op))
      sum = OnShapes;
    for (Value result : op->getResults())
      bits[result] = sum;
  });
}

CutWalker::CutWalker(ValueRange roots, Predicate predicate)
    : isFree(std::move(predicate)) {
  for (Value root : roots)
    add(root);
}

void CutWalker::add(Value value) {
  if (!isFree(value))
    frontier.insert(value);
  else if (Operation *def = value.getDefiningOp();
           !def || !def->hasTrait<OpTrait::ConstantLike>())
    free.insert(value);
}

Value CutWalker::next() {
  while (!frontier.empty()) {
    Operation *latest = nullptr;
    for (Value value : frontier) {
      Operation *def = value.getDefiningOp();
      if (def && (!latest || (def->getBlock() == latest->getBlock() &&
                              latest->isBeforeInBlock(def))))
        latest = def;
    }
    if (!latest || latest->getNumRegions() != 0)
      return {};
    frontier.remove_if(
        [&](Value value) { return value.getDefiningOp() == latest; });
    ops.push_back(latest);
    for (Value operand : latest->getOperands())
      add(operand);
    if (frontier.size() == 1)
      return frontier.front();
  }
  return {};
}

std::optional<double> raise::scalarConstant(Value value) {
  DenseElementsAttr attr;
  if (!value || !matchPattern(value, m_Constant(&attr)) ||
      attr.getNumElements() < 1 ||
      (!attr.isSplat() && attr.getNumElements() != 1))
    return std::nullopt;
  if (auto type = dyn_cast<FloatType>(attr.getElementType());
      type && type.getWidth() <= 64)
    return attr.getSplatValue<APFloat>().convertToDouble();
  if (auto type = dyn_cast<IntegerType>(attr.getElementType());
      type && type.getWidth() <= 64) {
    APInt element = attr.getSplatValue<APInt>();
    return type.isUnsigned() || type.getWidth() == 1
               ? static_cast<double>(element.getZExtValue())
               : static_cast<double>(element.getSExtValue());
  }
  return std::nullopt;
}

bool raise::isScalar(Value value, double expected) {
  std::optional<double> scalar = scalarConstant(value);
  return scalar && std::abs(*scalar - expected) <= 1e-6 * std::abs(expected);
}

std::optional<SmallVector<int64_t>> raise::integerConstant(Value value,
                                                           int64_t limit) {
  DenseIntElementsAttr attr;
  if (!value || !matchPattern(value, m_Constant(&attr)) ||
      attr.getNumElements() > limit)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const APInt &element : attr.getValues<APInt>())
    result.push_back(element.getSExtValue());
  return result;
}

bool raise::reducesLastDim(Value data, Value axes, bool keepdims) {
  auto type = dyn_cast<RankedTensorType>(data.getType());
  std::optional<SmallVector<int64_t>> list = integerConstant(axes);
  return type && keepdims && list && list->size() == 1 &&
         (list->front() == -1 || list->front() == type.getRank() - 1);
}
