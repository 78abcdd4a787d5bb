//===- MaskConstants.cpp - windows longer than what is tried --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/MaskFit.h"

#include <cmath>

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

SetVector<Value> MaskFitter::slice(AttentionSite &site, bool sizes) {
  SetVector<Value> values;
  SmallVector<Value> worklist = llvm::to_vector(site.maskInputs);
  for (Operation *op : site.scoreOps)
    for (Value operand : op->getOperands())
      if (!subject.deps.isData(operand))
        worklist.push_back(operand);
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if ((!sizes && (subject.deps.of(value) & ~OnShapes) == 0) ||
        !values.insert(value))
      continue;
    if (Operation *def = value.getDefiningOp()) {
      llvm::append_range(worklist, def->getOperands());
      for (Region &region : def->getRegions())
        region.walk([&](Operation *nested) {
          llvm::append_range(worklist, nested->getOperands());
        });
    }
  }
  return values;
}

/// The window of the mask with another number in place of a constant: 0 for
/// none, std::nullopt if it is no such mask or cannot be evaluated. Sets
/// `isOther` where it is a mask, but with neither a window nor all keys.
std::optional<int64_t> MaskFitter::windowWith(AttentionSite &site,
                                              const MaskFit &given,
                                              Value constant, int64_t value,
                                              bool &isOther) {
  auto type = cast<RankedTensorType>(constant.getType());
  int64_t window = -1;
  for (int64_t length : {3, 9, 30}) {
    Setting setting;
    setting.length = length;
    Trial trial(subject, subject.clamp(setting));
    trial.substitute(
        constant, onnx::HostTensor::full(type.getElementType(), type.getShape(),
                                         static_cast<double>(value)));
    Reason reason;
    std::optional<Observation> seen = observe(site, trial, given, reason);
    if (!seen)
      return std::nullopt;
    MaskFit fit = given;
    int64_t visible = 0;
    for (int64_t j = 0; j < seen->columns; ++j)
      visible += seen->at(0, seen->rows - 1, j) == 1;
    fit.window = visible < seen->columns ? visible : 0;
    if (!agrees(*seen, fit)) {
      // What is added to scores was no bound, but the number for forbidden.
      isOther |= llvm::none_of(seen->states, [](int8_t s) { return s < 0; });
      return std::nullopt;
    }
    window = fit.window;
  }
  return window;
}

/// Whether another number in place of a constant is the size of chunks.
bool MaskFitter::isChunkedBy(AttentionSite &site, const MaskFit &fit,
                             Value constant, int64_t value) {
  auto type = cast<RankedTensorType>(constant.getType());
  Setting setting;
  setting.length = 30;
  Trial trial(subject, subject.clamp(setting));
  trial.substitute(
      constant, onnx::HostTensor::full(type.getElementType(), type.getShape(),
                                       static_cast<double>(value)));
  Reason ignored;
  std::optional<Observation> seen = observe(site, trial, fit, ignored);
  return seen && seen->isChunked(std::abs(value));
}

/// A window that is longer than what was tried so far shows only beyond it.
/// The constants of the mask say where to look: with a past, or up to a
/// thousand tokens, there; otherwise with a smaller number in their place.
bool MaskFitter::fitLargeConstants(AttentionSite &site, MaskFit &fit) {
  if (fit.window > 0)
    return true;
  constexpr int64_t kTried = 35, kNoLength = int64_t(1) << 24;
  constexpr int64_t kDirect = 1100, kDirectPast = int64_t(1) << 17;
  std::map<int64_t, Value> scalars;
  int64_t tableSize = 0;
  for (Value value : slice(site)) {
    Operation *def = value.getDefiningOp();
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!def || !type || !type.hasStaticShape() ||
        !subject.deps.isConstant(value))
      continue;
    if (type.getRank() >= 2 && type.getShape().back() > kTried)
      tableSize = std::max(tableSize, type.getShape().back());
    std::optional<double> scalar = scalarConstant(value);
    if (scalar && type.getNumElements() == 1 &&
        std::abs(*scalar) > kTried - 3 && std::abs(*scalar) < kNoLength &&
        *scalar == std::rint(*scalar))
      scalars[static_cast<int64_t>(*scalar)] = value;
  }
  auto direct = [&](int64_t total) {
    Setting setting;
    setting.length = !subject.hasPast() ? total : stepsOfOne ? 1 : 2;
    setting.past = total - setting.length;
    Reason reason;
    std::optional<Observation> seen = observe(site, setting, fit, reason);
    if (!seen)
      return true; // longer than the graph can be
    int64_t visible = 0;
    for (int64_t j = 0; j < seen->columns; ++j)
      visible += seen->at(0, seen->rows - 1, j) == 1;
    fit.window = visible < seen->columns ? visible : 0;
    if (agrees(*seen, fit))
      return true;
    for (auto [number, constant] : scalars)
      if (number > 0 && seen->isChunked(number)) {
        setChunked(fit, number);
        return false;
      }
    fit.reason = std::string("its mask is ") +
                 (fit.causal ? "causal" : "none") +
                 " for short sequences, but not for " + std::to_string(total) +
                 " tokens";
    return false;
  };
  int64_t reach = subject.hasPast() ? kDirectPast : kDirect;
  if (tableSize > 0 && !direct(std::min(tableSize, reach)))
    return false;
  for (auto [number, constant] : scalars) {
    if (fit.window > 0)
      break;
    int64_t size = std::abs(number);
    if (size <= reach) {
      if (!direct(size + 3))
        return false;
      continue;
    }
    int64_t sign = number < 0 ? -1 : 1;
    bool isOther = false;
    std::optional<int64_t> few =
        windowWith(site, fit, constant, sign * 5, isOther);
    std::optional<int64_t> more =
        windowWith(site, fit, constant, sign * 11, isOther);
    if (isOther) {
      if (isChunkedBy(site, fit, constant, sign * 5))
        setChunked(fit, size);
      else
        fit.reason = "its mask depends on the constant " +
                     std::to_string(number) +
                     " and is neither causal nor a window beyond it";
      return false;
    }
    if (!few || !more || (*few == 0 && *more == 0))
      continue; // a bound of another kind
    if (*more - *few != 6) {
      fit.reason = "its mask depends on the constant " +
                   std::to_string(number) + " in a way that is not understood";
      return false;
    }
    fit.window = size + (*few - 5);
  }
  return true;
}
