//===- Generate.cpp - blockattn-run generate ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/blockattn-run/Support.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

using namespace blockattn;
using namespace blockattn::tools;

namespace {

/// The logits of the last token.
class LastLogits {
public:
  /// The output is the one called logits, or else the first of its shape.
  LastLogits(const Model &model, const std::string &program) {
    for (const ba_value_info &info : model.outputs(program)) {
      bool fits = std::string(info.role) == "output" && info.dtype == BA_F32 &&
                  info.rank == 3;
      if (fits && (name.empty() || std::string(info.name) == "logits"))
        name = info.name;
    }
    if (name.empty())
      throw ToolError("program " + program +
                      " has no output of logits (f32 [1, tokens, "
                      "vocabulary]); only language models can generate");
  }

  int64_t sample(const Session &session, Sampler &sampler) const {
    ba_tensor logits = session.output(name);
    int64_t vocabulary = logits.shape[2];
    int64_t rows = logits.shape[0] * logits.shape[1];
    if (rows == 0)
      throw ToolError("output '" + name + "' is empty");
    return sampler.sample(static_cast<const float *>(logits.data) +
                              (rows - 1) * vocabulary,
                          vocabulary);
  }

private:
  std::string name;
};

/// The token input's name, for programs that read the whole prompt.
std::string tokensName(const Model &model, const std::string &program) {
  for (const ba_value_info &info : model.inputs(program))
    if (std::string(info.role) == "tokens")
      return info.name;
  throw ToolError("program " + program + " has no input of token ids");
}

} // namespace

void blockattn::tools::runGenerate(const Arguments &arguments) {
  CommandLine commandLine(
      "blockattn-run generate M.ba --input=FILE.npy|--tokens=1,2,3 "
      "[--blocks=0,11,17] [--max-new-tokens=N]",
      "Continues a prompt of token ids and prints the new ids. With --blocks "
      "the "
      "prompt is\nblocks: each is encoded alone, the last one sees all of "
      "them, "
      "and so do the new\ntokens. The most likely token is taken, or, with a "
      "--temperature, one at random.");
  ModelOptions options;
  TokenOptions tokenOptions;
  std::optional<std::vector<int64_t>> blocks, stop;
  std::string output;
  int64_t most = 32, topK = 0, seed = 0;
  double temperature = 0, topP = 1;
  bool reuse = false, recompute = false;
  options.declare(commandLine);
  tokenOptions.declare(commandLine);
  commandLine.integers("blocks", "0,11,17",
                       "first token of each block; the first is 0", blocks);
  commandLine.flag("reuse",
                   "encode each block alone and reuse its keys and\n"
                   "values (the default)",
                   reuse);
  commandLine.flag("recompute",
                   "read the whole prompt again for every token, as\n"
                   "a check (slow)",
                   recompute);
  commandLine.integer("max-new-tokens", "N", "tokens to generate (default 32)",
                      most, 1, int64_t(1) << 30);
  commandLine.integers("stop", "2,50256", "token ids that end the text", stop);
  commandLine.number("temperature", "T", "0 (default): the most likely token",
                     temperature);
  commandLine.integer("top-k", "K", "choose among the K most likely", topK, 0,
                      INT32_MAX);
  commandLine.number("top-p", "P",
                     "choose among the fewest that have probability\n"
                     "P together",
                     topP);
  commandLine.integer("seed", "S", "for the random choice (default 0)", seed,
                      INT64_MIN, INT64_MAX);
  commandLine.text("output", "FILE.npy", "write the new ids to a file as well",
                   output);
  if (!commandLine.parse(arguments))
    return;
  if (reuse && recompute)
    throw ToolError("--reuse and --recompute exclude one another");
  if (reuse && !blocks)
    throw ToolError("--reuse needs the block starts: --blocks=0,...");

  std::vector<int64_t> starts = blocks.value_or(std::vector<int64_t>{0});
  ba_sampler_options choice = BA_SAMPLER_OPTIONS_INIT;
  choice.temperature = static_cast<float>(temperature);
  choice.top_k = static_cast<int32_t>(topK);
  choice.top_p = static_cast<float>(topP);
  choice.seed = static_cast<uint64_t>(seed);
  Sampler sampler(choice);
  Model model = options.open();
  std::vector<int64_t> tokens = tokenOptions.read(model);
  Session session(model);
  checkBlocks(session, starts, tokens.size());

  // With sinks a prompt of one block is not the graph as it came.
  bool hasSinks = false;
  for (const ba_value_info &info : model.inputs("block"))
    hasSinks |= std::string(info.role) == "sinks";
  std::string program = !recompute           ? "extend"
                        : blocks || hasSinks ? "block"
                                             : "full";
  // Where there is no such program, running it says so, and why.
  if (!model.hasProgram(program))
    session.run(program);
  LastLogits logits(model, program);
  tokenOptions.others().bind(model, session, program);
  size_t promptLength = tokens.size();
  double begin = now(), first = 0;
  Prompt prompt(model);
  if (!recompute) {
    encodeBlocks(session, prompt, tokens, starts);
    session.extend(prompt, tokens.data() + starts.back(),
                   promptLength - starts.back());
  }
  Progress progress("token");
  std::vector<int64_t> generated;
  for (;;) {
    if (recompute) {
      session.setInput(
          tokensName(model, program),
          view(tokens.data(), {1, static_cast<int64_t>(tokens.size())}));
      session.run(program);
    }
    int64_t token = logits.sample(session, sampler);
    if (generated.empty())
      first = now() - begin;
    bool isStop = stop && std::count(stop->begin(), stop->end(), token);
    generated.push_back(token);
    tokens.push_back(token);
    progress.show(generated.size() - 1, most);
    if (isStop || static_cast<int64_t>(generated.size()) == most)
      break;
    if (!recompute)
      session.extend(prompt, &generated.back(), 1);
  }
  double seconds = now() - begin;

  if (!output.empty()) {
    OutputFiles files;
    files.add(output, view(generated.data(),
                           {1, static_cast<int64_t>(generated.size())}));
    files.commit();
  }
  if (options.json) {
    nlohmann::json result;
    result["tokens"] = generated;
    result["prompt_tokens"] = promptLength;
    result["seconds_to_first_token"] = first;
    result["seconds"] = seconds;
    result["counters"] = describeCounters(session, model);
    std::printf("%s\n", result.dump(2).c_str());
    return;
  }
  for (size_t i = 0; i < generated.size(); ++i)
    std::printf("%s%lld", i ? "," : "", static_cast<long long>(generated[i]));
  std::printf("\n");
}
