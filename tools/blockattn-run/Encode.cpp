//===- Encode.cpp - blockattn-run encode ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/blockattn-run/Support.h"

#include <nlohmann/json.hpp>

#include <cstdio>

using namespace blockattn;
using namespace blockattn::tools;

void blockattn::tools::runEncode(const Arguments &arguments) {
  CommandLine commandLine(
      "blockattn-run encode M.ba --input=FILE.npy|--tokens=1,2,3 "
      "[--blocks=0,11,17]",
      "Encodes each block of a prompt by itself and reports how long its keys "
      "and values\ntook and what they hold. Without --blocks the prompt is one "
      "block.");
  ModelOptions options;
  TokenOptions tokenOptions;
  std::optional<std::vector<int64_t>> blocks;
  options.declare(commandLine);
  tokenOptions.declare(commandLine);
  commandLine.integers("blocks", "0,11,17",
                       "first token of each block; the first is 0", blocks);
  if (!commandLine.parse(arguments))
    return;
  std::vector<int64_t> tokens = tokenOptions.read();
  std::vector<int64_t> starts = blocks.value_or(std::vector<int64_t>{0});
  Model model = options.open();
  Session session(model);
  checkBlocks(session, starts, tokens.size());

  ba_kv_info kv = model.kvInfo();
  nlohmann::json result;
  result["position_independent"] = kv.position_independent != 0;
  result["blocks"] = nlohmann::json::array();
  double total = 0;
  uint64_t bytes = 0;
  starts.push_back(tokens.size());
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    int64_t length = starts[i + 1] - starts[i];
    double begin = now();
    KVBlock block =
        session.encode(tokens.data() + starts[i], length, starts[i]);
    double seconds = now() - begin;
    total += seconds;
    bytes += block.bytes();
    result["blocks"].push_back({{"start", starts[i]},
                                {"tokens", length},
                                {"kv_tokens", block.length()},
                                {"kv_bytes", block.bytes()},
                                {"seconds", seconds}});
    if (!options.json)
      std::printf("block %zu: tokens %lld to %lld, %llu bytes of keys and "
                  "values, %.2f ms\n",
                  i, static_cast<long long>(starts[i]),
                  static_cast<long long>(starts[i + 1] - 1),
                  static_cast<unsigned long long>(block.bytes()),
                  seconds * 1e3);
  }
  result["tokens"] = tokens.size();
  result["kv_bytes"] = bytes;
  result["seconds"] = total;
  result["counters"] = describeCounters(session, model);
  if (options.json) {
    std::printf("%s\n", result.dump(2).c_str());
    return;
  }
  std::printf("%zu tokens in %zu blocks: %llu bytes, %.2f ms, %.0f tokens/s\n",
              tokens.size(), starts.size() - 1,
              static_cast<unsigned long long>(bytes), total * 1e3,
              total > 0 ? tokens.size() / total : 0.0);
  std::printf(kv.position_independent
                  ? "the blocks serve at any place of any prompt\n"
                  : "the blocks are tied to their place in the prompt "
                    "(blockattn-inspect says why)\n");
}
