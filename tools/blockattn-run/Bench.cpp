//===- Bench.cpp - blockattn-run bench ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/blockattn-run/AttentionWork.h"
#include "tools/blockattn-run/Support.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>

using namespace blockattn;
using namespace blockattn::tools;

namespace {

/// Token ids without a pattern, the same ones every time.
std::vector<int64_t> someTokens(int64_t count, int64_t vocabulary) {
  std::vector<int64_t> tokens(count);
  uint64_t state = 1;
  for (int64_t &token : tokens) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    token =
        static_cast<int64_t>((state >> 33) % static_cast<uint64_t>(vocabulary));
  }
  return tokens;
}

/// Decoding steps before the time is taken: the first ones find kernels loaded
/// and products measured, then a step is recorded, to be replayed from there
/// on.
constexpr int kStepsBeforeDecoding = 3;

class Bench {
public:
  Bench(Model &model, const InputFiles &inputs, bool json, int64_t repeat,
        bool profile)
      : model(model), inputs(inputs), json(json), repeat(repeat),
        profile(profile), attentionWork(model) {}

  /// A new session, for the inputs of a program; the peak of memory is from
  /// here on what this program takes.
  void start(const std::string &program) {
    session.reset();
    resetPeakMemory();
    model.resetPeakMemory();
    session.emplace(model);
    inputs.bind(model, *session, program);
  }

  /// Runs `body` once to warm up and then `repeat` times; the best counts.
  double measure(const std::function<void()> &body) {
    body();
    double best = 0;
    for (int64_t i = 0; i < repeat; ++i) {
      double begin = now();
      body();
      double seconds = now() - begin;
      best = i == 0 ? seconds : std::min(best, seconds);
    }
    takeProfile(body);
    return best;
  }

  /// Runs `body` once more, with the times of its steps.
  void takeProfile(const std::function<void()> &body) {
    if (!profile)
      return;
    session->profile(true);
    body();
    std::vector<ba_step_time> steps = session->readProfile();
    std::sort(steps.begin(), steps.end(),
              [](const ba_step_time &a, const ba_step_time &b) {
                return a.seconds > b.seconds;
              });
    stepTimes = nlohmann::json::array();
    for (const ba_step_time &step : steps) {
      stepTimes.push_back({{"step", step.name},
                           {"count", step.count},
                           {"seconds", step.seconds},
                           {"operations", step.operations},
                           {"bytes", step.bytes}});
      addRates(stepTimes.back());
    }
    session->profile(false);
  }

  /// All attentions together, and all products, of the steps that are reported
  /// next. A kernel alone does not say what it computes.
  nlohmann::json sums(const std::vector<Queries> &queries) const {
    Work work = attentionWork.of(queries);
    nlohmann::json attention = {{"step", "all attentions"},
                                {"count", 0},
                                {"seconds", 0.0},
                                {"operations", work.operations},
                                {"bytes", work.bytes}};
    nlohmann::json products = {{"step", "all products"},
                               {"count", 0},
                               {"seconds", 0.0},
                               {"operations", 0.0},
                               {"bytes", 0.0}};
    auto add = [](nlohmann::json &sum, const nlohmann::json &step,
                  const char *name) {
      sum[name] = sum[name].get<double>() + step[name].get<double>();
    };
    for (const nlohmann::json &step : stepTimes) {
      bool isAttention = AttentionWork::isKernel(step["step"]);
      if (!isAttention && step["operations"].get<double>() == 0)
        continue;
      nlohmann::json &sum = isAttention ? attention : products;
      sum["count"] = sum["count"].get<int64_t>() + step["count"].get<int64_t>();
      add(sum, step, "seconds");
      if (isAttention)
        continue;
      add(sum, step, "operations");
      add(sum, step, "bytes");
    }
    nlohmann::json result = nlohmann::json::array();
    for (nlohmann::json *sum : {&attention, &products})
      if ((*sum)["count"] != 0) {
        addRates(*sum);
        result.push_back(std::move(*sum));
      }
    return result;
  }

  /// The most memory used by the program, where the model runs.
  uint64_t memory() const {
    return model.device() == "cpu" ? peakMemory()
                                   : model.deviceMemory().peak_bytes;
  }

  /// `queries` are those of the run whose steps were taken.
  void report(const char *what, int64_t length, int64_t tokens, double seconds,
              const std::vector<Queries> &queries) {
    double rate = seconds > 0 ? tokens / seconds : 0;
    results.push_back({{"what", what},
                       {"length", length},
                       {"tokens", tokens},
                       {"seconds", seconds},
                       {"tokens_per_second", rate},
                       {"peak_memory_bytes", memory()}});
    if (!stepTimes.empty()) {
      nlohmann::json totals = sums(queries);
      results.back()["steps"] = stepTimes;
      results.back()["sums"] = totals;
      stepTimes.insert(stepTimes.end(), totals.begin(), totals.end());
    }
    if (!json)
      std::printf("%-26s %8lld %8lld %10.2f ms %10.0f %8.0f MiB\n", what,
                  static_cast<long long>(length),
                  static_cast<long long>(tokens), seconds * 1e3, rate,
                  memory() / 1048576.0);
    for (const nlohmann::json &step : stepTimes)
      if (!json)
        std::printf("    %-40s %6lld x %10.3f ms%s\n",
                    step["step"].get<std::string>().c_str(),
                    step["count"].get<long long>(),
                    step["seconds"].get<double>() * 1e3,
                    ratesText(step).c_str());
    stepTimes.clear();
  }

  /// `starts` are the blocks of program `block`.
  void prefill(const std::string &program, const std::vector<int64_t> &tokens,
               const std::vector<int64_t> &starts) {
    start(program);
    session->setBlocks(starts);
    for (const ba_value_info &info : model.inputs(program))
      if (std::string(info.role) == "tokens")
        session->setInput(info.name, view(tokens.data(), shape(tokens.size())));
    double seconds = measure([&] { session->run(program); });
    report(program == "full" ? "full attention" : "block attention",
           tokens.size(), tokens.size(), seconds,
           queriesOfBlocks(program == "full" ? std::vector<int64_t>{0} : starts,
                           tokens.size()));
    answers[program] = lastLogits(program, tokens.size() - starts.back());
  }

  /// How the programs' logits of the last block's tokens compare.
  void agreement(int64_t length) {
    const Rows &full = answers["full"], &block = answers["block"],
               &extend = answers["extend"];
    if (!full.empty() && full.size() == block.size()) {
      size_t same = 0;
      for (size_t i = 0; i < full.size(); ++i)
        same += largest(full[i]) == largest(block[i]);
      results.push_back({{"what", "same next token, full and block"},
                         {"length", length},
                         {"share", double(same) / full.size()}});
      if (!json)
        std::printf("full and block attention: the same next token at %zu of "
                    "the last block's %zu tokens\n",
                    same, full.size());
    }
    if (!block.empty() && block.size() == extend.size()) {
      double worst = 0;
      for (size_t i = 0; i < block.size(); ++i)
        for (size_t j = 0; j < block[i].size(); ++j)
          worst = std::max(worst, std::abs(double(block[i][j]) - extend[i][j]));
      results.push_back({{"what", "largest difference, block and cached"},
                         {"length", length},
                         {"difference", worst}});
      if (!json)
        std::printf("block attention and cached blocks: logits differ by at "
                    "most %.1e\n",
                    worst);
    }
    answers.clear();
  }

  /// Blocks are encoded once; then a prompt of all of them is answered.
  void reuse(const std::vector<int64_t> &tokens,
             const std::vector<int64_t> &starts) {
    start("encode");
    std::vector<KVBlock> blocks;
    int64_t cached = starts.back(), length = tokens.size();
    double encode = measure([&] { blocks = encodeAll(tokens, starts); });
    std::vector<Queries> queries = queriesOfBlocks(starts, length);
    queries.pop_back();
    report("encode blocks", length, cached, encode, queries);
    start("extend");
    double answer = measure([&] {
      Prompt prompt(model);
      for (const KVBlock &block : blocks)
        prompt.append(block);
      session->extend(prompt, tokens.data() + cached, tokens.size() - cached);
    });
    answers["extend"] = lastLogits("extend", tokens.size() - cached);
    report("first token, blocks cached", length, length - cached, answer,
           {{0, cached, length}});
  }

  void decode(const std::vector<int64_t> &tokens,
              const std::vector<int64_t> &starts, int64_t steps) {
    Prompt prompt(model);
    start("encode");
    encodeBlocks(*session, prompt, tokens, starts);
    start("extend");
    session->extend(prompt, tokens.data() + starts.back(),
                    tokens.size() - starts.back());
    for (int i = 0; i < kStepsBeforeDecoding; ++i)
      session->extend(prompt, &tokens[i % tokens.size()], 1);
    double begin = now();
    for (int64_t i = 0; i < steps; ++i)
      session->extend(prompt, &tokens[i % tokens.size()], 1);
    double seconds = now() - begin;
    takeProfile([&] { session->extend(prompt, tokens.data(), 1); });
    int64_t length = prompt.length();
    report("decode", tokens.size(), steps, seconds, {{0, length - 1, length}});
  }

  nlohmann::json take() { return std::move(results); }

private:
  using Rows = std::vector<std::vector<float>>;

  /// The blocks of a prompt but the last, each for its place there.
  std::vector<KVBlock> encodeAll(const std::vector<int64_t> &tokens,
                                 const std::vector<int64_t> &starts) {
    std::vector<KVBlock> blocks;
    Prompt prompt(model);
    for (size_t i = 0; i + 1 < starts.size(); ++i) {
      blocks.push_back(session->encode(tokens.data() + starts[i],
                                       starts[i + 1] - starts[i],
                                       prompt.length()));
      prompt.append(blocks.back());
    }
    return blocks;
  }

  /// The logits of the last `count` tokens of the last run; none where the
  /// program has no output of that kind.
  Rows lastLogits(const std::string &program, int64_t count) {
    for (const ba_value_info &info : model.outputs(program)) {
      if (std::string(info.name) != "logits" || info.dtype != BA_F32)
        continue;
      ba_tensor logits = session->output(info.name);
      if (logits.rank != 3 || logits.shape[0] != 1 || logits.shape[1] < count)
        continue;
      int64_t width = logits.shape[2];
      auto *data = static_cast<const float *>(logits.data) +
                   (logits.shape[1] - count) * width;
      Rows rows;
      for (int64_t i = 0; i < count; ++i)
        rows.emplace_back(data + i * width, data + (i + 1) * width);
      return rows;
    }
    return {};
  }

  static size_t largest(const std::vector<float> &row) {
    return std::max_element(row.begin(), row.end()) - row.begin();
  }

  static std::vector<int64_t> shape(size_t count) {
    return {1, static_cast<int64_t>(count)};
  }

  Model &model;
  const InputFiles &inputs;
  std::optional<Session> session;
  bool json;
  int64_t repeat;
  bool profile;
  AttentionWork attentionWork;
  nlohmann::json results = nlohmann::json::array();
  /// Of what is reported next; none without --profile.
  nlohmann::json stepTimes = nlohmann::json::array();
  /// By program, until `agreement` has compared them.
  std::map<std::string, Rows> answers;
};

} // namespace

/// The programs that are not there to be measured; an error where nothing can
/// be.
static std::vector<std::string> missingPrograms(const Model &model) {
  std::vector<std::string> missing;
  for (const char *program : {"full", "block", "encode", "extend"})
    if (!model.hasProgram(program))
      missing.push_back(program);
  if (!model.hasProgram("full") && !model.hasProgram("block") &&
      !(model.hasProgram("encode") && model.hasProgram("extend")))
    throw ToolError("nothing to measure: bench needs program full, program "
                    "block, or both encode and extend; compile the model with "
                    "--programs=full,block,encode,extend");
  return missing;
}

void blockattn::tools::runBench(const Arguments &arguments) {
  CommandLine commandLine(
      "blockattn-run bench M.ba [--lengths=512,2048] [--blocks=N]",
      "Measures, at each length: the whole prompt under full and under block "
      "attention\n(equal blocks), encoding its blocks, the first token when "
      "all "
      "blocks but the last\nare cached, and decoding. The best of --repeat "
      "runs "
      "counts, after one to warm up; of\ndecoding the mean of --decode steps, "
      "after three. The memory is the most that a\nprogram takes, weights and "
      "cached blocks with it.");
  ModelOptions options;
  std::optional<std::vector<int64_t>> lengths;
  std::vector<std::string> inputTexts;
  int64_t blockCount = 16, question = 50, steps = 32, repeat = 3;
  bool profile = false;
  options.declare(commandLine);
  commandLine.integers("lengths", "512,2048",
                       "tokens of the prompts (default 512,2048)", lengths);
  commandLine.integer("blocks", "N", "blocks of a prompt (default 16)",
                      blockCount, 1, 1 << 20);
  commandLine.texts("input", "NAME=FILE.npy",
                    "an input of the model beside the tokens, such as sinks",
                    inputTexts);
  commandLine.integer("question", "N",
                      "tokens of the last block (default 50, at most\n"
                      "an equal share)",
                      question, 1, 1 << 20);
  commandLine.integer("decode", "N", "decoding steps (default 32)", steps, 1,
                      1 << 20);
  commandLine.integer("repeat", "N", "runs of each (default 3)", repeat, 1,
                      1000);
  commandLine.flag("profile",
                   "the time of each kernel and matrix product, on a GPU,\n"
                   "in one more run of each; operations and bytes a second\n"
                   "where they are known, a byte counting once",
                   profile);
  if (!commandLine.parse(arguments))
    return;
  Model model = options.open();
  int64_t vocabulary = model.vocabSize();
  if (vocabulary <= 0)
    throw ToolError("the artifact does not say how large the vocabulary is; "
                    "only language models can be measured");

  InputFiles inputs;
  for (const std::string &text : inputTexts)
    if (!inputs.add(model, text))
      throw ToolError("--input: '" + text +
                      "' should be NAME=file.npy, the name of an input of the "
                      "model and a file");

  std::vector<std::string> missing = missingPrograms(model);

  if (!options.json)
    std::printf("%s, %s, %d threads\n%-26s %8s %8s %13s %10s %12s\n",
                model.device().c_str(), model.cpuLevel().c_str(),
                model.threads(), "", "length", "tokens", "time", "tokens/s",
                "peak memory");
  if (!options.json && !missing.empty()) {
    std::string names;
    for (const std::string &program : missing)
      names += (names.empty() ? "" : ", ") + program;
    std::printf("note: not everything is measured: the artifact has no program "
                "%s\n",
                names.c_str());
  }
  Bench bench(model, inputs, options.json, repeat, profile);
  for (int64_t length : lengths.value_or(std::vector<int64_t>{512, 2048})) {
    if (length < 1 || length > (int64_t(1) << 30))
      throw ToolError("--lengths: " + std::to_string(length) +
                      " is not a length from 1 to 2^30");
    std::vector<int64_t> tokens = someTokens(length, vocabulary);
    int64_t count = std::min(blockCount, length);
    int64_t last = count == 1 ? length : std::min(question, length / count);
    std::vector<int64_t> starts;
    for (int64_t i = 0; i + 1 < count; ++i)
      starts.push_back((length - last) * i / (count - 1));
    starts.push_back(length - last);
    if (model.hasProgram("full"))
      bench.prefill("full", tokens, starts);
    if (model.hasProgram("block"))
      bench.prefill("block", tokens, starts);
    if (model.hasProgram("encode") && model.hasProgram("extend")) {
      bench.reuse(tokens, starts);
      bench.decode(tokens, starts, steps);
    }
    bench.agreement(length);
  }
  if (!options.json)
    return;
  nlohmann::json result = {{"device", model.device()},
                           {"cpu_level", model.cpuLevel()},
                           {"threads", model.threads()},
                           {"missing_programs", missing},
                           {"results", bench.take()}};
  std::printf("%s\n", result.dump(2).c_str());
}
