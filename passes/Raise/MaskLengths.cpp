//===- MaskLengths.cpp - masks of sequences that are not short ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/MaskFit.h"

#include <cmath>

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

/// How many scores a trial with a bias for each head may have.
static constexpr double kMaxBiases = 2e6;
static constexpr int64_t kLongest = 1100, kLong = 300;

static SmallVector<Setting> longSettings(Subject &subject, const MaskFit &fit,
                                         bool stepsOfOne) {
  SmallVector<std::pair<int64_t, int64_t>> sizes = {{kLong, 0}};
  int64_t longest = kLongest;
  if (!fit.slopes.empty()) {
    double heads = fit.slopes.size();
    longest =
        std::min(longest, static_cast<int64_t>(std::sqrt(kMaxBiases / heads)));
    // Biases were tried with so many tokens as soon as they were found.
    sizes.clear();
  }
  if (longest > kLong)
    sizes.push_back({longest, 0});
  if (subject.hasPast()) {
    int64_t step = stepsOfOne ? 1 : 2;
    sizes.append({{step, kLong - step}, {step, kLongest - step}});
  }
  SmallVector<Setting> settings;
  for (auto [length, past] : sizes) {
    Setting setting;
    setting.length = length;
    setting.past = past;
    // Of a graph for one length all has been tried.
    if (subject.clamp(setting).length == length)
      settings.push_back(setting);
  }
  return settings;
}

int64_t MaskFitter::windowOf(const Observation &seen) {
  int64_t visible = 0;
  for (int64_t j = 0; j < seen.columns; ++j)
    visible += seen.at(0, seen.rows - 1, j) == 1;
  return visible < seen.columns ? visible : 0;
}

void MaskFitter::setDiffers(AttentionSite &site, MaskFit &fit,
                            const Observation &seen) {
  for (auto [number, constant] : scalars(site))
    if (number >= 2 && number == std::rint(number) &&
        seen.isChunked(static_cast<int64_t>(number)))
      return setChunked(fit, static_cast<int64_t>(number));
  std::string what = fit.window > 0
                         ? "a window of " + std::to_string(fit.window)
                     : fit.causal ? "causal"
                                  : "none";
  fit.reason = "its mask is " + what + " for short sequences, but not for " +
               std::to_string(seen.setting.total()) + " tokens";
}

/// A mask may change with the length, where numbers are rounded to few bits or
/// overflow, or by any constant: what it is for a few tokens has to hold for
/// hundreds. A window that was too long to be seen is found here, and has to be
/// the same at all lengths.
bool MaskFitter::fitLengths(AttentionSite &site, MaskFit &fit) {
  std::vector<Observation> all;
  proven = 0;
  bool isTooLong[2] = {false, false};
  for (const Setting &setting : longSettings(subject, fit, stepsOfOne)) {
    if (isTooLong[setting.past > 0])
      continue;
    Reason ignored;
    std::optional<Observation> seen = observe(site, setting, fit, ignored);
    if (!seen) {
      // Longer than the graph can be.
      isTooLong[setting.past > 0] = true;
      continue;
    }
    MaskFit longer = fit;
    if (longer.window == 0)
      longer.window = windowOf(*seen);
    all.push_back(std::move(*seen));
    if (setting.past == 0)
      proven = std::max(proven, setting.length);
    if (!llvm::all_of(
            all, [&](const Observation &one) { return agrees(one, longer); })) {
      setDiffers(site, fit, all.back());
      return false;
    }
    fit.window = longer.window;
  }
  return true;
}
