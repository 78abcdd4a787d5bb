//===- Session.cpp - running programs -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session/Session.h"
#include "Session/MemoryRange.h"
#include "Support/Checked.h"

#include <algorithm>
#include <cinttypes>

using namespace blockattn::rt;

namespace {
/// Plans that a session remembers. Decoding needs a few; a service that sees
/// every length replaces the oldest.
constexpr size_t kMostPlans = 64;
} // namespace

Expected<Session> Session::create(Ref<Model> model) {
  Expected<std::unique_ptr<Stream>> work = model->device().createStream();
  if (!work)
    return work.takeError();
  return Session(std::move(model), std::move(*work));
}

Status Session::bind(std::map<std::string, Bound> &bound, const char *kind,
                     const char *name, const ba_tensor &tensor, bool onDevice) {
  // What has no elements need not be anywhere.
  if (onDevice && tensor.data)
    if (Status status = model->device().checkAddress(
            tensor.data, std::string(kind) + " " + quote(name)))
      return status;
  bound[name] = {tensor, onDevice || isHost()};
  return Status();
}

void Session::giveBound(Inputs &inputs) const {
  for (const auto &[name, bound] : boundInputs)
    inputs.give(name, bound.tensor, bound.onDevice && !isHost());
}

const ba_tensor *Session::boundSinks(const ProgramInfo &program) const {
  const ValueInfo *sinks = program.inputOf(Role::Sinks);
  auto found = sinks ? boundInputs.find(sinks->name) : boundInputs.end();
  if (found == boundInputs.end() || found->second.tensor.rank != 2)
    return nullptr;
  return &found->second.tensor;
}

void Session::clear() {
  boundInputs.clear();
  boundOutputs.clear();
  layout.reset();
}

//===----------------------------------------------------------------------===//
// Planning and running
//===----------------------------------------------------------------------===//

Expected<Session::Plan *> Session::plan(const Program &program,
                                        const Inputs &inputs) {
  std::vector<int64_t> dims;
  for (const ba_tensor &tensor : inputs.tensors())
    dims.insert(dims.end(), tensor.shape, tensor.shape + tensor.rank);
  ++planClock;
  for (Plan &plan : plans)
    if (plan.program == &program && plan.inputDims == dims) {
      plan.lastUse = planClock;
      return &plan;
    }

  const ProgramInfo &info = *program.info;
  std::vector<Descriptor> descriptors;
  for (const ba_tensor &tensor : inputs.tensors())
    descriptors.emplace_back(tensor);
  size_t buffers = info.buffers.size();
  // What the code leaves unset is noticed as an impossible size.
  std::vector<int64_t> sizes(buffers + info.outputDims, -2);
  std::vector<void *> arguments = {nullptr};
  for (Descriptor &descriptor : descriptors)
    arguments.push_back(&descriptor);
  arguments.push_back(sizes.data());
  if (Status status = work->plan(program, arguments))
    return status;

  Plan plan;
  plan.program = &program;
  plan.inputDims = std::move(dims);
  plan.lastUse = planClock;
  Expected<MemoryPlan> memory = planMemory(info.buffers, sizes.data());
  if (!memory)
    return memory.takeError();
  plan.memory = std::move(*memory);
  plan.outputDims.assign(sizes.begin() + buffers, sizes.end());
  if (plans.size() < kMostPlans) {
    plans.push_back(std::move(plan));
    return &plans.back();
  }
  auto oldest = std::min_element(
      plans.begin(), plans.end(),
      [](const Plan &a, const Plan &b) { return a.lastUse < b.lastUse; });
  *oldest = std::move(plan);
  return &*oldest;
}

/// Finds memory for every output whose shape the plan knows.
Status Session::placeOutputs(const Program &program, const Plan &plan,
                             const Placement &placement) {
  const ProgramInfo &info = *program.info;
  std::vector<Output> &slots = outputs[&program];
  slots.resize(info.outputs.size());
  const int64_t *dims = plan.outputDims.data();
  for (size_t i = 0; i < slots.size(); ++i) {
    const ValueInfo &value = info.outputs[i];
    Output &slot = slots[i];
    slot.isValid = false;
    slot.copy = nullptr;
    slot.tensor = {
        nullptr, value.dtype, static_cast<int32_t>(value.shape.size()), {}};
    std::copy(dims, dims + slot.tensor.rank, slot.tensor.shape);
    dims += slot.tensor.rank;
    if (std::count(slot.tensor.shape, slot.tensor.shape + slot.tensor.rank, -1))
      continue; // Placed by the code itself.
    std::optional<int64_t> bytes = tensorBytes(
        slot.tensor.shape, slot.tensor.rank, ba_dtype_size(value.dtype));
    if (!bytes)
      return error(BA_OUT_OF_MEMORY,
                   "output %s of program %s would have shape %s, which cannot "
                   "be held; use shorter inputs",
                   quote(value.name).c_str(), info.name.c_str(),
                   shapeText(slot.tensor.shape, slot.tensor.rank).c_str());
    if (placement[i]) {
      slot.tensor.data = placement[i];
      continue;
    }
    auto bound = boundOutputs.find(value.name);
    bool isInPlace = bound != boundOutputs.end() && bound->second.onDevice &&
                     model->device().takesAddress(bound->second.tensor.data);
    if (!isInPlace) {
      std::string purpose = "output " + quote(value.name);
      if (Status status =
              slot.memory.reserve(model->device(), *bytes, purpose.c_str()))
        return status;
      slot.tensor.data = slot.memory.data();
    }
    if (bound == boundOutputs.end())
      continue;
    const ba_tensor &given = bound->second.tensor;
    if (given.dtype != value.dtype || given.rank != slot.tensor.rank ||
        !std::equal(given.shape, given.shape + given.rank, slot.tensor.shape))
      return error(BA_INVALID_ARGUMENT,
                   "output %s is %s %s, and the memory bound to it is for %s",
                   quote(value.name).c_str(), ba_dtype_name(value.dtype),
                   shapeText(slot.tensor.shape, slot.tensor.rank).c_str(),
                   given.dtype != value.dtype
                       ? "another type"
                       : shapeText(given.shape, given.rank).c_str());
    if ((*bytes != 0 && !given.data) ||
        reinterpret_cast<uintptr_t>(given.data) % ba_dtype_size(given.dtype))
      return error(BA_INVALID_ARGUMENT,
                   "the memory bound to output %s is null or not aligned to "
                   "its elements",
                   quote(value.name).c_str());
    if (isInPlace)
      slot.tensor.data = given.data;
  }
  return Status();
}

/// That what the program writes is apart from all else. Where memory of the
/// host is copied to the device and back it may be the same.
Status Session::checkApart(const Program &program, const Inputs &inputs,
                           const Placement &placement) const {
  const ProgramInfo &info = *program.info;
  std::vector<MemoryRange> ranges;
  auto add = [&](const ba_tensor &tensor, bool isOutput,
                 const std::string &name) {
    // Nothing where the shape is not known yet.
    std::optional<int64_t> bytes =
        tensorBytes(tensor.shape, tensor.rank, ba_dtype_size(tensor.dtype));
    ranges.push_back({tensor.data, bytes.value_or(0), isOutput, &name});
  };
  for (size_t i = 0; i < info.inputs.size(); ++i)
    if (isHost() || inputs.onDevice()[i])
      add(inputs.tensors()[i], false, info.inputs[i].name);
  const std::vector<Output> &slots = outputs.at(&program);
  for (size_t i = 0; i < slots.size(); ++i) {
    // Blocks of keys and values are no caller's.
    if (placement[i])
      continue;
    const std::string &name = info.outputs[i].name;
    add(slots[i].tensor, true, name);
    // Else it is copied there at the end.
    auto bound = boundOutputs.find(name);
    if (bound != boundOutputs.end() && bound->second.onDevice &&
        bound->second.tensor.data != slots[i].tensor.data)
      add(bound->second.tensor, true, name);
  }
  return rt::checkApart(std::move(ranges));
}

/// After the run: outputs whose shape only the data could tell, and those that
/// the caller wants elsewhere.
Status Session::takeOutputs(const Program &program, const Placement &placement,
                            const std::vector<Descriptor> &results) {
  std::vector<Output> &slots = outputs[&program];
  for (size_t i = 0; i < slots.size(); ++i) {
    ba_tensor &tensor = slots[i].tensor;
    const ValueInfo &value = program.info->outputs[i];
    // Keys and values belong to their block, which may go before the session.
    slots[i].isValid = !placement[i];
    bool isOpen = std::count(tensor.shape, tensor.shape + tensor.rank, -1);
    if (isOpen) {
      std::copy(results[i].dims, results[i].dims + tensor.rank, tensor.shape);
      tensor.data = results[i].aligned;
    }
    auto bound = boundOutputs.find(value.name);
    if (bound == boundOutputs.end() || placement[i])
      continue;
    const ba_tensor &given = bound->second.tensor;
    if (bound->second.onDevice && !isOpen && tensor.data == given.data)
      continue;
    std::optional<int64_t> bytes =
        tensorBytes(tensor.shape, tensor.rank, ba_dtype_size(tensor.dtype));
    if (!bytes || given.dtype != tensor.dtype || given.rank != tensor.rank ||
        !std::equal(given.shape, given.shape + given.rank, tensor.shape) ||
        (*bytes && !given.data))
      return error(BA_INVALID_ARGUMENT,
                   "output %s turned out to be %s, and the memory bound to it "
                   "is for another shape or type",
                   quote(value.name).c_str(),
                   shapeText(tensor.shape, tensor.rank).c_str());
    if (bound->second.onDevice) {
      if (Status status = work->copy(given.data, tensor.data, *bytes))
        return status;
      tensor.data = given.data;
    } else {
      if (Status status = work->fetch(given.data, tensor.data, *bytes))
        return status;
      slots[i].copy = given.data;
    }
  }
  return Status();
}

Status Session::execute(const Program &program, const Inputs &inputs,
                        Plan &plan, const Placement &placement) {
  const ProgramInfo &info = *program.info;
  lastProgram = nullptr;
  if (Status status = arena.reserve(model->device(), plan.memory.arenaBytes,
                                    "the working memory of a run"))
    return status;
  if (Status status = placeOutputs(program, plan, placement))
    return status;
  if (Status status = checkApart(program, inputs, placement))
    return status;

  std::vector<ba_tensor> tensors = inputs.tensors();
  if (Status status = work->stage(tensors, inputs.onDevice()))
    return status;
  std::vector<Descriptor> descriptors(tensors.begin(), tensors.end());
  std::vector<Descriptor> results;
  results.reserve(info.outputs.size());
  for (const Output &slot : outputs[&program])
    results.emplace_back(slot.tensor);
  std::vector<void *> buffers;
  for (uint64_t offset : plan.memory.offsets)
    buffers.push_back(arena.data() + offset);

  std::vector<void *> arguments = {nullptr};
  for (Descriptor &descriptor : descriptors)
    arguments.push_back(&descriptor);
  for (Descriptor &descriptor : results)
    arguments.push_back(&descriptor);
  for (const Descriptor *weight : program.weights)
    arguments.push_back(const_cast<Descriptor *>(weight));
  arguments.push_back(buffers.data());
  if (Status status = work->run(program, arguments, plan.replay))
    return status;
  if (Status status = takeOutputs(program, placement, results))
    return status;
  lastProgram = &program;
  ba_counters &count = counts[&program];
  ++count.runs;
  count.tokens += inputs.tokens();
  return Status();
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

Status Session::run(std::string_view name) {
  Expected<const Program *> program = model->get(name);
  if (!program)
    return program.takeError();
  const ProgramInfo &info = *(*program)->info;
  Inputs inputs(info, model->manifest());
  giveBound(inputs);
  for (const auto &bound : boundOutputs) {
    bool isKnown = std::any_of(
        info.outputs.begin(), info.outputs.end(),
        [&](const ValueInfo &output) { return output.name == bound.first; });
    if (!isKnown)
      return error(BA_NOT_FOUND, "program %s has no output %s",
                   info.name.c_str(), quote(bound.first).c_str());
  }
  bool takesLayout = info.inputOf(Role::Layout) != nullptr;
  if (layout && takesLayout)
    inputs.give(Role::Layout, {const_cast<int64_t *>(layout->table().data()),
                               BA_I64,
                               2,
                               {static_cast<int64_t>(layout->blocks()), 3}});
  if (Status status = inputs.complete())
    return status;
  if (takesLayout)
    if (Status status = layout->checkTokens(inputs.rowLength()))
      return status;
  Expected<Plan *> sizes = plan(**program, inputs);
  if (!sizes)
    return sizes.takeError();
  return execute(**program, inputs, **sizes,
                 Placement(info.outputs.size(), nullptr));
}

Status Session::output(std::string_view name, bool onDevice,
                       ba_tensor &tensor) const {
  if (!lastProgram)
    return error(BA_INVALID_ARGUMENT,
                 "there is no output %s: no program has run, or the last run "
                 "failed",
                 quote(name).c_str());
  const std::vector<Output> &slots = outputs.at(lastProgram);
  std::string known;
  for (size_t i = 0; i < slots.size(); ++i) {
    const ValueInfo &info = lastProgram->info->outputs[i];
    if (!slots[i].isValid)
      continue;
    if (info.name == name)
      return show(slots[i], info, onDevice, tensor);
    known += (known.empty() ? "" : ", ") + escape(info.name);
  }
  return error(BA_NOT_FOUND, "program %s has no output %s; its outputs are %s",
               lastProgram->info->name.c_str(), quote(name).c_str(),
               known.empty() ? "none" : known.c_str());
}

Status Session::show(const Output &slot, const ValueInfo &info, bool onDevice,
                     ba_tensor &tensor) const {
  ba_tensor view = slot.tensor;
  if (!onDevice && !isHost()) {
    if (!slot.copy) {
      int64_t bytes =
          tensorBytes(view.shape, view.rank, ba_dtype_size(view.dtype))
              .value_or(0);
      std::string purpose = "output " + quote(info.name);
      if (Status status = slot.copyMemory.reserve(bytes, purpose.c_str()))
        return status;
      if (Status status = work->fetch(slot.copyMemory.data(), view.data, bytes))
        return status;
      slot.copy = slot.copyMemory.data();
    }
    view.data = slot.copy;
  }
  tensor = view;
  return Status();
}

ba_counters Session::counters(std::string_view name) const {
  for (const auto &[program, count] : counts)
    if (program->info->name == name)
      return count;
  return {0, 0};
}

ba_memory_use Session::memoryUse() const {
  ba_memory_use use{arena.size(), 0, kvBytesCopied};
  for (const auto &[program, slots] : outputs)
    for (const Output &slot : slots)
      use.output_bytes += slot.memory.size();
  return use;
}
