//===- Sampler.cpp - choosing the next token ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session/Sampler.h"

#include <algorithm>
#include <cinttypes>
#include <cmath>

using namespace blockattn::rt;

namespace {

/// More likely first; of equal ones the smaller id, so that the choice does
/// not depend on the sorting algorithm.
bool isBefore(const std::pair<float, int64_t> &a,
              const std::pair<float, int64_t> &b) {
  return a.first != b.first ? a.first > b.first : a.second < b.second;
}

} // namespace

Expected<Sampler> Sampler::create(const ba_sampler_options &options) {
  if (!(options.temperature >= 0) || std::isinf(options.temperature))
    return error(BA_INVALID_ARGUMENT,
                 "temperature %g: give a number from 0 (the most likely token) "
                 "up",
                 static_cast<double>(options.temperature));
  if (options.top_k < 0)
    return error(BA_INVALID_ARGUMENT,
                 "top-k %" PRId32 ": give a positive number, or 0 for no limit",
                 options.top_k);
  if (!(options.top_p > 0 && options.top_p <= 1))
    return error(BA_INVALID_ARGUMENT,
                 "top-p %g: give a number above 0, up to 1",
                 static_cast<double>(options.top_p));
  return Sampler(options);
}

/// In [0, 1). SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the same numbers
/// on every platform and with every standard library.
double Sampler::uniform() {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

Expected<int64_t> Sampler::sample(const float *logits, int64_t count) {
  if (count <= 0 || !logits)
    return error(BA_INVALID_ARGUMENT, "there are no logits to choose from");
  int64_t best = -1;
  for (int64_t i = 0; i < count; ++i)
    if (!std::isnan(logits[i]) && (best < 0 || logits[i] > logits[best]))
      best = i;
  if (best < 0 || logits[best] == -INFINITY)
    return error(BA_INVALID_ARGUMENT,
                 "no token can be chosen: every logit is %s",
                 best < 0 ? "not a number" : "minus infinity");
  if (options.temperature == 0 || logits[best] == INFINITY)
    return best;

  candidates.clear();
  for (int64_t i = 0; i < count; ++i)
    if (!std::isnan(logits[i]) && logits[i] != -INFINITY)
      candidates.push_back({logits[i], i});
  size_t kept = candidates.size();
  if (options.top_k > 0)
    kept = std::min(kept, static_cast<size_t>(options.top_k));
  // Sorting the whole vocabulary is needed only where the order says who
  // stays.
  if (kept < candidates.size() || options.top_p < 1)
    std::partial_sort(candidates.begin(), candidates.begin() + kept,
                      candidates.end(), isBefore);
  candidates.resize(kept);

  weights.clear();
  double total = 0;
  for (const auto &[logit, token] : candidates) {
    weights.push_back(std::exp((double(logit) - double(logits[best])) /
                               double(options.temperature)));
    total += weights.back();
  }
  if (options.top_p < 1) {
    double sum = 0;
    size_t needed = 0;
    while (needed < kept && sum < double(options.top_p) * total)
      sum += weights[needed++];
    kept = std::max<size_t>(needed, 1);
    total = needed ? sum : weights[0];
  }
  double target = uniform() * total;
  for (size_t i = 0; i < kept; ++i) {
    target -= weights[i];
    if (target < 0)
      return candidates[i].second;
  }
  // Rounding left a little over.
  return candidates[kept - 1].second;
}
