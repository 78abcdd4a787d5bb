//===- CudaStream.cpp - the runs of a session on a GPU --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/CudaStream.h"
#include "Support/Checked.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

namespace {

constexpr uint64_t kInputAlignment = 256;

/// Outputs that are worth several threads, each with pinned memory of its own.
constexpr uint64_t kManyBytes = uint64_t(256) << 20;

/// Runs with one set of addresses before they are recorded: the first finds
/// the kernels loaded, the second measures matrix products.
constexpr int kRunsBeforeRecording = 2;
/// A recording that fails for want of memory, say, is tried again, each time
/// after this many times more runs.
constexpr int kPatience = 4, kMostRunsBeforeRecording = 1 << 20;

} // namespace

/// A program at one set of shapes, and, once it is recorded, its graph for one
/// set of addresses.
class CudaStream::Recording : public Replay {
public:
  explicit Recording(Gpu &gpu) : gpu(gpu) {}
  ~Recording() override { clear(); }

  void clear() {
    if (graph)
      if (Gpu::Scope scope(gpu); scope)
        gpu.driver().graphExecDestroy(graph);
    for (char *place : memory)
      gpu.free(place);
    memory.clear();
    graph = nullptr;
    runs = 0;
  }

  Gpu &gpu;
  std::vector<void *> addresses;
  int runs = 0, runsBefore = kRunsBeforeRecording;
  bool isUnrepeatable = false;
  GraphExec graph = nullptr;
  std::vector<Checks::Check> checks;
  /// What the code asked for while it was recorded. Its size follows from the
  /// shapes: a size that only data tell has to be read, which no recording
  /// repeats.
  std::vector<char *> memory;
};

Expected<std::unique_ptr<Stream>>
CudaStream::create(Device &device, Gpu &gpu, Cublas &cublas,
                   const KernelModule &module) {
  std::unique_ptr<CudaStream> stream(
      new CudaStream(device, gpu, cublas, module));
  if (Status status = stream->start())
    return status;
  return std::unique_ptr<Stream>(std::move(stream));
}

Status CudaStream::start() {
  if (Status status = gpu.checkAlive())
    return status;
  // The driver's own switch, which says at which launch an error came up.
  const char *blocking = std::getenv("CUDA_LAUNCH_BLOCKING");
  isBlocking = blocking && std::strcmp(blocking, "0") != 0;
  Gpu::Scope scope(gpu);
  if (Status status = scope.failure())
    return status;
  if (Status status =
          gpu.check(gpu.driver().streamCreate(&own, kStreamNonBlocking),
                    "making a stream"))
    return status;
  current = own;
  return checks.bytes.reserve(gpu, Checks::kMost, "the conditions of a run");
}

CudaStream::~CudaStream() {
  freeDataMemory();
  if (!own)
    return;
  if (Gpu::Scope scope(gpu); scope)
    gpu.driver().streamDestroy(own);
}

void CudaStream::freeDataMemory() {
  for (char *memory : dataMemory)
    gpu.free(memory);
  dataMemory.clear();
}

Status CudaStream::wait(const std::string &what) {
  return gpu.check(gpu.driver().streamSynchronize(current), what);
}

Status CudaStream::settled(Status status) {
  if (status)
    if (Gpu::Scope scope(gpu); scope)
      gpu.driver().streamSynchronize(current);
  return status;
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

CudaRun::Environment CudaStream::environment(StreamHandle stream,
                                             bool isRecording) {
  return {gpu,
          cublas,
          module,
          stream,
          {workspace.data(), workspace.size()},
          checks,
          isRecording ? nullptr : times.get(),
          isBlocking,
          isRecording};
}

Status CudaStream::plan(const Program &program,
                        std::vector<void *> &arguments) {
  // Sizes are computed on the host.
  CudaRun run(environment(current, true));
  arguments.front() = &run;
  int32_t result = program.code.plan(arguments.data());
  return run.failure().status(result, program.info->name);
}

/// Waits for the run and looks at what it found.
Status CudaStream::finish(const Program &program, Failure &failure,
                          int32_t result) {
  if (Status status = wait("program " + program.info->name))
    return status;
  checks.look(failure);
  return failure.status(result, program.info->name);
}

Status CudaStream::runSteps(const Program &program,
                            std::vector<void *> &arguments,
                            bool &isUnrepeatable) {
  checks.list.clear();
  CudaRun run(environment(current, false));
  arguments.front() = &run;
  int32_t result = program.code.run(arguments.data());
  dataMemory = run.takeMemory();
  isUnrepeatable = run.isUnrepeatable();
  return finish(program, run.failure(), result);
}

/// Records the program's steps. Leaves `recording` without a graph where that
/// is not possible, be it for good or this time; the run is then done without.
Status CudaStream::record(const Program &program,
                          std::vector<void *> &arguments,
                          Recording &recording) {
  const Driver &driver = gpu.driver();
  checks.list.clear();
  CudaRun run(environment(own, true));
  arguments.front() = &run;
  // Other threads go on using the GPU meanwhile.
  if (Status status = gpu.check(driver.captureBegin(own, kCaptureModeRelaxed),
                                "recording a run"))
    return status;
  int32_t result = program.code.run(arguments.data());
  Graph graph = nullptr;
  Result ended = driver.captureEnd(own, &graph);
  recording.checks = checks.list;
  recording.memory = run.takeMemory();
  if (result == 0 && ended == kSuccess && !run.failure().any() &&
      !run.isUnrepeatable() &&
      driver.graphInstantiate(&recording.graph, graph, 0) != kSuccess)
    recording.graph = nullptr;
  if (graph)
    driver.graphDestroy(graph);
  recording.isUnrepeatable = run.isUnrepeatable();
  if (!recording.graph) {
    recording.clear();
    recording.runsBefore =
        std::min(recording.runsBefore * kPatience, kMostRunsBeforeRecording);
  }
  return gpu.checkAlive();
}

Status CudaStream::run(const Program &program, std::vector<void *> &arguments,
                       std::unique_ptr<Replay> &replay) {
  return settled(runOrReplay(program, arguments, replay));
}

Status CudaStream::runOrReplay(const Program &program,
                               std::vector<void *> &arguments,
                               std::unique_ptr<Replay> &replay) {
  if (Status status = gpu.checkAlive())
    return status;
  freeDataMemory();
  if (Status status =
          workspace.reserve(device, Cublas::kWorkspaceBytes,
                            "the working memory of matrix products"))
    return status;
  Gpu::Scope scope(gpu);
  if (Status status = scope.failure())
    return status;
  if (!replay)
    replay = std::make_unique<Recording>(gpu);
  Recording &recording = static_cast<Recording &>(*replay);
  const ProgramInfo &info = *program.info;
  std::vector<void *> addresses;
  for (size_t i = 0; i < info.inputs.size() + info.outputs.size(); ++i)
    addresses.push_back(static_cast<Descriptor *>(arguments[1 + i])->aligned);
  // The buffers keep their places in the arena.
  if (!info.buffers.empty())
    addresses.push_back(*static_cast<void **>(arguments.back()));
  if (recording.addresses != addresses) {
    recording.clear();
    recording.addresses = std::move(addresses);
  }

  // An output that the code itself places is known only when that has run.
  bool isOpen = false;
  for (size_t i = 0; i < info.outputs.size(); ++i) {
    auto *output =
        static_cast<Descriptor *>(arguments[1 + info.inputs.size() + i]);
    size_t rank = info.outputs[i].shape.size();
    isOpen |= std::count(output->dims, output->dims + rank, -1) != 0;
  }
  bool mayRecord =
      !recording.isUnrepeatable && !isOpen && !times && !isBlocking;
  if (mayRecord && !recording.graph && recording.runs >= recording.runsBefore)
    if (Status status = record(program, arguments, recording))
      return status;
  if (mayRecord && recording.graph) {
    Failure failure;
    checks.list = recording.checks;
    if (Status status =
            gpu.check(gpu.driver().graphLaunch(recording.graph, current),
                      "program " + info.name))
      return status;
    return finish(program, failure, 0);
  }
  ++recording.runs;
  Status status = runSteps(program, arguments, recording.isUnrepeatable);
  cublas.saveChoices();
  return status;
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

Status CudaStream::stage(std::vector<ba_tensor> &tensors,
                         const std::vector<bool> &isThere) {
  if (Status status = gpu.checkAlive())
    return status;
  std::vector<uint64_t> offsets(tensors.size()), sizes(tensors.size());
  uint64_t total = 0;
  auto place = [&](size_t i) {
    const ba_tensor &tensor = tensors[i];
    sizes[i] =
        tensorBytes(tensor.shape, tensor.rank, ba_dtype_size(tensor.dtype))
            .value_or(0);
    offsets[i] = total;
    total +=
        (sizes[i] + kInputAlignment - 1) / kInputAlignment * kInputAlignment;
  };
  for (size_t i = 0; i < tensors.size(); ++i)
    if (!isThere[i])
      place(i);
  uint64_t packedBytes = total;
  // A part of a larger tensor may begin where kernels can't read it at once.
  std::vector<size_t> moved;
  for (size_t i = 0; i < tensors.size(); ++i)
    if (isThere[i] && !device.takesAddress(tensors[i].data)) {
      moved.push_back(i);
      place(i);
    }
  if (Status status = inputs.reserve(device, total, "the inputs of a run"))
    return status;
  Gpu::Scope scope(gpu);
  if (Status status = scope.failure())
    return status;
  if (Status status = packed.reserve(gpu, packedBytes, "the inputs of a run"))
    return status;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (isThere[i])
      continue;
    if (sizes[i])
      std::memcpy(packed.data() + offsets[i], tensors[i].data, sizes[i]);
    tensors[i].data = inputs.data() + offsets[i];
  }
  const char *what = "copying the inputs";
  if (packedBytes)
    if (Status status = gpu.check(
            gpu.driver().copyToDevice(address(inputs.data()), packed.data(),
                                      packedBytes, current),
            what))
      return status;
  for (size_t i : moved) {
    char *place = inputs.data() + offsets[i];
    if (sizes[i])
      if (Status status = gpu.check(
              gpu.driver().copyOnDevice(
                  address(place), address(tensors[i].data), sizes[i], current),
              what))
        return settled(std::move(status));
    tensors[i].data = place;
  }
  return Status();
}

Status CudaStream::fetch(void *host, const void *data, uint64_t bytes) {
  if (bytes == 0)
    return Status();
  if (Status status = gpu.checkAlive())
    return status;
  Gpu::Scope scope(gpu);
  if (Status status = scope.failure())
    return status;
  if (gpu.isPinned(host, bytes)) {
    if (Status status = gpu.check(
            gpu.driver().copyToHost(host, address(data), bytes, current),
            "copying an output"))
      return status;
    return wait("copying an output");
  }
  Transfer transfer{static_cast<char *>(host), static_cast<const char *>(data),
                    bytes};
  if (bytes < kManyBytes)
    return results.receiveAll(transfer, current);
  if (Status status = wait("copying an output"))
    return status;
  Expected<std::unique_ptr<ThreadPool>> threads =
      ThreadPool::create(device.threads());
  if (!threads)
    return threads.takeError();
  return download(gpu, **threads, transfer);
}

Status CudaStream::copy(void *to, const void *from, uint64_t bytes) {
  if (bytes == 0)
    return Status();
  if (Status status = gpu.checkAlive())
    return status;
  Gpu::Scope scope(gpu);
  if (Status status = scope.failure())
    return status;
  if (Status status = gpu.check(
          gpu.driver().copyOnDevice(address(to), address(from), bytes, current),
          "copying an output"))
    return status;
  return wait("copying an output");
}

Status CudaStream::copyRows(char *to, uint64_t toPitch, const char *from,
                            uint64_t fromPitch, uint64_t width, uint64_t rows) {
  if (width == 0 || rows == 0)
    return Status();
  if (Status status = gpu.checkAlive())
    return status;
  Gpu::Scope scope(gpu);
  if (Status status = scope.failure())
    return status;
  CopyRows copy{};
  copy.fromType = copy.toType = kMemoryOnDevice;
  copy.from = address(from);
  copy.fromPitch = fromPitch;
  copy.to = address(to);
  copy.toPitch = toPitch;
  copy.width = width;
  copy.height = rows;
  if (Status status = gpu.check(gpu.driver().copyRows(&copy, current),
                                "copying keys and values"))
    return status;
  return wait("copying keys and values");
}

Status CudaStream::use(void *stream) {
  if (Status status = gpu.checkAlive())
    return status;
  if (stream)
    if (Status status = gpu.checkStream(static_cast<StreamHandle>(stream)))
      return status;
  Gpu::Scope scope(gpu);
  if (Status status = scope.failure())
    return status;
  if (Status status = wait("the session's last run"))
    return status;
  current = stream ? static_cast<StreamHandle>(stream) : own;
  return Status();
}

Status CudaStream::profile(bool enable) {
  times.reset(enable ? new Profile(gpu) : nullptr);
  return Status();
}

Expected<std::vector<StepTime>> CudaStream::takeProfile() {
  return times ? times->take() : std::vector<StepTime>();
}
