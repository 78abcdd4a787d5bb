//===- ValueNumbers.cpp - which values are computed alike -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/ValueNumbers.h"

#include "dialects/Onnx/Onnx.h"

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

namespace {
/// What a key is of: keys of different kinds never are equal.
enum Kind : uintptr_t {
  GivenKey,
  ArgumentKey,
  SizeKey,
  WeightKey,
  OpKey,
  ItselfKey
};
} // namespace

template <typename T> static uintptr_t pointer(T object) {
  return reinterpret_cast<uintptr_t>(object.getAsOpaquePointer());
}

unsigned ValueNumbers::intern(Key key) {
  return numbers.try_emplace(std::move(key), numbers.size()).first->second;
}

/// Of dimensions that are not known a value is its own.
void ValueNumbers::addDims(Key &key, Value value) {
  std::optional<ArrayRef<AffineExpr>> dims = subject.symbolicDims(value);
  if (!dims)
    return key.push_back(pointer(value));
  for (AffineExpr dim : *dims)
    key.push_back(dim ? pointer(dim) : pointer(value));
}

/// A weight is compared once there is another one of its type; larger ones are
/// no tables.
unsigned ValueNumbers::ofWeight(onnx::WeightOp weight) {
  constexpr int64_t kMaxBytes = int64_t(1) << 26;
  constexpr size_t kMaxCompared = 16;
  auto numberOf = [&](onnx::WeightOp op) {
    return intern({WeightKey, pointer(Value(op.getResult()))});
  };
  if (static_cast<int64_t>(weight.getSize()) > kMaxBytes)
    return numberOf(weight);
  SmallVector<onnx::WeightOp> &others = weights[weight.getType()];
  for (onnx::WeightOp other : others) {
    if (other == weight)
      return numberOf(other);
    FailureOr<ArrayRef<char>> a = subject.weightFiles()->bytes(other);
    FailureOr<ArrayRef<char>> b = subject.weightFiles()->bytes(weight);
    if (succeeded(a) && succeeded(b) && *a == *b)
      return numberOf(other);
  }
  if (others.size() < kMaxCompared)
    others.push_back(weight);
  return numberOf(weight);
}

/// The number of what is not looked into.
std::optional<unsigned> ValueNumbers::ofLeaf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (argument.getOwner() == &subject.func.getBody().front())
      return intern({ArgumentKey, argument.getArgNumber()});
    return intern({ItselfKey, pointer(value)});
  }
  Operation *op = value.getDefiningOp();
  if (auto weight = dyn_cast<onnx::WeightOp>(op))
    return ofWeight(weight);
  if (op->getNumRegions() != 0)
    return intern({ItselfKey, pointer(value)});
  if (op->hasTrait<OpTrait::ConstantLike>() || !subject.isSize(value))
    return std::nullopt;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  std::optional<ArrayRef<AffineExpr>> contents =
      subject.symbolicContents(value);
  if (!type || !contents)
    return std::nullopt;
  Key key = {SizeKey, pointer(type.getElementType()),
             static_cast<uintptr_t>(type.getRank())};
  llvm::append_range(key, type.getShape());
  for (AffineExpr element : *contents)
    key.push_back(element ? pointer(element) : pointer(value));
  return intern(std::move(key));
}

unsigned ValueNumbers::ofOp(Value value, const Map &local) {
  Operation *op = value.getDefiningOp();
  Key key = {OpKey, pointer(op->getName()), pointer(op->getAttrDictionary()),
             cast<OpResult>(value).getResultNumber()};
  for (Type type : op->getResultTypes())
    key.push_back(pointer(type));
  for (Value operand : op->getOperands())
    key.push_back(local.lookup(operand));
  return intern(std::move(key));
}

unsigned ValueNumbers::number(Value goal, Map &local) {
  bool isWithin = &local != &known;
  // What depends on something that is given may have another number elsewhere.
  auto isOutside = [&](Value value) {
    unsigned bits = subject.deps.of(value);
    return isWithin && bits != 0 && !(bits & OnData);
  };
  SmallVector<Value> stack = {goal};
  while (!stack.empty()) {
    Value value = stack.back();
    if (local.contains(value)) {
      stack.pop_back();
      continue;
    }
    std::optional<unsigned> leaf =
        isOutside(value) ? number(value, known) : ofLeaf(value);
    if (leaf) {
      local[value] = *leaf;
      continue;
    }
    size_t before = stack.size();
    for (Value operand : value.getDefiningOp()->getOperands())
      if (!local.contains(operand))
        stack.push_back(operand);
    if (stack.size() == before)
      local[value] = ofOp(value, local);
  }
  return local.lookup(goal);
}

unsigned ValueNumbers::of(Value value, ValueRange given) {
  Map local;
  for (auto [i, input] : llvm::enumerate(given)) {
    Key key = {GivenKey, i, pointer(input.getType())};
    addDims(key, input);
    local[input] = intern(std::move(key));
  }
  return number(value, local);
}
