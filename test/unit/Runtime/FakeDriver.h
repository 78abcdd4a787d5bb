//===- FakeDriver.h - a CUDA driver that answers as told --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For errors that no GPU gives on demand: memory is the host's, copies are done
// at once, and kernels do nothing.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_TEST_UNIT_RUNTIME_FAKEDRIVER_H
#define BLOCKATTN_TEST_UNIT_RUNTIME_FAKEDRIVER_H

#include "Cuda/CudaStream.h"
#include "TestArtifact.h"

#include <gtest/gtest.h>

#include <map>

namespace blockattn::test {

/// What the driver is to answer, and what it was asked.
struct FakeDriverState {
  using Result = rt::cuda::Result;
  /// Each of these images is no good.
  Result image;
  /// While a run is recorded.
  Result recordedLaunch;
  /// After memory was taken, and at the end of a run.
  Result synchronize;
  /// Where a context is made, and where it is made the current one.
  Result retain, push;
  /// Where memory is wanted, and where the driver is asked how much there is.
  Result allocate, memoryInfo;
  Result copyOnDevice;
  /// Where the end of a copy is to be noticed.
  Result eventRecord;
  /// The event of this number, from 1 on, is not made.
  int missingEvent;
  int madeEvents, liveEvents;
  bool isRecording;
  int launches, earlyLaunches, recordings, replays;
  int version, synchronizations, trims;
  /// Contexts that are current, one above the other.
  int depth;
  /// Copies to memory of the host, and those to what is not pinned.
  int hostCopies, pageableCopies;
  std::map<char *, size_t> memory;
  std::vector<std::string> images;
};
extern FakeDriverState state;

/// Of one GPU with compute capability 9.0 and memory pools. What the runtime
/// has no use for in these tests stays null.
rt::cuda::Driver makeDriver();

/// Opens the GPU of that driver.
class WithFakeDriver : public testing::Test {
protected:
  void SetUp() override;
  /// Loads kernels from an artifact with these sections.
  rt::Expected<std::unique_ptr<rt::cuda::KernelModule>>
  load(const Sections &code, bool waits = false);

  rt::cuda::Driver driver = makeDriver();
  std::unique_ptr<rt::cuda::Gpu> gpu;
};

/// Machine code and PTX as far as the runtime looks at them.
extern const std::string kCubin, kPtx;

} // namespace blockattn::test

#endif // BLOCKATTN_TEST_UNIT_RUNTIME_FAKEDRIVER_H
