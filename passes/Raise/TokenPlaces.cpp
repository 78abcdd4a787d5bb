//===- TokenPlaces.cpp - what values say of each token --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/TokenPlaces.h"

#include "dialects/Onnx/Onnx.h"

#include <cmath>
#include <set>

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

/// The constants that a value is computed with, as far as something may change
/// where a position, or the number of tokens, comes to one of them.
static std::set<int64_t> boundsOf(Value value) {
  constexpr double kLeast = 4, kMost = 1 << 24;
  std::set<int64_t> bounds;
  SmallVector<Value> worklist = {value};
  llvm::DenseSet<Value> seen = {value};
  while (!worklist.empty()) {
    Value next = worklist.pop_back_val();
    Operation *def = next.getDefiningOp();
    if (!def)
      continue;
    if (std::optional<double> scalar = scalarConstant(next)) {
      double size = std::abs(*scalar);
      // Steps may come by division or by multiplication.
      for (double bound : {size, 1 / size})
        if (bound >= kLeast && bound <= kMost)
          bounds.insert(static_cast<int64_t>(std::ceil(bound)));
    }
    for (Value operand : def->getOperands())
      if (seen.insert(operand).second)
        worklist.push_back(operand);
  }
  return bounds;
}

/// The settings to try, from near to far.
SmallVector<Setting> TokenPlaces::settings(Value value) {
  // A length must not be taken for another dimension: those are even.
  constexpr int64_t kFew = 7;
  std::set<int64_t> lengths = {11, 41, 307};
  std::set<int64_t> starts = {3, 41, 307, 1103, 4097, 8193, 32769, 131071};
  bool isGiven = subject.deps.of(value) & OnPositions;
  if (!isGiven)
    lengths.insert({1103, 4099});
  for (int64_t bound : boundsOf(value)) {
    constexpr int64_t kLongest = 1 << 17;
    if (isGiven)
      starts.insert(bound - 3);
    else if (bound <= kLongest)
      lengths.insert(bound + 3 + (bound & 1));
  }
  SmallVector<Setting> result;
  auto add = [&](int64_t length, int64_t start) {
    Setting setting;
    setting.length = length;
    setting = subject.clamp(setting);
    if (isGiven)
      for (int64_t i = 0; i < setting.length; ++i)
        setting.positions.push_back(start + i);
    result.push_back(setting);
  };
  add(kFew, 0);
  for (int64_t length : lengths)
    add(length, 0);
  if (!isGiven)
    return result;
  for (int64_t start : starts)
    add(kFew, start);
  // One token is far from the others, and the order another.
  for (int64_t far : {129, 2049, 131073}) {
    add(kFew, 0);
    MutableArrayRef<int64_t> positions = result.back().positions;
    positions.front() = far;
    std::reverse(positions.begin() + positions.size() / 2, positions.end());
  }
  return result;
}

bool TokenPlaces::arePlaces(Value value) {
  auto it = places.find(value);
  if (it == places.end())
    it = places.try_emplace(value, computePlaces(value)).first;
  return it->second;
}

bool TokenPlaces::computePlaces(Value value) {
  if (subject.deps.isData(value))
    return false;
  std::optional<double> offset;
  for (const Setting &setting : settings(value)) {
    Trial trial(subject, setting);
    const onnx::HostTensor *tensor = trial.evaluate(value);
    // A table ends somewhere: what lies beyond cannot be run either.
    if (!tensor)
      return offset.has_value();
    int64_t length = setting.length, count = tensor->getNumElements();
    if (count == 0 || length == 0 || count % length != 0)
      return false;
    for (int64_t i = 0; i < count; ++i) {
      int64_t token = i % length;
      double difference =
          tensor->getF(i) - static_cast<double>(setting.positions.empty()
                                                    ? token
                                                    : setting.positions[token]);
      if (!offset)
        offset = difference;
      if (difference != *offset)
        return false;
    }
  }
  return offset.has_value();
}

bool TokenPlaces::areSame(Value value) {
  auto it = same.find(value);
  if (it == same.end())
    it = same.try_emplace(value, computeSame(value)).first;
  return it->second;
}

bool TokenPlaces::computeSame(Value value) {
  std::vector<double> first;
  for (const Setting &setting : settings(value)) {
    Trial trial(subject, setting);
    const onnx::HostTensor *tensor = trial.evaluate(value);
    if (!tensor)
      return !first.empty();
    if (tensor->getNumElements() == 0)
      return false;
    // Whatever stands in one place of the tokens stands in all of them.
    ArrayRef<int64_t> shape = tensor->getShape();
    int64_t period = 1, rank = tensor->getRank();
    for (int64_t i = rank - 1; i >= 0 && shape[i] != setting.length; --i)
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
  return !first.empty();
}

/// Whether two parts of a tensor along a dimension differ.
static bool differsAlong(const onnx::HostTensor &tensor, int64_t dim) {
  ArrayRef<int64_t> shape = tensor.getShape();
  int64_t inner = 1;
  for (int64_t extent : shape.drop_front(dim + 1))
    inner *= extent;
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i) {
    int64_t place = i / inner % shape[dim];
    if (place > 0 && tensor.getF(i) != tensor.getF(i - inner))
      return true;
  }
  return false;
}

bool TokenPlaces::differ(OpOperand &operand, int64_t length) {
  auto type = dyn_cast<RankedTensorType>(operand.get().getType());
  if (length < 2 || !type || !subject.deps.isConstant(operand.get()))
    return false;
  Operation *op = operand.getOwner();
  // The last dimension is that of features, except of positions.
  int64_t dims = type.getRank();
  if (isa<onnx::AddOp, onnx::SumOp, onnx::SubOp, onnx::MulOp, onnx::DivOp>(op))
    --dims;
  else if (!isa<onnx::RotaryEmbeddingOp>(op))
    return false;
  for (int64_t dim = 0; dim < dims; ++dim) {
    if (type.getDimSize(dim) != length)
      continue;
    Trial trial(subject, subject.clamp(Setting()));
    const onnx::HostTensor *tensor = trial.evaluate(operand.get());
    if (!tensor || tensor->getRank() != type.getRank() ||
        differsAlong(*tensor, dim))
      return true;
  }
  return false;
}

bool raise::joinsTokens(Operation *op, int64_t fixedLength) {
  if (op->getNumOperands() == 0)
    return false;
  auto type = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  bool isInteger =
      !isa<FloatType>(getElementTypeOrSelf(op->getOperand(0).getType()));
  // Numbers of sequences, such as their lengths, are not those of tokens.
  if (isInteger && type && type.getRank() < 2)
    return false;
  auto isOpen = [&](int64_t axis) {
    if (!type)
      return true;
    axis += axis < 0 ? type.getRank() : 0;
    return axis < 0 || axis >= type.getRank() || type.isDynamicDim(axis) ||
           // The last dimension is that of features, except of token ids.
           ((isInteger || axis + 1 < type.getRank()) && fixedLength > 0 &&
            type.getDimSize(axis) == fixedLength);
  };
  auto isOpenAnywhere = [&] {
    return !type || llvm::any_of(llvm::seq<int64_t>(0, type.getRank()), isOpen);
  };
  auto isOpenAlong = [&](Value axes) {
    std::optional<SmallVector<int64_t>> list = integerConstant(axes);
    return list ? llvm::any_of(*list, isOpen) : isOpenAnywhere();
  };
  if (auto sum = dyn_cast<onnx::CumSumOp>(op))
    return isOpenAlong(sum.getAxis());
  if (auto most = dyn_cast<onnx::ArgMaxOp>(op))
    return isOpen(most.getAxis());
  if (auto least = dyn_cast<onnx::ArgMinOp>(op))
    return isOpen(least.getAxis());
  if (isa<onnx::NonZeroOp>(op))
    return isOpenAnywhere();
  if (!isa<onnx::ReduceL1Op, onnx::ReduceL2Op, onnx::ReduceMaxOp,
           onnx::ReduceMeanOp, onnx::ReduceMinOp, onnx::ReduceProdOp,
           onnx::ReduceSumOp, onnx::ReduceSumSquareOp>(op))
    return false;
  if (op->getNumOperands() > 1 && op->getOperand(1))
    return isOpenAlong(op->getOperand(1));
  auto noop = op->getAttrOfType<IntegerAttr>("noop_with_empty_axes");
  return !(noop && noop.getInt()) && isOpenAnywhere();
}
