//===- CudaRun.h - one run of a program on a GPU ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CUDA_CUDARUN_H
#define BLOCKATTN_RUNTIME_CUDA_CUDARUN_H

#include "Cuda/Cublas.h"
#include "Cuda/KernelModule.h"
#include "Device/Device.h"
#include "Device/Failure.h"
#include "blockattn/kernel_abi_cuda.h"

#include <map>
#include <string>
#include <vector>

namespace blockattn::rt::cuda {

/// Times of steps, those of one name added up.
class StepTimes {
public:
  /// `node`: of the model; empty where the name says enough.
  void add(const std::string &name, const std::string &node, double seconds,
           double operations, double bytes);
  /// In the order of the first steps; a name goes with the first step's node.
  std::vector<StepTime> take();

private:
  struct Total {
    StepTime time;
    std::string node;
    bool hasOthers;
  };
  std::vector<Total> totals;
  std::map<std::string, size_t> places;
};

/// Times of steps, taken by events around each.
class Profile {
public:
  explicit Profile(Gpu &gpu) : gpu(gpu) {}
  ~Profile() { clear(); }
  Profile(const Profile &) = delete;

  Status begin(StreamHandle stream);
  /// `node` is that of the model, null where the name says enough.
  Status end(StreamHandle stream, std::string name, const char *node,
             double operations, double bytes);
  /// Waits for the steps.
  Expected<std::vector<StepTime>> take();

private:
  struct Step {
    Event begin, end;
    std::string name, node;
    double operations, bytes;
  };
  void clear();

  Gpu &gpu;
  std::vector<Step> steps;
};

/// Conditions that compiled code wants looked at when a run ends: a byte in
/// pinned memory for each.
class Checks {
public:
  static constexpr size_t kMost = 4096;

  struct Check {
    int32_t code;
    const char *message;
  };
  PinnedBuffer bytes;
  std::vector<Check> list;

  /// After the stream has got there.
  void look(Failure &failure) const;
};

/// What compiled code is given as `exec`: the services of ba_cuda_api for one
/// run or for the recording of one, and what went wrong in it.
class CudaRun {
public:
  struct Environment {
    Gpu &gpu;
    Cublas &cublas;
    const KernelModule &module;
    StreamHandle stream;
    Cublas::Workspace workspace;
    Checks &checks;
    /// Null: no times are taken.
    Profile *profile;
    /// Waits for every step, so that an error has its name.
    bool isBlocking;
    /// Steps are recorded, not done.
    bool isRecording;
  };
  explicit CudaRun(const Environment &environment) : at(environment) {}

  /// The table for all compiled code.
  static const ba_cuda_api *api();

  Failure &failure() { return failed; }
  /// The run did what a recording cannot repeat.
  bool isUnrepeatable() const { return unrepeatable; }
  /// Memory that the code asked for: it may hold outputs, and a recording
  /// works there.
  std::vector<char *> takeMemory() { return std::move(memory); }

private:
  static void launch(void *exec, int32_t kernel, int64_t gridX, int64_t gridY,
                     int64_t gridZ, int32_t blockX, int32_t blockY,
                     int32_t blockZ, int64_t sharedBytes, void **params);
  static void gemm(void *exec, const ba_cuda_gemm *gemm);
  static void copy(void *exec, void *dst, const void *src, int64_t bytes);
  static void fill(void *exec, void *dst, uint32_t pattern,
                   int32_t patternBytes, int64_t count);
  static void check(void *exec, const void *condition, int32_t code,
                    const char *message);
  static void read(void *exec, void *host, const void *device, int64_t bytes);
  static void *alloc(void *exec, int64_t bytes);
  static void fail(void *exec, int32_t code, const char *message);

  /// Does a step, timed and waited for as the environment wants; `name` makes
  /// its name, and `node` is the model's, where the name does not say it.
  template <typename Name, typename Body>
  void step(double operations, double bytes, Name name, Body body,
            const char *node = nullptr);
  Status wait(const std::string &what);

  Environment at;
  Failure failed;
  bool unrepeatable = false;
  std::vector<char *> memory;
};

} // namespace blockattn::rt::cuda

#endif // BLOCKATTN_RUNTIME_CUDA_CUDARUN_H
