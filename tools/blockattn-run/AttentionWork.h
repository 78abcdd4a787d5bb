//===- AttentionWork.h - what a model's attentions compute ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_TOOLS_RUN_ATTENTIONWORK_H
#define BLOCKATTN_TOOLS_RUN_ATTENTIONWORK_H

#include "blockattn/blockattn.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace blockattn::tools {

/// Tokens from `begin` to before `end` that see the keys from `first` on: up to
/// their own, or, without a causal mask, to the last one's.
struct Queries {
  int64_t first, begin, end;
};

struct Work {
  double operations, bytes;
};

/// The work of all attentions in a run, from what the manifest says of them:
/// two products of as many pairs of a query and a key as the mask allows, and
/// queries, keys, values and results brought once to each group of queries.
class AttentionWork {
public:
  explicit AttentionWork(const Model &model);

  /// Zeros where the manifest does not say enough.
  Work of(const std::vector<Queries> &queries) const;

  static bool isKernel(const std::string &step) {
    return step.rfind("attention_", 0) == 0;
  }

private:
  struct Attention {
    double heads, keyHeads, headSize;
    int64_t window;
    bool isCausal;
  };
  std::vector<Attention> attentions;
  double elementBytes = 0;
};

/// Of the tokens of a prompt whose blocks begin at `starts`: the last block
/// sees everything, each other one itself.
std::vector<Queries> queriesOfBlocks(const std::vector<int64_t> &starts,
                                     int64_t length);

/// Adds what is known of the speed to a JSON object with "seconds",
/// "operations" and "bytes".
void addRates(nlohmann::json &entry);
/// The same for a person: "  735.0 TFLOP/s   1.20 TB/s", or nothing.
std::string ratesText(const nlohmann::json &entry);

} // namespace blockattn::tools

#endif // BLOCKATTN_TOOLS_RUN_ATTENTIONWORK_H
