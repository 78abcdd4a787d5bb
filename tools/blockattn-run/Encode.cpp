//===- Encode.cpp - blockattn-run encode ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/blockattn-run/Support.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <numeric>
#include <set>

using namespace blockattn;
using namespace blockattn::tools;

namespace {

/// Where the keys and values of the blocks go.
class KVFiles {
public:
  KVFiles(const Model &model, const std::vector<std::string> &texts,
          size_t blocks) {
    std::vector<ba_value_info> names = model.outputs("encode");
    std::set<std::string> files;
    for (const std::string &text : texts) {
      auto [name, file] = splitBinding(text, "--output", names);
      if (blocks > 1 && file.find("{}") == std::string::npos)
        throw ToolError("--output: '" + file + "' is one file for " +
                        std::to_string(blocks) +
                        " blocks; put {} where the block's number goes");
      if (!files.insert(file).second)
        throw ToolError("--output: file '" + file + "' is given twice");
      bindings.push_back({name, file});
    }
  }

  bool empty() const { return bindings.empty(); }

  /// Adds the results of the program that just ran on block `number`.
  void add(const Session &session, size_t number) {
    for (const auto &[name, pattern] : bindings) {
      std::string file = pattern;
      if (size_t place = file.find("{}"); place != std::string::npos)
        file.replace(place, 2, std::to_string(number));
      files.add(file, session.output(name));
    }
  }
  void commit() { files.commit(); }

private:
  std::vector<std::pair<std::string, std::string>> bindings;
  OutputFiles files;
};

/// Runs `encode` for its results. Its positions count from the place of a
/// block that is tied to it, `position`, which a shared prefix of sinks does
/// not count for; else from 0.
void runForResults(const Model &model, Session &session, const int64_t *tokens,
                   int64_t count, int64_t position) {
  std::vector<int64_t> positions(count);
  std::iota(positions.begin(), positions.end(),
            model.kvInfo().position_independent ? 0 : position);
  std::vector<int32_t> narrow(tokens, tokens + count);
  for (const ba_value_info &info : model.inputs("encode")) {
    std::string role = info.role;
    if (role == "tokens")
      session.setInput(info.name, info.dtype == BA_I32
                                      ? view(narrow.data(), {1, count})
                                      : view(tokens, {1, count}));
    else if (role == "positions" && info.dtype == BA_I64)
      session.setInput(info.name, view(positions.data(), {1, count}));
  }
  session.run("encode");
}

} // namespace

void blockattn::tools::runEncode(const Arguments &arguments) {
  CommandLine commandLine(
      "blockattn-run encode M.ba --input=FILE.npy|--tokens=1,2,3 "
      "[--blocks=0,11,17] [--output kv.0.key=FILE.npy ...]",
      "Encodes each block of a prompt by itself and reports how long its keys "
      "and values\ntook and what they hold. Without --blocks the prompt is one "
      "block. With --output\nthe keys (kv.LAYER.key) or values "
      "(kv.LAYER.value) of a layer are written to a file,\n[1, tokens, heads, "
      "head size], those of sink tokens first; {} in its name is the\nnumber "
      "of "
      "the block. Files appear when all are complete.");
  ModelOptions options;
  TokenOptions tokenOptions;
  std::optional<std::vector<int64_t>> blocks;
  std::vector<std::string> outputs;
  options.declare(commandLine);
  tokenOptions.declare(commandLine);
  commandLine.integers("blocks", "0,11,17",
                       "first token of each block; the first is 0", blocks);
  commandLine.texts("output", "NAME=FILE.npy",
                    "where to write the keys or values of a layer", outputs);
  if (!commandLine.parse(arguments))
    return;
  std::vector<int64_t> starts = blocks.value_or(std::vector<int64_t>{0});
  Model model = options.open();
  std::vector<int64_t> tokens = tokenOptions.read(model);
  KVFiles files(model, outputs, starts.size());
  Session session(model);
  Prompt prompt(model);
  checkBlocks(session, starts, tokens.size());

  ba_kv_info kv = model.kvInfo();
  nlohmann::json result;
  result["position_independent"] = kv.position_independent != 0;
  result["blocks"] = nlohmann::json::array();
  double total = 0;
  uint64_t bytes = 0;
  int64_t encoded = 0;
  starts.push_back(tokens.size());
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    int64_t length = starts[i + 1] - starts[i];
    double begin = now();
    int64_t position = prompt.length();
    tokenOptions.others().bind(model, session, "encode");
    KVBlock block = session.encode(tokens.data() + starts[i], length, position);
    double seconds = now() - begin;
    prompt.append(block);
    int64_t before = encoded;
    encoded += block.length();
    if (!files.empty()) {
      runForResults(model, session, tokens.data() + starts[i], length, before);
      files.add(session, i);
      session.clear();
    }
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
  files.commit();
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
