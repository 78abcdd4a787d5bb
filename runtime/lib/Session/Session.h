//===- Session.h - running programs -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SESSION_SESSION_H
#define BLOCKATTN_RUNTIME_SESSION_SESSION_H

#include "Session/Inputs.h"
#include "Session/KVBlock.h"
#include "Session/Layout.h"
#include "Session/Model.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace blockattn::rt {

/// Where a run goes: bound inputs and outputs, working memory, the outputs of
/// the last run. For one thread at a time.
class Session {
public:
  explicit Session(Ref<Model> model) : model(std::move(model)) {}

  const Model &getModel() const { return *model; }

  void setInput(const char *name, const ba_tensor &tensor) {
    boundInputs[name] = tensor;
  }
  void setOutput(const char *name, const ba_tensor &tensor) {
    boundOutputs[name] = tensor;
  }
  void setLayout(Layout newLayout) { layout = std::move(newLayout); }
  void clear();

  Status run(std::string_view program);
  Expected<Ref<KVBlock>> encode(const int64_t *tokens, int64_t count,
                                int64_t position);
  Status extend(Prompt &prompt, const int64_t *tokens, int64_t count);

  Status output(std::string_view name, ba_tensor &tensor) const;
  ba_counters counters(std::string_view program) const;
  ba_memory_use memoryUse() const;

private:
  /// The sizes for one program at one set of input shapes.
  struct Plan {
    const Program *program = nullptr;
    std::vector<int64_t> inputDims;
    MemoryPlan memory;
    /// All outputs' dimensions, one after the other.
    std::vector<int64_t> outputDims;
    uint64_t lastUse = 0;
  };
  /// An output of the last run.
  struct Output {
    ba_tensor tensor;
    /// Empty for outputs in the memory of others.
    AlignedBuffer memory;
    bool isValid = false;
  };
  /// Memory for an output that is not kept by the session; null if it is.
  using Placement = std::vector<void *>;

  Expected<Plan *> plan(const Program &program, const Inputs &inputs);
  Status execute(const Program &program, const Inputs &inputs, const Plan &plan,
                 const Placement &placement);
  Status placeOutputs(const Program &program, const Plan &plan,
                      const Placement &placement);
  Status takeOutputs(const Program &program, const Placement &placement,
                     const std::vector<Descriptor> &results);

  Ref<Model> model;
  std::map<std::string, ba_tensor> boundInputs;
  std::map<std::string, ba_tensor> boundOutputs;
  std::optional<Layout> layout;

  std::vector<Plan> plans;
  uint64_t planClock = 0;
  AlignedBuffer arena;
  const Program *lastProgram = nullptr;
  std::map<const Program *, std::vector<Output>> outputs;
  /// What compiled code allocated in the last run.
  std::vector<AlignedBuffer> dataMemory;
  std::map<const Program *, ba_counters> counts;
  uint64_t kvBytesCopied = 0;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SESSION_SESSION_H
