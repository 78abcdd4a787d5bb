//===- Session.h - running programs -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SESSION_SESSION_H
#define BLOCKATTN_RUNTIME_SESSION_SESSION_H

#include "Cpu/MemoryPlan.h"
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
  static Expected<Session> create(Ref<Model> model);

  const Model &getModel() const { return *model; }

  /// `onDevice`: the data is where the model's device reads and writes it.
  Status setInput(const char *name, const ba_tensor &tensor, bool onDevice) {
    return bind(boundInputs, "input", name, tensor, onDevice);
  }
  Status setOutput(const char *name, const ba_tensor &tensor, bool onDevice) {
    return bind(boundOutputs, "output", name, tensor, onDevice);
  }
  Status setStream(void *stream) { return work->use(stream); }
  Status profile(bool enable) { return work->profile(enable); }
  Expected<std::vector<StepTime>> takeProfile() { return work->takeProfile(); }
  void setLayout(Layout newLayout) { layout = std::move(newLayout); }
  void clear();

  Status run(std::string_view program);
  Expected<Ref<KVBlock>> encode(const int64_t *tokens, int64_t count,
                                int64_t position);
  Status extend(Prompt &prompt, const int64_t *tokens, int64_t count);

  /// A view in the host's memory, or of the device's.
  Status output(std::string_view name, bool onDevice, ba_tensor &tensor) const;
  ba_counters counters(std::string_view program) const;
  ba_memory_use memoryUse() const;

private:
  Session(Ref<Model> model, std::unique_ptr<Stream> work)
      : model(std::move(model)), work(std::move(work)) {}

  /// A tensor of the caller's.
  struct Bound {
    ba_tensor tensor;
    bool onDevice;
  };
  /// The sizes for one program at one set of input shapes.
  struct Plan {
    const Program *program = nullptr;
    std::vector<int64_t> inputDims;
    MemoryPlan memory;
    /// All outputs' dimensions, one after the other.
    std::vector<int64_t> outputDims;
    uint64_t lastUse = 0;
    std::unique_ptr<Replay> replay;
  };
  /// An output of the last run, in the device's memory.
  struct Output {
    ba_tensor tensor;
    /// Empty for outputs in the memory of others.
    DeviceBuffer memory;
    bool isValid = false;
    /// On another device: the host's copy, once there is one, and its memory
    /// unless that is the caller's.
    mutable void *copy = nullptr;
    mutable AlignedBuffer copyMemory;
  };
  /// Memory for an output that is not kept by the session; null if it is.
  using Placement = std::vector<void *>;

  Status bind(std::map<std::string, Bound> &bound, const char *kind,
              const char *name, const ba_tensor &tensor, bool onDevice);
  bool isHost() const { return model->device().isHost(); }
  void giveBound(Inputs &inputs) const;
  /// The table of sinks that is bound, if the program takes one and it is a
  /// matrix; what is wrong with it is for Inputs to say.
  const ba_tensor *boundSinks(const ProgramInfo &program) const;
  Expected<Plan *> plan(const Program &program, const Inputs &inputs);
  Status execute(const Program &program, const Inputs &inputs, Plan &plan,
                 const Placement &placement);
  Status moveFewTokens(const std::vector<uint64_t> &rowBytes, int64_t tokens,
                       const std::vector<void *> &addresses);
  Status placeOutputs(const Program &program, const Plan &plan,
                      const Placement &placement);
  Status show(const Output &slot, const ValueInfo &info, bool onDevice,
              ba_tensor &tensor) const;
  Status checkApart(const Program &program, const Inputs &inputs,
                    const Placement &placement) const;
  Status takeOutputs(const Program &program, const Placement &placement,
                     const std::vector<Descriptor> &results);

  Ref<Model> model;
  std::unique_ptr<Stream> work;
  std::map<std::string, Bound> boundInputs;
  std::map<std::string, Bound> boundOutputs;
  std::optional<Layout> layout;

  std::vector<Plan> plans;
  uint64_t planClock = 0;
  DeviceBuffer arena;
  const Program *lastProgram = nullptr;
  std::map<const Program *, std::vector<Output>> outputs;
  std::map<const Program *, ba_counters> counts;
  /// On a GPU: where `extend` writes the keys and values of a few tokens.
  std::optional<KVStorage> fewTokens;
  uint64_t kvBytesCopied = 0;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SESSION_SESSION_H
