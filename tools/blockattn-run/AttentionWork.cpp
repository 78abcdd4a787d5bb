//===- AttentionWork.cpp - what a model's attentions compute --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/blockattn-run/AttentionWork.h"

#include <algorithm>
#include <cstdio>

using namespace blockattn;
using namespace blockattn::tools;

AttentionWork::AttentionWork(const Model &model) {
  // Keys are of the type in which they are cached.
  for (const std::string &program : model.programs())
    for (const ba_value_info &info : model.outputs(program))
      if (std::string(info.role) == "kv_key")
        elementBytes = info.dtype == BA_F32 ? 4 : 2;
  // Manifests of any version, and of other compilers: nothing is taken for
  // granted.
  nlohmann::json manifest = nlohmann::json::parse(model.manifest(), nullptr,
                                                  /*allow_exceptions=*/false);
  if (!manifest.is_object() || !manifest.contains("attentions") ||
      !manifest["attentions"].is_array())
    return;
  for (const nlohmann::json &entry : manifest["attentions"]) {
    auto number = [&](const char *name) -> int64_t {
      auto found = entry.find(name);
      return found != entry.end() && found->is_number_integer()
                 ? found->get<int64_t>()
                 : 0;
    };
    std::string mask;
    if (entry.is_object() && entry.contains("mask") &&
        entry["mask"].is_string())
      mask = entry["mask"];
    Attention attention{double(number("heads")), double(number("kv_heads")),
                        double(number("head_size")), number("window"),
                        mask.rfind("causal", 0) == 0 ||
                            mask.rfind("window", 0) == 0};
    bool isKnown = attention.heads > 0 && attention.keyHeads > 0 &&
                   attention.headSize > 0 && !mask.empty() &&
                   mask != "unknown" && mask.rfind("two-sided", 0) != 0;
    if (!isKnown) {
      attentions.clear();
      return;
    }
    attentions.push_back(attention);
  }
}

Work AttentionWork::of(const std::vector<Queries> &queries) const {
  Work work{0, 0};
  for (const Attention &attention : attentions)
    for (const Queries &group : queries) {
      double count = double(group.end - group.begin), pairs = 0;
      int64_t keys = group.end - group.first;
      if (attention.isCausal) {
        for (int64_t query = group.begin; query < group.end; ++query) {
          int64_t seen = query - group.first + 1;
          pairs +=
              attention.window > 0 ? std::min(seen, attention.window) : seen;
        }
        if (attention.window > 0)
          keys = std::min(keys, group.end - group.begin + attention.window);
      } else {
        pairs = count * double(keys);
      }
      work.operations += 4 * attention.heads * attention.headSize * pairs;
      work.bytes += 2 * elementBytes * attention.headSize *
                    (attention.heads * count + attention.keyHeads * keys);
    }
  return work;
}

std::vector<Queries>
blockattn::tools::queriesOfBlocks(const std::vector<int64_t> &starts,
                                  int64_t length) {
  std::vector<Queries> queries;
  for (size_t i = 0; i + 1 < starts.size(); ++i)
    queries.push_back({starts[i], starts[i], starts[i + 1]});
  queries.push_back({0, starts.back(), length});
  return queries;
}

void blockattn::tools::addRates(nlohmann::json &entry) {
  double seconds = entry["seconds"];
  for (const char *what : {"operations", "bytes"})
    if (entry[what].get<double>() > 0 && seconds > 0)
      entry[std::string(what) + "_per_second"] =
          entry[what].get<double>() / seconds;
}

std::string blockattn::tools::ratesText(const nlohmann::json &entry) {
  std::string result;
  char text[48];
  auto add = [&](const char *what, const char *format) {
    auto found = entry.find(what);
    if (found == entry.end())
      return;
    std::snprintf(text, sizeof text, format, found->get<double>() * 1e-12);
    result += text;
  };
  add("operations_per_second", " %9.1f TFLOP/s");
  add("bytes_per_second", " %7.2f TB/s");
  return result;
}
