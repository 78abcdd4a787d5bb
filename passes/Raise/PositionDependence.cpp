//===- PositionDependence.cpp - where positions enter ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/PositionDependence.h"

#include "dialects/Onnx/Location.h"
#include "dialects/Onnx/Onnx.h"

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

RotaryOp raise::findRotary(Value operand) {
  while (Operation *def = operand.getDefiningOp()) {
    if (auto rotary = dyn_cast<RotaryOp>(def))
      return rotary;
    if (auto concat = dyn_cast<onnx::ConcatOp>(def)) {
      // Past keys come first.
      operand = concat.getInputs().back();
    } else if (isa<onnx::TransposeOp, onnx::ReshapeOp, onnx::ExpandOp,
                   onnx::UnsqueezeOp, onnx::SqueezeOp, onnx::CastOp>(def)) {
      operand = def->getOperand(0);
    } else {
      return {};
    }
  }
  return {};
}

/// Whether queries and keys are turned alike, so that only differences of
/// positions matter to their products.
static bool isRelative(AttentionOp op) {
  RotaryOp query = findRotary(op.getQuery()), key = findRotary(op.getKey());
  if (!query || !key)
    return !query && !key;
  return query.getRope() == key.getRope() &&
         query.getPositions() == key.getPositions();
}

PositionAnalysis::PositionAnalysis(func::FuncOp func) : deps(func) {
  for (Operation &op : func.getBody().front())
    visit(&op);
}

/// Whether a value counts tokens, rather than telling which are there.
bool PositionAnalysis::countsTokens(Value value) {
  SmallVector<Value> worklist = {value};
  llvm::DenseSet<Value> seen;
  while (!worklist.empty()) {
    Value next = worklist.pop_back_val();
    Operation *def = next.getDefiningOp();
    if (!def || !seen.insert(next).second)
      continue;
    if (isa<onnx::CumSumOp, onnx::RangeOp, onnx::NonZeroOp, onnx::ReduceSumOp>(
            def))
      return true;
    llvm::append_range(worklist, def->getOperands());
  }
  return false;
}

/// What an op itself brings to its data.
unsigned PositionAnalysis::enters(Operation *op) {
  if (isa<AttentionOp, RotaryOp>(op))
    return 0;
  unsigned taint = 0;
  for (Value operand : op->getOperands()) {
    unsigned bits = deps.of(operand);
    if (bits == 0 || (bits & OnData))
      continue;
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    bool isShape = type && type.getRank() <= 1 &&
                   type.getElementType().isIntOrIndex() &&
                   isa<onnx::ReshapeOp, onnx::ExpandOp, onnx::SliceOp,
                       onnx::TileOp, onnx::PadOp, onnx::SplitOp, onnx::GatherOp,
                       onnx::UnsqueezeOp, onnx::SqueezeOp>(op);
    // Zeros in the place of padding are no positions.
    if (isShape || (bits == OnMask && !countsTokens(operand)))
      continue;
    taint |= isa<onnx::AddOp, onnx::SumOp>(op) ? Learned : Other;
  }
  return taint;
}

void PositionAnalysis::visit(Operation *op) {
  unsigned taint = 0;
  bool isData = false;
  for (Value operand : op->getOperands()) {
    taint |= taints.lookup(operand);
    isData |= deps.isData(operand);
  }
  for (Region &region : op->getRegions())
    region.walk([&](Operation *nested) {
      for (Value operand : nested->getOperands())
        taint |= taints.lookup(operand);
    });
  if (!isData)
    return;
  unsigned entered = enters(op);
  if (auto attention = dyn_cast<AttentionOp>(op)) {
    if (taint & Rotated) {
      taint &= ~Rotated;
      if (!isRelative(attention) ||
          (taints.lookup(attention.getValue()) & Rotated))
        entered |= Other;
    }
  } else if (isa<RotaryOp>(op)) {
    taint |= Rotated;
  }
  for (unsigned bit : {Learned, Other})
    if (entered & bit)
      origins.try_emplace(bit, op);
  if (taint | entered)
    for (Value result : op->getResults())
      taints[result] = taint | entered;
}

PositionUse PositionAnalysis::of(AttentionOp op) {
  PositionUse use;
  unsigned key = taints.lookup(op.getKey()),
           value = taints.lookup(op.getValue());
  bool rotary = findRotary(op.getKey()) != nullptr;
  unsigned taint = key | value;
  if (rotary && isRelative(op) && !(value & Rotated))
    taint &= ~Rotated;
  use.scheme = rotary            ? "rotary"
               : taint & Learned ? "learned"
               : taint           ? "unknown"
                                 : "none";
  use.independent = taint == 0;
  auto origin = [&](unsigned bit) {
    Operation *op = origins.lookup(bit);
    return op ? "'" + onnx::nodeName(op->getLoc()).str() + "'" : std::string();
  };
  if (taint & Learned)
    use.reasons.push_back(
        "keys and values are tied to their place: " + origin(Learned) +
        " adds something that depends on the position (such as a learned "
        "position embedding) to the hidden states");
  if (taint & Other)
    use.reasons.push_back("keys and values are tied to their place: at " +
                          origin(Other) +
                          " positions or lengths enter the computation");
  if (taint & Rotated)
    use.reasons.push_back(
        "keys and values are tied to their place: queries and "
        "keys are not rotated alike");
  return use;
}
