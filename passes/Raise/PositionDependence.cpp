//===- PositionDependence.cpp - where positions enter ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/PositionDependence.h"
#include "passes/Raise/RotaryFit.h"

#include "dialects/Onnx/Location.h"
#include "dialects/Onnx/Onnx.h"

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

/// What an op multiplies or divides by one number: that turns nothing.
static Value scaledBy(Operation *op) {
  if (!isa<onnx::MulOp, onnx::DivOp>(op))
    return {};
  auto isNumber = [](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.hasStaticShape() && type.getNumElements() == 1;
  };
  if (isNumber(op->getOperand(1)))
    return op->getOperand(0);
  return isa<onnx::MulOp>(op) && isNumber(op->getOperand(0)) ? op->getOperand(1)
                                                             : Value();
}

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
      operand = scaledBy(def);
      if (!operand)
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

PositionAnalysis::PositionAnalysis(func::FuncOp func)
    : subject(func), places(subject), fixedLength(subject.fixedTokens()) {
  // What has been raised leaves ops behind that are no part of the model now.
  Block &block = func.getBody().front();
  llvm::DenseSet<Operation *> used;
  for (Operation &op : llvm::reverse(block))
    if (isa<AttentionOp>(op) || op.hasTrait<OpTrait::IsTerminator>() ||
        llvm::any_of(op.getUsers(), [&](Operation *user) {
          return used.contains(block.findAncestorOpInBlock(*user));
        }))
      used.insert(&op);
  for (Operation &op : block)
    if (used.contains(&op))
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

/// Whether an op moves past keys or values: where they stand is no part of
/// them.
static bool movesPast(Operation *op) {
  if (!isa<onnx::GatherNDOp, onnx::TensorScatterOp>(op))
    return false;
  auto past = dyn_cast<BlockArgument>(op->getOperand(0));
  auto type =
      past ? dyn_cast<RankedTensorType>(past.getType()) : RankedTensorType();
  return type && type.getRank() == 4;
}

/// What an op itself brings to its data.
unsigned PositionAnalysis::enters(Operation *op) {
  if (isa<AttentionOp, RotaryOp>(op) || movesPast(op))
    return 0;
  unsigned taint = joinsTokens(op, fixedLength) ? Joined : 0;
  for (OpOperand &use : op->getOpOperands()) {
    Value operand = use.get();
    unsigned bits = subject.deps.of(operand);
    if (bits & OnData)
      continue;
    if (bits == 0) {
      // Of so many tokens, positions are constants.
      if (places.differ(use, fixedLength))
        taint |= isa<onnx::AddOp, onnx::SumOp>(op) ? Learned : Other;
      continue;
    }
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    bool isShape = type && type.getRank() <= 1 &&
                   type.getElementType().isIntOrIndex() &&
                   isa<onnx::ReshapeOp, onnx::ExpandOp, onnx::SliceOp,
                       onnx::TileOp, onnx::PadOp, onnx::SplitOp, onnx::GatherOp,
                       onnx::UnsqueezeOp, onnx::SqueezeOp>(op);
    // Zeros in the place of padding are no positions, nor is one vector for
    // all tokens, such as the embedding of a token type.
    if (isShape || (bits == OnMask && !countsTokens(operand)) ||
        places.areSame(operand))
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
    isData |= subject.deps.isData(operand);
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
  } else if (auto rotary = dyn_cast<RotaryOp>(op)) {
    taint |= Rotated;
    if (!places.arePlaces(rotary.getPositions()))
      entered |= Bent;
  }
  for (unsigned bit : {Learned, Other, Bent, Joined})
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
               : op.getSlopes()  ? "alibi"
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
  if (taint & Other) {
    std::string reason = "keys and values are tied to their place: at " +
                         origin(Other) +
                         " positions or lengths enter the computation";
    Operation *op = origins.lookup(Other);
    if (auto limit =
            op ? op->getAttrOfType<StringAttr>(kRotaryLimitAttr) : StringAttr())
      reason += ", as in a rotary embedding that is not the same " +
                limit.getValue().str() + " as for few tokens";
    use.reasons.push_back(reason);
  }
  if (taint & Bent)
    use.reasons.push_back(
        "keys and values are tied to their place: the rotation at " +
        origin(Bent) +
        " is not by each token's position plus a constant (such as by one that "
        "is bounded, divided or counted anew)");
  if (taint & Joined)
    use.reasons.push_back(
        "keys and values depend on earlier tokens other than by attention: " +
        origin(Joined) +
        " counts, sums up or compares data of several tokens (such as to make "
        "positions of token ids)");
  if (taint & Rotated)
    use.reasons.push_back(
        "keys and values are tied to their place: queries and "
        "keys are not rotated alike");
  return use;
}
