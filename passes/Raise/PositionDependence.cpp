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

PositionAnalysis::PositionAnalysis(func::FuncOp func) : subject(func) {
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

/// Whether a value has the same elements for every token, wherever it stands
/// and however many there are.
bool PositionAnalysis::isSameForAllTokens(Value value) {
  std::vector<double> first;
  for (auto [length, position] :
       {std::pair<int64_t, int64_t>{7, 0}, {7, 3}, {11, 0}}) {
    Setting setting;
    setting.length = length;
    for (int64_t i = 0; i < length; ++i)
      setting.positions.push_back(position + i);
    Trial trial(subject, subject.clamp(setting));
    const onnx::HostTensor *tensor = trial.evaluate(value);
    if (!tensor || tensor->getNumElements() == 0)
      return false;
    // Whatever stands in one place of the tokens stands in all of them.
    ArrayRef<int64_t> shape = tensor->getShape();
    int64_t period = 1, rank = tensor->getRank();
    for (int64_t i = rank - 1; i >= 0 && shape[i] != trial.setting().length;
         --i)
      period *= shape[i];
    std::vector<double> vector;
    for (int64_t i = 0; i < period; ++i)
      vector.push_back(tensor->getF(i));
    for (int64_t i = period, e = tensor->getNumElements(); i < e; ++i)
      if (tensor->getF(i) != vector[i % period])
        return false;
    if (first.empty())
      first = vector;
    if (vector != first)
      return false;
  }
  return true;
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
  unsigned taint = 0;
  for (Value operand : op->getOperands()) {
    unsigned bits = subject.deps.of(operand);
    if (bits == 0 || (bits & OnData))
      continue;
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    bool isShape = type && type.getRank() <= 1 &&
                   type.getElementType().isIntOrIndex() &&
                   isa<onnx::ReshapeOp, onnx::ExpandOp, onnx::SliceOp,
                       onnx::TileOp, onnx::PadOp, onnx::SplitOp, onnx::GatherOp,
                       onnx::UnsqueezeOp, onnx::SqueezeOp>(op);
    // Zeros in the place of padding are no positions, nor is one vector for
    // all tokens, such as the embedding of a token type.
    if (isShape || (bits == OnMask && !countsTokens(operand)) ||
        isSameForAllTokens(operand))
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
