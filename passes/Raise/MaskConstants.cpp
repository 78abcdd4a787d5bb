//===- MaskConstants.cpp - windows longer than what is tried --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/MaskFit.h"

#include "dialects/Onnx/Onnx.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
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
/// `isOther` where it is a mask, but with neither a window nor all keys. What
/// shows only `reach` tokens away is looked for there, too.
std::optional<int64_t> MaskFitter::windowWith(AttentionSite &site,
                                              const MaskFit &given,
                                              Value constant, double value,
                                              bool &isOther, double reach) {
  auto type = cast<RankedTensorType>(constant.getType());
  int64_t window = -1;
  constexpr int64_t kShort = 30;
  SmallVector<int64_t> lengths = {3, 9, kShort};
  // What is seen only at a distance needs as many tokens.
  if (reach > kShort - 5)
    lengths.push_back(2 * static_cast<int64_t>(reach / 2) + 7);
  for (int64_t length : lengths) {
    Setting setting;
    setting.length = length;
    Trial trial(subject, subject.clamp(setting));
    trial.substitute(constant, onnx::HostTensor::full(type.getElementType(),
                                                      type.getShape(), value));
    Reason reason;
    std::optional<Observation> seen = observe(site, trial, given, reason);
    if (!seen)
      return std::nullopt;
    MaskFit fit = given;
    fit.window = windowOf(*seen);
    if (!agrees(*seen, fit)) {
      // What is added to scores was no bound, but the number for forbidden.
      bool isBias = llvm::any_of(seen->states, [](int8_t s) { return s < 0; });
      isOther |=
          !isBias || (!given.slopes.empty() &&
                      std::abs(*scalarConstant(constant)) < -kMaskedScore);
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

static constexpr int64_t kTried = 35;
static constexpr double kNoLength = 1 << 24;

SmallVector<std::pair<double, Value>> MaskFitter::scalars(AttentionSite &site) {
  SmallVector<std::pair<double, Value>> result;
  for (Value value : slice(site)) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!value.getDefiningOp() || !type || !type.hasStaticShape() ||
        type.getNumElements() != 1 || !subject.deps.isConstant(value))
      continue;
    std::optional<double> scalar = scalarConstant(value);
    if (scalar && *scalar != 0 && std::abs(*scalar) < kNoLength)
      result.push_back({*scalar, value});
  }
  return result;
}

static std::string nameOf(double number) {
  if (number == std::rint(number))
    return std::to_string(static_cast<int64_t>(number));
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%g", number);
  return text;
}

/// Whether a constant multiplies or divides something of the mask, rather than
/// scores.
static bool isFactor(Subject &subject, Value constant) {
  return llvm::any_of(constant.getUsers(), [&](Operation *user) {
    return isa<onnx::MulOp, onnx::DivOp>(user) &&
           !subject.deps.isData(user->getResult(0)) &&
           !subject.deps.isConstant(user->getResult(0));
  });
}

/// Lengths at which constants may matter: their own sizes, and what a distance
/// has to be that is multiplied or divided by one to come to another.
SmallVector<MaskFitter::Threshold> MaskFitter::thresholds(AttentionSite &site,
                                                          const MaskFit &fit) {
  SmallVector<std::pair<double, Value>> all = scalars(site);
  SmallVector<Threshold> result;
  auto consider = [&](double length, double number, Value constant) {
    if (length > kTried - 3 && length < kNoLength)
      result.push_back({length, number, constant});
  };
  for (auto [number, constant] : all)
    consider(std::abs(number), number, constant);
  // With a bias, factors are slopes.
  constexpr size_t kMaxThresholds = 64;
  if (fit.slopes.empty())
    for (auto [factor, scale] : all)
      if (std::abs(factor) != 1 && isFactor(subject, scale))
        for (auto [number, constant] : all)
          if (result.size() < kMaxThresholds) {
            if (constant != scale)
              consider(std::abs(number / factor), number, constant);
            consider(std::abs(number * factor), number, constant);
          }
  llvm::stable_sort(result, [](const Threshold &a, const Threshold &b) {
    return a.length < b.length;
  });
  return result;
}

/// Whether the mask is what it is thought to be with so many tokens: all of
/// them, or the last of them where there is a past.
bool MaskFitter::fitLength(AttentionSite &site, MaskFit &fit, int64_t total) {
  Setting setting;
  setting.length = !subject.hasPast() ? total : stepsOfOne ? 1 : 2;
  setting.past = total - setting.length;
  Reason ignored;
  std::optional<Observation> seen = observe(site, setting, fit, ignored);
  if (!seen)
    return true; // longer than the graph can be
  MaskFit longer = fit;
  if (longer.window == 0)
    longer.window = windowOf(*seen);
  if (!agrees(*seen, longer)) {
    setDiffers(site, fit, *seen);
    return false;
  }
  fit.window = longer.window;
  return true;
}

/// Whether the mask is understood beyond a length that cannot be tried: with a
/// smaller number in place of the constant it can.
bool MaskFitter::fitThreshold(AttentionSite &site, MaskFit &fit,
                              const Threshold &at) {
  double number = at.number, size = std::abs(number);
  bool isAlone = size == at.length;
  double sign = number < 0 ? -1 : 1, rest = size - std::floor(size);
  auto type = cast<ShapedType>(at.constant.getType());
  auto smaller = [&](double length) {
    double value =
        isAlone ? sign * (length + rest) : number * (length / at.length);
    // Integers stay ones, and divisors.
    if (isa<FloatType>(type.getElementType()))
      return value;
    return std::abs(value) < 1 ? sign : std::rint(value);
  };
  bool isOther = false;
  auto windowAt = [&](double length) {
    // An integer can't be as small as that where it is divided.
    double value = smaller(length);
    constexpr double kMost = 1100;
    double reach = isAlone ? length : std::abs(value) / size * at.length;
    return windowWith(site, fit, at.constant, value, isOther,
                      std::min(reach, kMost));
  };
  std::optional<int64_t> few = windowAt(5), more = windowAt(11);
  if (isOther) {
    if (isAlone &&
        isChunkedBy(site, fit, at.constant, static_cast<int64_t>(sign * 5)))
      setChunked(fit, static_cast<int64_t>(size));
    else
      fit.reason = "its mask depends on the constant " + nameOf(number) +
                   " and is neither causal nor a window beyond it";
    return false;
  }
  // A bound of another kind, or none.
  if (!few || !more || (*few == *more && (*few == 0 || *few == fit.window)))
    return true;
  if (!isAlone || *more - *few != 6) {
    fit.reason = "its mask depends on the constant " + nameOf(number) +
                 " in a way that is not understood";
    return false;
  }
  int64_t window = static_cast<int64_t>(std::floor(size)) + (*few - 5);
  fit.window = fit.window > 0 ? std::min(fit.window, window) : window;
  return true;
}

/// A window that is longer than what was tried so far shows only beyond it.
/// The constants of the mask say where to look: with a past, or up to a
/// thousand tokens, there; otherwise with a smaller number in their place.
bool MaskFitter::fitLargeConstants(AttentionSite &site, MaskFit &fit) {
  constexpr int64_t kDirect = 1100, kDirectPast = int64_t(1) << 17;
  int64_t reach = subject.hasPast() ? kDirectPast : kDirect;
  int64_t tableSize = 0;
  for (Value value : slice(site)) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (value.getDefiningOp() && type && type.hasStaticShape() &&
        type.getRank() >= 2 && type.getShape().back() > kTried &&
        subject.deps.isConstant(value))
      tableSize = std::max(tableSize, type.getShape().back());
  }
  tableSize = std::min(tableSize, reach);
  if (tableSize > proven && !fitLength(site, fit, tableSize))
    return false;
  // Constants say where something changes if places are added up, and
  // multiplied or divided by constants; of other functions no one does.
  for (Value value : slice(site))
    if (Operation *def = value.getDefiningOp();
        isa_and_nonnull<onnx::ExpOp, onnx::LogOp, onnx::PowOp, onnx::SqrtOp>(
            def) &&
        !subject.deps.isConstant(value) && fit.slopes.empty()) {
      fit.reason = ("its mask is made with '" + def->getName().stripDialect() +
                    "' of places, and what it does for more tokens than were "
                    "tried is not known")
                       .str();
      return false;
    }
  int64_t last = proven;
  for (const Threshold &at : thresholds(site, fit)) {
    auto size = static_cast<int64_t>(std::ceil(at.length));
    if (size + 3 <= last)
      continue;
    if (size > reach) {
      if (!fitThreshold(site, fit, at))
        return false;
      continue;
    }
    for (int64_t total : {size, size + 3})
      if (!fitLength(site, fit, total))
        return false;
    if (!subject.hasPast())
      last = size + 3;
  }
  return fitPieces(site, fit, static_cast<double>(reach));
}
