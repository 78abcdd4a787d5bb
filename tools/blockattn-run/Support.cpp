//===- Support.cpp - what blockattn-run's commands share ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/blockattn-run/Support.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

using namespace blockattn;
using namespace blockattn::tools;

void ModelOptions::declare(CommandLine &commandLine) {
  commandLine.positional("M.ba", path);
  commandLine.integer("threads", "N",
                      "threads that work on a run (default: all cores)",
                      threads, 1, 1024);
  commandLine.text("cpu-level", "LEVEL",
                   "code to run: x86-64, x86-64-v3 or x86-64-v4\n"
                   "(default: the best that this machine has)",
                   cpuLevel);
  commandLine.text("device", "DEVICE",
                   "cpu, cuda or cuda:N (default: the first device of the\n"
                   "kind that the artifact was compiled for)",
                   device);
  commandLine.text("tuning-file", "FILE",
                   "on a GPU: where the choices of algorithms for matrix\n"
                   "products are kept (default: M.ba.tuned); none: nowhere",
                   tuningFile);
  commandLine.flag("json", "print the results as JSON", json);
}

Model ModelOptions::open() const {
  ba_model_options options = BA_MODEL_OPTIONS_INIT;
  options.threads = static_cast<int32_t>(threads);
  options.cpu_level = cpuLevel.empty() ? nullptr : cpuLevel.c_str();
  options.device = device.empty() ? nullptr : device.c_str();
  if (!tuningFile.empty())
    options.tuning_file = tuningFile == "none" ? "" : tuningFile.c_str();
  return Model(path, options);
}

std::pair<std::string, std::string>
blockattn::tools::splitBinding(const std::string &text,
                               const std::string &option,
                               const std::vector<ba_value_info> &names) {
  size_t length = 0;
  for (const ba_value_info &info : names) {
    size_t size = std::strlen(info.name);
    if (size > length && text.size() > size && text[size] == '=' &&
        text.compare(0, size, info.name) == 0)
      length = size;
  }
  if (length == 0)
    length = text.find('=');
  if (length == std::string::npos || length == 0 || length + 1 == text.size())
    throw ToolError(option + ": '" + text +
                    "' should be NAME=file.npy, the name of an " +
                    option.substr(2) + " of the model and a file");
  return {text.substr(0, length), text.substr(length + 1)};
}

std::vector<int64_t> blockattn::tools::tokensOf(const ba_tensor &tensor,
                                                const std::string &what) {
  std::vector<int64_t> tokens;
  int64_t count = elements(tensor);
  bool isRow = tensor.rank == 1 || (tensor.rank == 2 && tensor.shape[0] == 1);
  if (!isRow || (tensor.dtype != BA_I64 && tensor.dtype != BA_I32))
    throw ToolError(what + " should hold the token ids of one prompt: whole "
                           "numbers of shape [1, tokens]");
  for (int64_t i = 0; i < count; ++i)
    tokens.push_back(tensor.dtype == BA_I64
                         ? static_cast<const int64_t *>(tensor.data)[i]
                         : static_cast<const int32_t *>(tensor.data)[i]);
  return tokens;
}

bool InputFiles::add(const Model &model, const std::string &text) {
  std::vector<ba_value_info> names;
  for (const std::string &program : model.programs())
    for (const ba_value_info &info : model.inputs(program))
      names.push_back(info);
  bool isNamed =
      std::any_of(names.begin(), names.end(), [&](const ba_value_info &info) {
        std::string prefix = std::string(info.name) + "=";
        return text.compare(0, prefix.size(), prefix) == 0;
      });
  if (!isNamed)
    return false;
  auto [name, file] = splitBinding(text, "--input", names);
  if (!arrays.emplace(name, Array::read(file)).second)
    throw ToolError("--input: '" + name + "' is given twice");
  return true;
}

void InputFiles::bind(const Model &model, Session &session,
                      const std::string &program) const {
  for (const ba_value_info &info : model.inputs(program)) {
    auto found = arrays.find(info.name);
    if (found != arrays.end())
      session.setInput(found->first, found->second.tensor());
  }
}

void TokenOptions::declare(CommandLine &commandLine) {
  commandLine.integers("tokens", "1,2,3", "the token ids of the prompt",
                       tokens);
  commandLine.texts("input", "[NAME=]FILE.npy",
                    "the token ids of the prompt, as an array [1, tokens];\n"
                    "with NAME= another input, such as sinks",
                    inputs);
}

/// The name of the token input, which the programs share.
static std::string tokensName(const Model &model) {
  for (const std::string &program : model.programs())
    for (const ba_value_info &info : model.inputs(program))
      if (std::string(info.role) == "tokens")
        return info.name;
  return "";
}

std::vector<int64_t> TokenOptions::read(const Model &model) {
  std::string file, what, prefix = tokensName(model) + "=";
  for (const std::string &input : inputs) {
    bool isTokens =
        prefix.size() > 1 && input.compare(0, prefix.size(), prefix) == 0;
    if (!isTokens && named.add(model, input))
      continue;
    if (!file.empty())
      throw ToolError("--input gives the token ids twice: '" + what +
                      "' and '" + input + "'");
    what = input;
    file = isTokens ? input.substr(prefix.size()) : input;
  }
  if (tokens && !file.empty())
    throw ToolError("--tokens and --input both give the prompt; give one");
  if (tokens)
    return *tokens;
  if (file.empty())
    throw ToolError("no prompt; give --tokens=1,2,3 or --input=file.npy");
  return tokensOf(Array::read(file).tensor(), "--input=" + what);
}

void blockattn::tools::checkBlocks(Session &session,
                                   const std::vector<int64_t> &starts,
                                   int64_t count) {
  session.setBlocks(starts);
  if (starts.back() >= count)
    throw ToolError("block " + std::to_string(starts.size() - 1) +
                    " starts at token " + std::to_string(starts.back()) +
                    ", but there are " + std::to_string(count) +
                    " tokens; every block needs one");
}

void blockattn::tools::encodeBlocks(Session &session, Prompt &prompt,
                                    const std::vector<int64_t> &tokens,
                                    const std::vector<int64_t> &starts) {
  Progress progress("encoding block");
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    progress.show(i, starts.size() - 1);
    prompt.append(session.encode(tokens.data() + starts[i],
                                 starts[i + 1] - starts[i], prompt.length()));
  }
}

OutputFiles::~OutputFiles() {
  for (const File &file : files)
    std::remove(file.temporary.c_str());
}

void OutputFiles::add(const std::string &path, const ba_tensor &tensor) {
  // A device or a pipe would be replaced by a file of its name.
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) &&
      !std::filesystem::is_regular_file(path, ignored))
    throw ToolError("cannot write '" + path +
                    "': it is not a regular file; name a .npy file");
  // Beside the file, so that the renaming cannot cross file systems.
  std::string temporary = path + ".tmp-" + std::to_string(getpid()) + "-" +
                          std::to_string(files.size());
  files.push_back({temporary, path});
  try {
    writeNpy(temporary, tensor);
  } catch (const Error &error) {
    // The user knows the file by the name that was asked for.
    std::string message = error.what();
    if (size_t at = message.find(temporary); at != std::string::npos)
      message.replace(at, temporary.size(), path);
    throw ToolError(message);
  }
}

void OutputFiles::commit() {
  while (!files.empty()) {
    const File &file = files.back();
    if (std::rename(file.temporary.c_str(), file.path.c_str()) != 0)
      throw ToolError("cannot write '" + file.path +
                      "': " + std::strerror(errno));
    files.pop_back();
  }
}

double blockattn::tools::now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

uint64_t blockattn::tools::peakMemory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

void blockattn::tools::resetPeakMemory() {
  // 5 resets the peak, see proc(5).
  std::ofstream("/proc/self/clear_refs") << 5;
}

nlohmann::json blockattn::tools::describeCounters(const Session &session,
                                                  const Model &model) {
  nlohmann::json programs = nlohmann::json::object();
  for (const std::string &program : model.programs()) {
    ba_counters counters = session.counters(program);
    if (counters.runs != 0)
      programs[program] = {{"runs", counters.runs},
                           {"tokens", counters.tokens}};
  }
  ba_memory_use memory = session.memoryUse();
  return {{"programs", programs},
          {"arena_bytes", memory.arena_bytes},
          {"output_bytes", memory.output_bytes},
          {"kv_bytes_copied", memory.kv_bytes_copied},
          {"peak_memory_bytes", peakMemory()},
          {"device", model.device()},
          {"device_peak_bytes", model.deviceMemory().peak_bytes}};
}

nlohmann::json blockattn::tools::describeShape(const ba_tensor &tensor) {
  nlohmann::json shape = nlohmann::json::array();
  for (int32_t i = 0; i < tensor.rank; ++i)
    shape.push_back(tensor.shape[i]);
  return shape;
}

Progress::Progress(std::string what)
    : what(std::move(what)), isTerminal(isatty(STDERR_FILENO) == 1) {}

void Progress::show(int64_t done, int64_t total) {
  // Not more often than one can read.
  if (!isTerminal || now() - last < 0.2)
    return;
  last = now();
  isShown = true;
  std::fprintf(stderr, "\r%s %lld of %lld", what.c_str(),
               static_cast<long long>(done + 1), static_cast<long long>(total));
  std::fflush(stderr);
}

Progress::~Progress() {
  // Clears the line.
  if (isShown)
    std::fprintf(stderr, "\r\x1b[K");
}
