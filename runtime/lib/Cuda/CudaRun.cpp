//===- CudaRun.cpp - one run of a program on a GPU ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/CudaRun.h"

#include <cinttypes>
#include <cstring>

using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

//===----------------------------------------------------------------------===//
// Profile and Checks
//===----------------------------------------------------------------------===//

void StepTimes::add(const std::string &name, const std::string &node,
                    double seconds, double operations, double bytes) {
  auto [place, isNew] = places.insert({name, totals.size()});
  if (isNew)
    totals.push_back({{name, 0, 0, 0, 0}, node, false});
  Total &total = totals[place->second];
  total.hasOthers |= node != total.node;
  ++total.time.count;
  total.time.seconds += seconds;
  total.time.operations += operations;
  total.time.bytes += bytes;
}

std::vector<StepTime> StepTimes::take() {
  std::vector<StepTime> result;
  for (Total &total : totals) {
    if (!total.node.empty())
      total.time.name +=
          " (" + escape(total.node) + (total.hasOthers ? ", ...)" : ")");
    result.push_back(std::move(total.time));
  }
  totals.clear();
  places.clear();
  return result;
}

Status Profile::begin(StreamHandle stream) {
  const Driver &driver = gpu.driver();
  // In the list first, which gives back what there is of it after an error.
  steps.push_back({nullptr, nullptr, {}, {}, 0, 0});
  Step &step = steps.back();
  for (Event *event : {&step.begin, &step.end})
    if (Status status =
            gpu.check(driver.eventCreate(event, 0), "making a timer"))
      return status;
  return gpu.check(driver.eventRecord(step.begin, stream), "taking the time");
}

Status Profile::end(StreamHandle stream, std::string name, const char *node,
                    double operations, double bytes) {
  steps.back().name = std::move(name);
  steps.back().node = node ? node : "";
  steps.back().operations = operations;
  steps.back().bytes = bytes;
  return gpu.check(gpu.driver().eventRecord(steps.back().end, stream),
                   "taking the time");
}

Expected<std::vector<StepTime>> Profile::take() {
  Gpu::Scope scope(gpu);
  if (Status status = scope.failure())
    return status;
  StepTimes times;
  for (const Step &step : steps) {
    float milliseconds = 0;
    // A step that failed has no end.
    if (!step.end || gpu.driver().eventSynchronize(step.end) != kSuccess ||
        gpu.driver().eventElapsed(&milliseconds, step.begin, step.end) !=
            kSuccess)
      continue;
    times.add(step.name, step.node, milliseconds * 1e-3, step.operations,
              step.bytes);
  }
  clear();
  return times.take();
}

void Profile::clear() {
  if (Gpu::Scope scope(gpu); scope)
    for (const Step &step : steps)
      for (Event event : {step.begin, step.end})
        if (event)
          gpu.driver().eventDestroy(event);
  steps.clear();
}

void Checks::look(Failure &failure) const {
  for (size_t i = 0; i < list.size(); ++i)
    if (!bytes.data()[i])
      return failure.recordKernel(list[i].code, list[i].message);
}

//===----------------------------------------------------------------------===//
// CudaRun
//===----------------------------------------------------------------------===//

const ba_cuda_api *CudaRun::api() {
  static const ba_cuda_api table = {launch, gemm, copy,  fill,
                                    check,  read, alloc, fail};
  return &table;
}

Status CudaRun::wait(const std::string &what) {
  return at.gpu.check(at.gpu.driver().streamSynchronize(at.stream), what);
}

template <typename Name, typename Body>
void CudaRun::step(double operations, double bytes, Name name, Body body,
                   const char *node) {
  if (failed.any())
    return;
  // Compiled code cannot catch what is thrown here.
  try {
    Status status;
    if (at.profile)
      status = at.profile->begin(at.stream);
    if (!status)
      status = body();
    if (!status && at.profile)
      status = at.profile->end(at.stream, name(), node, operations, bytes);
    if (!status && at.isBlocking && !at.isRecording)
      status = wait(node ? name() + " of node " + quote(node) : name());
    if (status)
      failed.record(status);
  } catch (const std::bad_alloc &) {
    failed.record(BA_OUT_OF_MEMORY, "not enough memory on the host");
  }
}

void CudaRun::launch(void *exec, int32_t index, int64_t gridX, int64_t gridY,
                     int64_t gridZ, int32_t blockX, int32_t blockY,
                     int32_t blockZ, int64_t sharedBytes, void **params) {
  CudaRun *self = static_cast<CudaRun *>(exec);
  if (gridX == 0 || gridY == 0 || gridZ == 0)
    return;
  const std::vector<KernelModule::Kernel> &kernels = self->at.module.kernels();
  if (index < 0 || static_cast<size_t>(index) >= kernels.size())
    return self->failed.record(BA_INTERNAL,
                               "the compiled code launches a kernel that the "
                               "artifact does not have");
  const KernelModule::Kernel &kernel = kernels[index];
  auto name = [&] { return kernel.name; };
  self->step(0, 0, name, [&]() -> Status {
    constexpr int64_t mostX = INT32_MAX, mostYZ = 65535;
    if (gridX < 0 || gridY < 0 || gridZ < 0 || gridX > mostX ||
        gridY > mostYZ || gridZ > mostYZ)
      return error(BA_INVALID_ARGUMENT,
                   "kernel %s needs a grid of %" PRId64 " x %" PRId64
                   " x %" PRId64 " blocks, more than a GPU takes; use shorter "
                   "inputs",
                   quote(kernel.name).c_str(), gridX, gridY, gridZ);
    if (sharedBytes < 0 || sharedBytes > kernel.mostShared)
      return error(BA_UNSUPPORTED,
                   "kernel %s needs %" PRId64 " bytes of shared memory, and "
                   "%s has %" PRId64,
                   quote(kernel.name).c_str(), sharedBytes,
                   self->at.gpu.title().c_str(), kernel.mostShared);
    LaunchAttribute early{};
    early.id = kProgrammaticSerialization;
    early.value.number = 1;
    LaunchConfig config{};
    config.gridX = static_cast<unsigned>(gridX);
    config.gridY = static_cast<unsigned>(gridY);
    config.gridZ = static_cast<unsigned>(gridZ);
    config.blockX = static_cast<unsigned>(blockX);
    config.blockY = static_cast<unsigned>(blockY);
    config.blockZ = static_cast<unsigned>(blockZ);
    config.sharedBytes = static_cast<unsigned>(sharedBytes);
    config.stream = self->at.stream;
    config.attributes = &early;
    config.attributeCount = kernel.startsEarly;
    Result result =
        self->at.gpu.driver().launch(&config, kernel.function, params, nullptr);
    if (result == kSuccess)
      return Status();
    return self->at.gpu.check(result, "kernel " + quote(kernel.name));
  });
}

void CudaRun::gemm(void *exec, const ba_cuda_gemm *gemm) {
  CudaRun *self = static_cast<CudaRun *>(exec);
  static const char *const types[] = {"f32", "f16", "bf16"};
  auto name = [&] {
    char text[128];
    std::snprintf(text, sizeof text, "gemm %s %" PRId64 "x%" PRId64 "x%" PRId64,
                  gemm->type >= 0 && gemm->type < 3 ? types[gemm->type] : "?",
                  gemm->m, gemm->n, gemm->k);
    std::string result = text;
    if (gemm->batch != 1)
      result += " batch " + std::to_string(gemm->batch);
    return result + epilogueText(*gemm);
  };
  double operations = 2.0 * gemm->m * gemm->n * gemm->k * gemm->batch;
  // A factor that all of a batch use is read once.
  double factor = gemm->type == BA_CUDA_F32 ? 4 : 2;
  double result = gemm->c_type == BA_CUDA_F32 ? 4 : 2;
  double bytes =
      factor * gemm->m * gemm->k * (gemm->stride_a ? gemm->batch : 1) +
      factor * gemm->k * gemm->n * (gemm->stride_b ? gemm->batch : 1) +
      result * gemm->m * gemm->n * gemm->batch *
          (gemm->beta != 0 || gemm->residual ? 2 : 1);
  auto body = [&] {
    return self->at.cublas.multiply(*gemm, self->at.stream, self->at.workspace,
                                    !self->at.isRecording && !self->at.profile);
  };
  self->step(operations, bytes, name, body, gemm->node);
}

void CudaRun::copy(void *exec, void *dst, const void *src, int64_t bytes) {
  CudaRun *self = static_cast<CudaRun *>(exec);
  if (bytes <= 0)
    return;
  auto name = [] { return std::string("copy"); };
  self->step(0, 2.0 * bytes, name, [&] {
    return self->at.gpu.check(
        self->at.gpu.driver().copyOnDevice(address(dst), address(src), bytes,
                                           self->at.stream),
        "a copy of " + bytesText(bytes));
  });
}

void CudaRun::fill(void *exec, void *dst, uint32_t pattern,
                   int32_t patternBytes, int64_t count) {
  CudaRun *self = static_cast<CudaRun *>(exec);
  if (count <= 0)
    return;
  auto name = [] { return std::string("fill"); };
  self->step(0, static_cast<double>(count) * patternBytes, name, [&] {
    const Driver &driver = self->at.gpu.driver();
    Address place = address(dst);
    Result result = patternBytes == 1
                        ? driver.fill8(place, pattern, count, self->at.stream)
                    : patternBytes == 2
                        ? driver.fill16(place, pattern, count, self->at.stream)
                        : driver.fill32(place, pattern, count, self->at.stream);
    return self->at.gpu.check(result, "a fill");
  });
}

void CudaRun::check(void *exec, const void *condition, int32_t code,
                    const char *message) {
  CudaRun *self = static_cast<CudaRun *>(exec);
  auto name = [] { return std::string("check"); };
  self->step(0, 0, name, [&]() -> Status {
    Checks &checks = self->at.checks;
    if (checks.list.size() == Checks::kMost) {
      // Makes room; a recording cannot.
      self->unrepeatable = true;
      if (self->at.isRecording)
        return Status();
      if (Status status = self->wait("waiting for the conditions of a run"))
        return status;
      checks.look(self->failed);
      checks.list.clear();
    }
    char *slot = checks.bytes.data() + checks.list.size();
    checks.list.push_back({code, message});
    return self->at.gpu.check(self->at.gpu.driver().copyToHost(
                                  slot, address(condition), 1, self->at.stream),
                              "reading a condition");
  });
}

void CudaRun::read(void *exec, void *host, const void *device, int64_t bytes) {
  CudaRun *self = static_cast<CudaRun *>(exec);
  self->unrepeatable = true;
  if (bytes > 0)
    std::memset(host, 0, bytes);
  if (bytes <= 0 || self->at.isRecording)
    return;
  auto name = [] { return std::string("read"); };
  self->step(0, 0, name, [&]() -> Status {
    if (Status status = self->at.gpu.check(
            self->at.gpu.driver().copyToHost(host, address(device), bytes,
                                             self->at.stream),
            "reading a size"))
      return status;
    return self->wait("the steps before a size was read");
  });
}

void *CudaRun::alloc(void *exec, int64_t bytes) {
  CudaRun *self = static_cast<CudaRun *>(exec);
  if (self->failed.any())
    return nullptr;
  try {
    Expected<char *> result = self->at.gpu.allocate(
        static_cast<uint64_t>(bytes), "a buffer whose size depends on data");
    if (result) {
      self->memory.push_back(*result);
      return *result;
    }
    self->failed.record(result.takeError());
  } catch (const std::bad_alloc &) {
    self->failed.record(BA_OUT_OF_MEMORY, "not enough memory on the host");
  }
  return nullptr;
}

void CudaRun::fail(void *exec, int32_t code, const char *message) {
  static_cast<CudaRun *>(exec)->failed.recordKernel(code, message);
}
