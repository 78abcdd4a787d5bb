//===- MaskFit.cpp - what a mask forbids ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/MaskFit.h"

#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

std::string MaskFit::name() const {
  if (!reason.empty())
    return otherName.str();
  SmallVector<StringRef> parts;
  if (window > 0)
    parts.push_back(causal ? "window" : "two-sided window");
  else if (causal)
    parts.push_back("causal");
  if (padding)
    parts.push_back("padding");
  if (positions)
    parts.push_back("packed");
  if (!slopes.empty())
    parts.push_back("alibi");
  return parts.empty() ? "none" : llvm::join(parts, "+");
}

bool MaskFit::allows(const Setting &setting, int64_t batch, int64_t i,
                     int64_t j) const {
  int64_t distance = setting.past + i - j;
  if (causal && distance < 0)
    return false;
  if (window > 0 && std::abs(distance) >= window)
    return false;
  if (padding && batch < static_cast<int64_t>(setting.mask.size())) {
    ArrayRef<int64_t> row = setting.mask[batch];
    int64_t present = llvm::count_if(row, [](int64_t bit) { return bit != 0; });
    int64_t pastPresent = present - setting.length;
    bool isThere = true;
    switch (paddingRule) {
    case PaddingRule::Each:
      isThere = row[j] != 0;
      break;
    case PaddingRule::First:
      isThere = j < present;
      break;
    case PaddingRule::PastFirst:
      isThere = j >= setting.past || j < pastPresent;
      break;
    case PaddingRule::PastLast:
      isThere = j >= setting.past || j >= setting.past - pastPresent;
      break;
    }
    if (!isThere)
      return false;
  }
  if (positions && !setting.positions.empty()) {
    // One sequence is a run of positions that rise by one.
    for (int64_t t = std::min(i, j) + 1; t <= std::max(i, j); ++t)
      if (setting.position(batch, t) != setting.position(batch, t - 1) + 1)
        return false;
  }
  return true;
}

double MaskFit::bias(const Setting &setting, int64_t batch, int64_t head,
                     int64_t i, int64_t j) const {
  if (slopes.empty())
    return 0;
  int64_t query = setting.past + i, distance = j - query;
  if (slopesSkipPadding && batch < static_cast<int64_t>(setting.mask.size())) {
    distance = 0;
    for (int64_t t = std::min(query, j) + 1; t <= std::max(query, j); ++t)
      distance += setting.mask[batch][t] != 0 ? (j > query ? 1 : -1) : 0;
  }
  return slopes[slopes.size() == 1 ? 0 : head] * static_cast<double>(distance);
}

//===----------------------------------------------------------------------===//
// Classification
//===----------------------------------------------------------------------===//

static SmallVector<Setting> plainSettings(Subject &subject) {
  SmallVector<Setting> settings;
  SmallVector<std::pair<int64_t, int64_t>> sizes = {
      {9, 0}, {1, 0}, {2, 0}, {3, 0}, {5, 0}, {20, 0}, {35, 0}};
  if (subject.hasPast())
    sizes.append({{5, 3}, {1, 4}, {1, 1}, {3, 2}, {4, 9}, {2, 33}});
  for (auto [length, past] : sizes) {
    Setting setting;
    setting.length = length;
    setting.past = past;
    settings.push_back(setting);
  }
  return settings;
}

/// Finds slopes by which each head's bias falls with the distance. Whether it
/// falls so everywhere is seen by what is left without it.
bool MaskFitter::fitSlopes(AttentionSite &site, MaskFit &fit) {
  Setting setting;
  setting.length = 9;
  setting = subject.clamp(setting);
  Trial trial(subject, setting);
  Reason reason;
  onnx::HostTensor scores = evaluateScores(subject, site, trial, 0, reason);
  int64_t rank = scores.getRank(), columns = setting.total();
  if (!scores || rank < 3 || columns < 3 ||
      scores.getDim(rank - 1) != columns ||
      scores.getDim(rank - 2) != setting.length)
    return false;
  int64_t plane = setting.length * columns;
  int64_t heads = scores.getNumElements() / plane / setting.batch;
  // The last row sees most. One of its ends is near 0, and exact.
  for (int64_t head = 0; head < heads; ++head) {
    auto at = [&](int64_t j) {
      return scores.getF(head * plane + plane - columns + j);
    };
    bool front = std::abs(at(0)) < std::abs(at(columns - 1));
    double slope = front ? at(1) - at(0) : at(columns - 1) - at(columns - 2);
    if (!(std::abs(slope) < -kMaskedScore))
      return false;
    fit.slopes.push_back(slope);
  }
  return llvm::any_of(fit.slopes, [](double slope) { return slope != 0; });
}

/// Without padding and with contiguous positions: nothing, causal, or a window,
/// causal or on both sides.
bool MaskFitter::fitShape(AttentionSite &site, MaskFit &fit) {
  SmallVector<Setting> settings = plainSettings(subject);
  bool anyFuture = false, anyBias = false, anyPair = false;
  int64_t farthest = 0, longest = 0;
  std::optional<Observation> picture;
  auto hasBias = [](const Observation &seen) {
    return llvm::any_of(seen.states, [](int8_t state) { return state < 0; });
  };
  for (const Setting &setting : settings) {
    if (!isRunnable(setting))
      continue;
    std::optional<Observation> seen = observe(site, setting, fit, fit.reason);
    if (!seen)
      return false;
    if (!picture && hasBias(*seen)) {
      MaskFit sloped = fit;
      if (fitSlopes(site, sloped)) {
        std::optional<Observation> rest =
            observe(site, setting, sloped, fit.reason);
        if (rest && !hasBias(*rest)) {
          fit = std::move(sloped);
          seen = std::move(rest);
        }
      }
    }
    for (int64_t i = 0; i < seen->rows; ++i)
      for (int64_t j = 0; j < seen->columns; ++j) {
        int64_t distance = seen->setting.past + i - j;
        anyBias |= seen->at(0, i, j) < 0;
        anyPair |= distance < 0;
        anyFuture |= distance < 0 && seen->at(0, i, j) == 1;
        longest = std::max(longest, distance);
        if (seen->at(0, i, j) == 1)
          farthest = std::max(farthest, distance);
      }
    if (!picture)
      picture = std::move(seen);
  }
  if (anyBias) {
    fit.reason = "its mask is a bias that is not only 0 or minus infinity" +
                 picture->picture();
    return false;
  }
  fit.causal = anyPair && !anyFuture;
  fit.window = farthest < longest ? farthest + 1 : 0;
  if (!check(site, fit, settings,
             "its mask is neither causal nor a window nor none")) {
    nameOther(site, fit, settings);
    return false;
  }
  if (fit.slopes.empty())
    return true;
  // Places that were rounded to 8 bits on the way differ beyond 256.
  Setting longer;
  longer.length = 300;
  std::optional<Observation> seen = observe(site, longer, fit, fit.reason);
  if (!seen || agrees(*seen, fit))
    return seen.has_value();
  fit.reason = "its bias grows evenly with the distance for short sequences, "
               "but not for 300 tokens, as it does where the tokens' places "
               "are rounded to bf16";
  return false;
}

/// Whether all arguments whose values the mask depends on can be tried: those
/// of [batch, tokens] that hold positions or padding. A mask that is given by
/// the caller can be anything.
bool MaskFitter::understandsArguments(AttentionSite &site, Reason &reason) {
  int64_t batch = subject.clamp(Setting()).batch;
  for (Value value : slice(site, /*sizes=*/false)) {
    auto argument = dyn_cast<BlockArgument>(value);
    if (!argument || argument.getOwner() != &subject.func.getBody().front())
      continue;
    ArgumentKind kind = subject.deps.kind(argument);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    bool isUnderstood =
        type && type.getRank() == 2 &&
        (kind == ArgumentKind::Positions || kind == ArgumentKind::Mask);
    // With as many rows as queries it says more than which keys are there.
    if (isUnderstood && kind == ArgumentKind::Mask)
      isUnderstood = type.isDynamicDim(0) == subject.hasBatch() &&
                     (subject.hasBatch() || type.getDimSize(0) == batch);
    if (!isUnderstood) {
      reason = runTimeMask(subject.func, argument);
      return false;
    }
  }
  return true;
}

std::optional<BlockArgument> MaskFitter::onlyArgument(AttentionSite &site,
                                                      ArgumentKind kind,
                                                      Reason &reason) {
  BlockArgument found;
  for (Value value : slice(site, /*sizes=*/false)) {
    auto argument = dyn_cast<BlockArgument>(value);
    if (!argument || subject.deps.kind(argument) != kind)
      continue;
    if (found) {
      reason = "its mask depends on several arguments of one kind";
      return std::nullopt;
    }
    found = argument;
  }
  auto type =
      found ? dyn_cast<RankedTensorType>(found.getType()) : RankedTensorType();
  if (!type || type.getRank() != 2) {
    reason = "its mask depends on an argument that is not [batch, tokens]";
    return std::nullopt;
  }
  return found;
}

bool MaskFitter::fitPadding(AttentionSite &site, MaskFit &fit) {
  SmallVector<Setting> settings;
  for (auto [length, past] :
       {std::pair<int64_t, int64_t>{6, 0}, {40, 0}, {1, 5}, {4, 3}})
    for (int pattern = 0; pattern < 4; ++pattern) {
      if (past > 0 && !subject.hasPast())
        continue;
      Setting setting;
      setting.length = length;
      setting.past = past;
      setting.batch = 2;
      // The contents are for the sizes that the function takes.
      setting = subject.clamp(setting);
      for (int64_t row = 0; row < std::max<int64_t>(setting.batch, 2); ++row) {
        SmallVector<int64_t> bits;
        for (int64_t j = 0; j < setting.total(); ++j) {
          // Padding on the left, on the right, with holes; and none at all.
          int64_t amount = pattern + row % 2;
          bits.push_back(pattern == 0   ? row % 2 == 0 || j >= 2
                         : pattern == 1 ? j >= amount
                         : pattern == 2 ? j < setting.total() - amount
                                        : (j * 5 + row) % 3 != 1);
        }
        setting.mask.push_back(bits);
      }
      settings.push_back(setting);
    }
  // A mask argument that only gives its shape is no padding.
  MaskFit without = fit;
  if (check(site, without, settings, ""))
    return true;
  std::optional<BlockArgument> argument =
      onlyArgument(site, ArgumentKind::Mask, fit.reason);
  if (!argument)
    return false;
  fit.padding = *argument;
  // Fused attentions take the lengths of the rows in place of the mask.
  for (PaddingRule rule :
       {PaddingRule::First, PaddingRule::PastFirst, PaddingRule::PastLast}) {
    MaskFit lengths = fit;
    lengths.paddingRule = rule;
    if (check(site, lengths, settings, "")) {
      fit = std::move(lengths);
      return true;
    }
  }
  if (!fit.slopes.empty()) {
    // Distances may be counted in tokens that are there.
    MaskFit counted = fit;
    counted.slopesSkipPadding = true;
    if (check(site, counted, settings, "")) {
      fit = std::move(counted);
      return true;
    }
  }
  return check(site, fit, settings,
               "its mask depends on an argument, but not as padding does");
}

bool MaskFitter::fitPositions(AttentionSite &site, MaskFit &fit) {
  SmallVector<Setting> settings;
  static const std::vector<int64_t> tried[] = {
      {7, 8, 9, 10, 11, 12, 13, 14}, {0, 1, 2, 0, 1, 2, 3, 0},
      {3, 4, 9, 10, 11, 0, 1, 5},    {2, 2, 2, 3, 4, 4, 5, 6},
      {9, 8, 7, 6, 7, 8, 3, 2},      {250, 251, 0, 1, 2, 300, 301, 302}};
  constexpr int64_t kLength = 8;
  auto add = [&](ArrayRef<int64_t> first, ArrayRef<int64_t> second) {
    Setting setting;
    setting.length = kLength;
    setting.batch = second.empty() ? 1 : 2;
    // The contents are for the sizes that the function takes.
    setting = subject.clamp(setting);
    for (ArrayRef<int64_t> row : {first, second})
      for (int64_t t = 0; t < setting.length && !row.empty(); ++t)
        setting.positions.push_back(row[t % kLength]);
    settings.push_back(setting);
  };
  for (const std::vector<int64_t> &positions : tried)
    add(positions, {});
  MaskFit without = fit;
  if (check(site, without, settings, ""))
    return true;
  std::optional<BlockArgument> argument =
      onlyArgument(site, ArgumentKind::Positions, fit.reason);
  if (!argument)
    return false;
  fit.positions = *argument;
  auto type = cast<RankedTensorType>(argument->getType());
  // Each row has its own, and the next one may seem to go on with it.
  if (subject.hasBatch() && type.getDimSize(0) != 1)
    for (int i : {0, 1, 5})
      add(tried[1], tried[i]);
  if (!check(site, fit, settings,
             "its mask depends on positions, but not as packed sequences do"))
    return false;
  if (!type.getElementType().isInteger(64) || subject.hasPast() ||
      !fit.causal) {
    fit.reason = "its mask packs sequences by their positions, which is "
                 "understood for causal attention without past keys alone";
    return false;
  }
  return true;
}

MaskFit MaskFitter::classify(AttentionSite &site) {
  MaskFit fit;
  if (subject.hasPast()) {
    Setting one, several;
    one.length = 1;
    several.length = 3;
    one.past = several.past = 4;
    Reason ignored;
    stepsOfOne = stepsOfOne || (!observe(site, several, fit, ignored) &&
                                observe(site, one, fit, ignored));
  }
  if (!understandsArguments(site, fit.reason) || !fitShape(site, fit) ||
      !fitLengths(site, fit) || !fitLargeConstants(site, fit))
    return fit;
  if ((site.maskDependence & OnMask) && !fitPadding(site, fit))
    return fit;
  if (site.maskDependence & OnPositions)
    fitPositions(site, fit);
  return fit;
}

MaskFit MaskFitter::fit(AttentionSite &site) {
  // Layers share their masks, and what is done with them, or make them alike.
  unsigned key = numberOf(site);
  auto it = known.find(key);
  if (it == known.end())
    it = known.try_emplace(key, classify(site)).first;
  return it->second;
}
