//===- Device.h - where a model's programs run ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_DEVICE_DEVICE_H
#define BLOCKATTN_RUNTIME_DEVICE_DEVICE_H

#include "Artifact/CodeModule.h"
#include "Artifact/Manifest.h"
#include "Device/Descriptor.h"
#include "Support/Status.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace blockattn::rt {

class Device;

/// Memory of a device, not initialised; it must go before the device does.
class DeviceBuffer {
public:
  DeviceBuffer() = default;
  DeviceBuffer(Device &device, char *memory, uint64_t bytes)
      : device(&device), memory(memory), bytes(bytes) {}
  DeviceBuffer(DeviceBuffer &&other) noexcept
      : device(other.device), memory(std::exchange(other.memory, nullptr)),
        bytes(std::exchange(other.bytes, 0)) {}
  DeviceBuffer &operator=(DeviceBuffer &&other) noexcept {
    std::swap(device, other.device);
    std::swap(memory, other.memory);
    std::swap(bytes, other.bytes);
    return *this;
  }
  ~DeviceBuffer();

  /// Keeps the memory if it is large enough, else takes new (without the old
  /// contents).
  Status reserve(Device &from, uint64_t wanted, const char *purpose);

  /// An address of the device. Never null after a successful allocation, not
  /// even for 0 bytes.
  char *data() const { return memory; }
  uint64_t size() const { return bytes; }

private:
  Device *device = nullptr;
  char *memory = nullptr;
  uint64_t bytes = 0;
};

/// A program with its code and its weights.
struct Program {
  const ProgramInfo *info;
  CodeModule::Program code;
  std::vector<const Descriptor *> weights;
};

/// What a device keeps of a run, to repeat it faster; it belongs to one
/// program at one set of shapes.
class Replay {
public:
  virtual ~Replay() = default;
};

/// The time that a kernel or another step of runs took, all times together.
struct StepTime {
  std::string name;
  int64_t count;
  double seconds;
  /// Operations on numbers, and bytes that have to be read and written, each
  /// once; 0 where it is not known.
  double operations, bytes;
};

/// The runs of one session, one after the other. For one thread at a time.
class Stream {
public:
  virtual ~Stream() = default;

  /// Calls the program's ba_plan_fn and ba_run_fn. `arguments` are as
  /// kernel_abi.h has them; the first, `exec`, is filled in here. When `run`
  /// returns, all is done.
  virtual Status plan(const Program &program,
                      std::vector<void *> &arguments) = 0;
  virtual Status run(const Program &program, std::vector<void *> &arguments,
                     std::unique_ptr<Replay> &replay) = 0;

  /// Has the tensors' data where the device reads it, until the next call.
  /// Those with `isThere` are in its memory already and stay where they are,
  /// unless the device does not take the address.
  virtual Status stage(std::vector<ba_tensor> &tensors,
                       const std::vector<bool> &isThere) = 0;
  /// From the device to the host.
  virtual Status fetch(void *host, const void *data, uint64_t bytes) = 0;
  /// Inside of the device.
  virtual Status copy(void *to, const void *from, uint64_t bytes) = 0;
  /// The same for rows of `width` bytes, each a pitch after the one before.
  virtual Status copyRows(char *to, uint64_t toPitch, const char *from,
                          uint64_t fromPitch, uint64_t width,
                          uint64_t rows) = 0;

  /// Has the device's work be done in the order of a stream of the caller's.
  virtual Status use(void *stream) = 0;
  /// Starts or stops taking times, which slows runs down.
  virtual Status profile(bool enable) = 0;
  /// The steps since the profile was started; empty where a device has none.
  virtual Expected<std::vector<StepTime>> takeProfile() = 0;
};

/// A device with a model's code on it.
class Device {
public:
  virtual ~Device() = default;

  /// "cpu", "cuda:0"
  virtual const std::string &name() const = 0;
  /// "x86-64-v3", "sm_90": which of the artifact's code runs.
  virtual const std::string &level() const = 0;
  /// The host's threads that work on one run.
  virtual int threads() const = 0;
  /// Addresses of the host are addresses of the device.
  virtual bool isHost() const = 0;

  /// The error says what the memory was for and what to change.
  virtual Expected<DeviceBuffer> allocate(uint64_t bytes,
                                          const char *purpose) = 0;
  virtual void free(char *memory) noexcept = 0;
  /// An error if `data`, which a caller says is memory of the device, is none;
  /// `what` names it.
  virtual Status checkAddress(const void *data,
                              const std::string &what) const = 0;
  /// Whether programs can work at an address of the device's memory; data at
  /// others has to be copied.
  virtual bool takesAddress(const void *) const { return true; }

  virtual Expected<CodeModule::Program>
  program(const std::string &name) const = 0;
  /// Turns views of the weights in host memory into views that the device can
  /// use as long as the device lives.
  virtual Status placeWeights(std::vector<ba_tensor> &weights) = 0;
  virtual Expected<std::unique_ptr<Stream>> createStream() = 0;

  struct MemoryUse {
    uint64_t current;
    uint64_t peak;
  };
  /// Of memory that was allocated here; zeros for the host.
  virtual MemoryUse memoryUse() const = 0;
  /// From here on the peak is a new one.
  virtual void resetPeak() {}
};

/// The device that `options` ask for, or, if they do not, the first of the
/// kind that the artifact was compiled for. `options` are checked here.
Expected<std::unique_ptr<Device>> openDevice(const Artifact &artifact,
                                             const Manifest &manifest,
                                             const ba_model_options &options);

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_DEVICE_DEVICE_H
