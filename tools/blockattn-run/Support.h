//===- Support.h - what blockattn-run's commands share ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_TOOLS_BLOCKATTN_RUN_SUPPORT_H
#define BLOCKATTN_TOOLS_BLOCKATTN_RUN_SUPPORT_H

#include "blockattn/blockattn.hpp"
#include "tools/common/CommandLine.h"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace blockattn::tools {

using Arguments = std::vector<std::string>;

// The commands: the arguments that follow the command's name.
void runInfer(const Arguments &arguments);
void runEncode(const Arguments &arguments);
void runGenerate(const Arguments &arguments);
void runBench(const Arguments &arguments);

/// Options that every command has.
struct ModelOptions {
  std::string path;
  int64_t threads = 0;
  std::string cpuLevel;
  std::string device;
  std::string tuningFile;
  bool json = false;

  void declare(CommandLine &commandLine);
  Model open() const;
};

/// NAME=file.npy, for names that may have '=' in them: the longest of `names`
/// that fits, or else what stands before the first '='.
std::pair<std::string, std::string>
splitBinding(const std::string &text, const std::string &option,
             const std::vector<ba_value_info> &names);

/// Token ids in either integer type.
std::vector<int64_t> tokensOf(const ba_tensor &tensor, const std::string &what);

/// Inputs of the model beside the tokens, by name: --input NAME=file.npy.
class InputFiles {
public:
  /// Reads the file of `text` if it is NAME=file.npy for the name of an input
  /// of one of the model's programs; false if it is not.
  bool add(const Model &model, const std::string &text);
  /// Binds those that the program has.
  void bind(const Model &model, Session &session,
            const std::string &program) const;

private:
  std::map<std::string, Array> arrays;
};

/// Token ids from --tokens=1,2,3 or --input=[NAME=]file.npy; exactly one of
/// them. Other inputs by name come along.
class TokenOptions {
public:
  void declare(CommandLine &commandLine);
  /// To be called first: reads the files.
  std::vector<int64_t> read(const Model &model);
  const InputFiles &others() const { return named; }

private:
  std::optional<std::vector<int64_t>> tokens;
  std::vector<std::string> inputs;
  InputFiles named;
};

/// The starts of the blocks of `count` tokens, checked as the runtime does it.
void checkBlocks(Session &session, const std::vector<int64_t> &starts,
                 int64_t count);

/// Encodes all blocks but the last and puts them into a prompt.
void encodeBlocks(Session &session, Prompt &prompt,
                  const std::vector<int64_t> &tokens,
                  const std::vector<int64_t> &starts);

/// Output files that appear only when all of them are complete.
class OutputFiles {
public:
  ~OutputFiles();
  void add(const std::string &path, const ba_tensor &tensor);
  void commit();

private:
  struct File {
    std::string temporary;
    std::string path;
  };
  std::vector<File> files;
};

/// Seconds since an unspecified moment.
double now();

/// The most memory that this process has used, in bytes, since it was last
/// reset.
uint64_t peakMemory();
/// From here on the peak is a new one, where the system allows that.
void resetPeakMemory();

/// What a session did, for --json.
nlohmann::json describeCounters(const Session &session, const Model &model);
nlohmann::json describeShape(const ba_tensor &tensor);

/// A line on the terminal that is written over; nothing in a pipe.
class Progress {
public:
  explicit Progress(std::string what);
  ~Progress();
  void show(int64_t done, int64_t total);

private:
  std::string what;
  bool isTerminal;
  bool isShown = false;
  double last = 0;
};

} // namespace blockattn::tools

#endif // BLOCKATTN_TOOLS_BLOCKATTN_RUN_SUPPORT_H
