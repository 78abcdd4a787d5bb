//===- FixedValues.cpp - what is the same at all sizes --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/FixedValues.h"

#include "dialects/Onnx/Onnx.h"

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

/// What a value is computed from, sizes being known; std::nullopt where that is
/// data, of which a trial would have to run the model.
static std::optional<llvm::SetVector<Value>> sliceOf(Subject &subject,
                                                     Value value) {
  constexpr size_t kMaxValues = 256;
  llvm::SetVector<Value> values;
  values.insert(value);
  for (size_t i = 0; i < values.size(); ++i) {
    Operation *def = values[i].getDefiningOp();
    if (subject.deps.isConstant(values[i]) || subject.isSize(values[i]))
      continue;
    if (!def || subject.deps.isData(values[i]) || def->getNumRegions() != 0 ||
        values.size() > kMaxValues)
      return std::nullopt;
    values.insert(def->operand_begin(), def->operand_end());
  }
  return values;
}

bool FixedValues::compute(Value value) {
  if (subject.deps.of(value) & ~OnShapes)
    return false;
  std::optional<llvm::SetVector<Value>> slice = sliceOf(subject, value);
  if (!slice)
    return false;
  if (llvm::none_of(*slice, [&](Value one) { return subject.isSize(one); }))
    return true;
  struct Sizes {
    int64_t batch, length, past;
  };
  const Sizes few[] = {{2, 5, 3}, {1, 1, 0}, {3, 7, 0}, {1, 2, 9}};
  const Sizes many[] = {
      {1, 307, 41}, {2, 4099, 0}, {1, 131071, 17}, {1, int64_t(1) << 20, 0}};
  auto settingOf = [&](Sizes sizes) {
    Setting setting;
    setting.batch = sizes.batch;
    setting.length = sizes.length;
    setting.past = sizes.past;
    return subject.clamp(setting);
  };
  // What is the same for hundreds of tokens may be another for thousands. As
  // many can be tried where nothing on the way has the square of their number.
  {
    Trial trial(subject, settingOf({1, 307, 0}));
    for (Value one : *slice) {
      const onnx::HostTensor *tensor = trial.evaluate(one);
      constexpr int64_t kMostPerToken = 64;
      if (!tensor || tensor->getNumElements() > 307 * kMostPerToken)
        return false;
    }
  }
  std::optional<onnx::HostTensor> first;
  for (Sizes sizes : llvm::concat<const Sizes>(few, many)) {
    Trial trial(subject, settingOf(sizes));
    const onnx::HostTensor *tensor = trial.evaluate(value);
    if (!tensor)
      return false;
    if (!first)
      first = *tensor;
    if (tensor->getShape() != first->getShape())
      return false;
    for (int64_t i = 0, e = tensor->getNumElements(); i < e; ++i)
      if (tensor->getF(i) != first->getF(i))
        return false;
  }
  return true;
}

bool FixedValues::isFixed(Value value) {
  if (subject.deps.isConstant(value))
    return true;
  auto it = known.find(value);
  if (it == known.end())
    it = known.try_emplace(value, compute(value)).first;
  return it->second;
}

Value FixedValues::factorOf(Operation *op) {
  if (!isa<onnx::MulOp, onnx::DivOp>(op))
    return {};
  for (Value operand : op->getOperands().drop_front(isa<onnx::DivOp>(op))) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!subject.deps.isData(operand) && type && type.hasStaticShape() &&
        type.getNumElements() == 1)
      return operand;
  }
  return {};
}
