//===- Sampler.h - choosing the next token ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SESSION_SAMPLER_H
#define BLOCKATTN_RUNTIME_SESSION_SAMPLER_H

#include "Support/Status.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace blockattn::rt {

/// Chooses tokens by their logits: the most likely one, or at random after
/// temperature, top-k and top-p, in this order.
class Sampler {
public:
  static Expected<Sampler> create(const ba_sampler_options &options);
  Expected<int64_t> sample(const float *logits, int64_t count);

private:
  explicit Sampler(const ba_sampler_options &options)
      : options(options), state(options.seed) {}
  double uniform();

  ba_sampler_options options;
  uint64_t state;
  /// Kept from call to call: a vocabulary is large.
  std::vector<std::pair<float, int64_t>> candidates;
  std::vector<double> weights;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SESSION_SAMPLER_H
