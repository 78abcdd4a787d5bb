//===- Infer.cpp - blockattn-run infer ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/blockattn-run/Support.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <set>

using namespace blockattn;
using namespace blockattn::tools;

namespace {

struct Bindings {
  std::map<std::string, Array> inputs;
  /// Output names and files, in the order given.
  std::vector<std::pair<std::string, std::string>> outputs;
};

Bindings readBindings(const Model &model, const std::string &program,
                      const std::vector<std::string> &inputs,
                      const std::vector<std::string> &outputs) {
  Bindings bindings;
  for (const std::string &text : inputs) {
    auto [name, file] = splitBinding(text, "--input", model.inputs(program));
    if (!bindings.inputs.emplace(name, Array::read(file)).second)
      throw ToolError("--input: '" + name + "' is given twice");
  }
  std::set<std::string> files;
  for (const std::string &text : outputs) {
    auto binding = splitBinding(text, "--output", model.outputs(program));
    if (!files.insert(binding.second).second)
      throw ToolError("--output: file '" + binding.second + "' is given twice");
    bindings.outputs.push_back(binding);
  }
  return bindings;
}

/// The input of the given role, if it was given.
const Array *findRole(const Model &model, const std::string &program,
                      const Bindings &bindings, const std::string &role,
                      std::string &name) {
  for (const ba_value_info &info : model.inputs(program))
    if (info.role == role) {
      name = info.name;
      auto found = bindings.inputs.find(name);
      return found == bindings.inputs.end() ? nullptr : &found->second;
    }
  return nullptr;
}

/// One element of an input that counts tokens or hides them.
double numberAt(const ba_tensor &tensor, int64_t index) {
  switch (tensor.dtype) {
  case BA_I64:
    return static_cast<double>(
        static_cast<const int64_t *>(tensor.data)[index]);
  case BA_I32:
    return static_cast<const int32_t *>(tensor.data)[index];
  case BA_F32:
    return static_cast<const float *>(tensor.data)[index];
  case BA_BOOL:
    return static_cast<const uint8_t *>(tensor.data)[index];
  default:
    return -1;
  }
}

/// Positions that do not count up by 1 and masks with zeros are nothing that
/// cached blocks could follow. Returns the first position.
int64_t checkDerivable(const std::string &name, const ba_tensor &tensor,
                       bool isMask) {
  double first = isMask || elements(tensor) == 0 ? 0 : numberAt(tensor, 0);
  for (int64_t i = 0; i < elements(tensor); ++i)
    if (numberAt(tensor, i) != (isMask ? 1 : first + static_cast<double>(i)))
      throw ToolError("with --reuse input '" + name + "' must " +
                      (isMask ? "be all ones" : "count up by 1") +
                      ", as blocks are encoded by themselves; it differs at "
                      "index " +
                      std::to_string(i) + "; run without --reuse");
  // Beyond 2^53 not every number is a double.
  if (!(first >= 0 && first <= 9007199254740992.0))
    throw ToolError("input '" + name + "' begins with the position " +
                    std::to_string(first) + ", where no prompt starts");
  return static_cast<int64_t>(first);
}

/// Every block by itself, then the last block over their keys and values.
void inferWithReuse(const Model &model, Session &session,
                    const Bindings &bindings,
                    const std::vector<int64_t> &starts) {
  // Where a program is missing the library knows why.
  ba_value_info first;
  for (const char *program : {"encode", "extend"})
    if (!model.hasProgram(program))
      check(ba_model_input(model.get(), program, 0, &first));
  std::string tokensName, otherName;
  const Array *tokens =
      findRole(model, "extend", bindings, "tokens", tokensName);
  if (!tokens)
    throw ToolError("input '" + tokensName + "' of token ids is missing");
  // As strict as a program that runs on the array itself.
  for (const ba_value_info &info : model.inputs("extend"))
    if (std::string(info.role) == "tokens" &&
        info.dtype != tokens->tensor().dtype)
      throw ToolError("input '" + tokensName + "' is " +
                      ba_dtype_name(tokens->tensor().dtype) + ", and must be " +
                      ba_dtype_name(info.dtype));
  std::vector<int64_t> ids =
      tokensOf(tokens->tensor(), "input '" + tokensName + "'");
  checkBlocks(session, starts, ids.size());
  std::set<std::string> used = {tokensName};
  Prompt prompt(model);
  for (const char *role : {"positions", "attention_mask"})
    if (const Array *given =
            findRole(model, "extend", bindings, role, otherName)) {
      if (elements(given->tensor()) != static_cast<int64_t>(ids.size()))
        throw ToolError("input '" + otherName + "' has " +
                        std::to_string(elements(given->tensor())) +
                        " elements for " + std::to_string(ids.size()) +
                        " tokens");
      bool isMask = std::string(role) == "attention_mask";
      int64_t first = checkDerivable(otherName, given->tensor(), isMask);
      if (!isMask)
        prompt.start(first);
      used.insert(otherName);
    }
  for (const auto &[name, array] : bindings.inputs)
    if (!used.count(name))
      session.setInput(name, array.tensor());
  encodeBlocks(session, prompt, ids, starts);
  session.extend(prompt, ids.data() + starts.back(),
                 ids.size() - starts.back());
}

} // namespace

void blockattn::tools::runInfer(const Arguments &arguments) {
  CommandLine commandLine(
      "blockattn-run infer M.ba --input NAME=file.npy ... "
      "[--blocks=0,11,17 [--reuse]] --output NAME=file.npy ...",
      "Runs a model on NumPy arrays. Without --blocks the graph runs as it "
      "came "
      "(full\nattention). With --blocks its tokens are one prompt of blocks: "
      "each "
      "sees itself\nalone, and the last one everything. With --reuse each "
      "block is "
      "encoded alone, the\nkeys and values are reused, and the outputs are "
      "those of "
      "the last block.\n\nInputs that can be derived may be left out: "
      "positions, an "
      "attention mask of ones,\nan empty past. Output files appear when all "
      "are "
      "complete.");
  ModelOptions options;
  std::vector<std::string> inputs, outputs;
  std::optional<std::vector<int64_t>> blocks;
  bool reuse = false;
  options.declare(commandLine);
  commandLine.texts("input", "NAME=FILE.npy", "an input of the model", inputs);
  commandLine.texts("output", "NAME=FILE.npy",
                    "where to write an output of the model", outputs);
  commandLine.integers("blocks", "0,11,17",
                       "first token of each block; the first is 0", blocks);
  commandLine.flag("reuse",
                   "encode each block alone and reuse its keys and "
                   "values",
                   reuse);
  if (!commandLine.parse(arguments))
    return;
  if (reuse && !blocks)
    throw ToolError("--reuse needs the block starts: --blocks=0,...");
  if (outputs.empty() && !options.json)
    throw ToolError("nothing to write; give --output NAME=file.npy (or --json "
                    "for the shapes and the time alone)");

  Model model = options.open();
  // The program whose inputs and outputs these are.
  std::string program = !blocks ? "full" : reuse ? "extend" : "block";
  Bindings bindings = readBindings(model, program, inputs, outputs);
  Session session(model);
  double begin = now();
  if (reuse) {
    inferWithReuse(model, session, bindings, *blocks);
  } else {
    for (const auto &[name, array] : bindings.inputs)
      session.setInput(name, array.tensor());
    if (blocks)
      session.setBlocks(*blocks);
    session.run(program);
  }
  double seconds = now() - begin;

  OutputFiles files;
  nlohmann::json written = nlohmann::json::object();
  for (const auto &[name, file] : bindings.outputs) {
    ba_tensor tensor = session.output(name);
    files.add(file, tensor);
    written[name] = {{"dtype", ba_dtype_name(tensor.dtype)},
                     {"shape", describeShape(tensor)},
                     {"file", file}};
  }
  files.commit();
  if (!options.json)
    return;
  nlohmann::json result = describeCounters(session, model);
  result["program"] = program;
  result["seconds"] = seconds;
  result["outputs"] = written;
  result["cpu_level"] = model.cpuLevel();
  result["threads"] = model.threads();
  std::printf(
      "%s\n",
      result.dump(2, ' ', true, nlohmann::json::error_handler_t::replace)
          .c_str());
}
