//===- CudaDriverTest.cpp - what the driver may answer --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeDriver.h"

using namespace blockattn;
using namespace blockattn::rt;
using namespace blockattn::rt::cuda;
using namespace blockattn::test;

namespace {

/// Of cuda.h; the runtime knows them only as errors that are none of its own.
constexpr Result kErrorLaunchOutOfResources = 701,
                 kErrorCooperativeLaunchTooLarge = 720,
                 kErrorNotSupported = 801;

class CudaDriver : public WithFakeDriver {};

TEST_F(CudaDriver, MachineCodeThatIsRejected) {
  auto level = [&](const test::Sections &code) {
    Expected<std::unique_ptr<KernelModule>> module = load(code);
    return module ? (*module)->level() : module.takeError().text();
  };
  EXPECT_EQ(level({{"cubin.sm_90a", kCubin}, {"ptx", kPtx}}), "sm_90a");
  // Nothing of another format gets to the driver, which is not told its size.
  state.images.clear();
  EXPECT_EQ(level({{"cubin.sm_90a", ""}, {"ptx", kPtx}}),
            "ptx (cubin.sm_90a is rejected: CUDA_ERROR_OF_A_TEST)");
  EXPECT_EQ(level({{"cubin.sm_90a", "\177ELF"}, {"ptx", kPtx}}),
            "ptx (cubin.sm_90a is rejected: CUDA_ERROR_OF_A_TEST)");
  EXPECT_EQ(level({{"cubin.sm_90a", std::string(100, 'x')},
                   {"cubin.sm_90", kCubin},
                   {"ptx", kPtx}}),
            "sm_90 (cubin.sm_90a is rejected: CUDA_ERROR_OF_A_TEST)");
  EXPECT_EQ(state.images,
            (std::vector<std::string>{".vers", ".vers", "\177ELFx"}));
  for (Result result :
       {kErrorInvalidImage, kErrorNoBinaryForGpu, kErrorInvalidSource}) {
    state.image = result;
    EXPECT_EQ(level({{"cubin.sm_90", kCubin}, {"ptx", kPtx}}),
              "ptx (cubin.sm_90 is rejected: CUDA_ERROR_OF_A_TEST)");
  }
  std::string message = level({{"cubin.sm_90", kCubin}});
  EXPECT_NE(message.find("has no kernels that cuda:0 (T) takes, and no PTX: "
                         "cubin.sm_90 is rejected"),
            std::string::npos)
      << message;
  // What is no fault of the code is not hidden.
  state.image = kErrorOutOfMemory;
  message = level({{"cubin.sm_90", kCubin}, {"ptx", kPtx}});
  EXPECT_NE(message.find("loading section 'cubin.sm_90'"), std::string::npos)
      << message;
}

TEST_F(CudaDriver, MemoryIsGivenBackAfterAnError) {
  state.synchronize = kErrorNotSupported;
  EXPECT_FALSE(gpu->allocate(1000, "a test"));
  EXPECT_TRUE(state.memory.empty());
  EXPECT_EQ(gpu->currentBytes(), 0u);
  state.synchronize = kSuccess;
  Expected<char *> memory = gpu->allocate(1000, "a test");
  ASSERT_TRUE(memory);
  EXPECT_EQ(state.memory.size(), 1u);
  EXPECT_EQ(gpu->peakBytes(), 1024u);
  gpu->free(*memory);
  gpu->resetPeak();
  EXPECT_EQ(gpu->peakBytes(), 0u);
  EXPECT_TRUE(state.memory.empty());
}

/// A kernel that waits itself is started early, where that can be recorded.
TEST_F(CudaDriver, KernelsThatWait) {
  auto startsEarly = [&](int version, bool waits) {
    state.version = version;
    Expected<std::unique_ptr<KernelModule>> module =
        load({{"ptx", kPtx}}, waits);
    return module && (*module)->kernels().front().startsEarly;
  };
  EXPECT_TRUE(startsEarly(12030, true));
  EXPECT_FALSE(startsEarly(12030, false));
  EXPECT_FALSE(startsEarly(12020, true));
}

//===----------------------------------------------------------------------===//
// A GPU that is lost
//===----------------------------------------------------------------------===//

bool contains(const char *text, const char *part) {
  return std::string(text).find(part) != std::string::npos;
}

TEST_F(CudaDriver, ErrorsThatLoseTheGpu) {
  // Those after which cuda.h wants the process ended, and broken hardware.
  for (Result result : {4, 46, 214, 220, 226, 700, 702, 710, 714, 715, 716, 717,
                        718, 719, 721, 810, 999}) {
    SCOPED_TRACE(result);
    SetUp();
    Status status = gpu->check(result, "kernel 'k'");
    EXPECT_EQ(status.code(), BA_INTERNAL);
    EXPECT_TRUE(contains(status.text(), "cuda:0 (T): kernel 'k' failed: "))
        << status.text();
    EXPECT_TRUE(contains(status.text(), "cannot be used by this process any "
                                        "more"))
        << status.text();
    // The first error is the one that is told.
    (void)gpu->check(kErrorAssert, "another");
    Status later = gpu->checkAlive();
    EXPECT_TRUE(contains(later.text(), "cuda:0 (T) was lost by an earlier "
                                       "error, CUDA_ERROR_OF_A_TEST"))
        << later.text();
    EXPECT_FALSE(gpu->allocate(1, "a test"));
  }
  for (Result result : {Result(kErrorOutOfMemory), kErrorLaunchOutOfResources,
                        kErrorCooperativeLaunchTooLarge, kErrorNotSupported}) {
    SCOPED_TRACE(result);
    SetUp();
    EXPECT_TRUE(gpu->check(result, "a step"));
    EXPECT_FALSE(gpu->checkAlive());
  }
}

TEST_F(CudaDriver, GpuThatCannotBeOpened) {
  auto openError = [&](Result result) {
    state.retain = result;
    Expected<std::unique_ptr<Gpu>> opened = Gpu::open(driver, 0);
    return opened ? std::string() : std::string(opened.takeError().text());
  };
  EXPECT_EQ(openError(kErrorDeviceUnavailable),
            "cuda:0 (T) cannot be used: CUDA_ERROR_OF_A_TEST; another process "
            "may have it to itself (nvidia-smi shows its compute mode)");
  // Nothing is lost yet: opening may be tried again.
  EXPECT_EQ(openError(kErrorUnknown),
            "cuda:0 (T): making a context failed: CUDA_ERROR_OF_A_TEST");
  EXPECT_EQ(openError(kSuccess), "");
}

/// cudaDeviceReset, say by a library of the service that the runtime is in.
TEST_F(CudaDriver, ContextThatIsGone) {
  Expected<std::unique_ptr<KernelModule>> module = load({{"ptx", kPtx}});
  ASSERT_TRUE(module) << module.takeError().text();
  Expected<char *> memory = gpu->allocate(1000, "a test");
  ASSERT_TRUE(memory);
  for (Result result : {kErrorContextIsDestroyed, kErrorInvalidContext}) {
    state.push = result;
    Expected<char *> more = gpu->allocate(1000, "a test");
    ASSERT_FALSE(more);
    EXPECT_STREQ(more.takeError().text(),
                 "the context of cuda:0 (T) is gone, CUDA_ERROR_OF_A_TEST: "
                 "somebody in this process reset the GPU (cudaDeviceReset "
                 "does); open the model again");
    EXPECT_TRUE(gpu->checkAddress(*memory, "input 'x'"));
    EXPECT_TRUE(gpu->checkStream(nullptr));
  }
  EXPECT_FALSE(load({{"ptx", kPtx}}));
  // Nothing is done in a context of the caller's, and none of his is taken.
  EXPECT_EQ(state.memory.size(), 1u);
  gpu->free(*memory);
  EXPECT_EQ(state.memory.size(), 1u);
  EXPECT_EQ(gpu->currentBytes(), 0u);
  EXPECT_EQ(state.depth, 0);
  // Another call may find it: what the GPU held is lost all the same.
  state.push = kSuccess;
  EXPECT_TRUE(gpu->checkAlive());
  Status status = gpu->check(kErrorContextIsDestroyed, "a step");
  EXPECT_TRUE(contains(status.text(), "a step failed: the context of cuda:0 "
                                      "(T) is gone"))
      << status.text();
}

TEST_F(CudaDriver, OutOfMemory) {
  Expected<char *> first = gpu->allocate(size_t(1) << 20, "a test");
  ASSERT_TRUE(first);
  auto wants = [&](uint64_t bytes) {
    Expected<char *> memory = gpu->allocate(bytes, "the model's weights");
    if (memory)
      return std::string();
    Status status = memory.takeError();
    EXPECT_EQ(status.code(), BA_OUT_OF_MEMORY);
    return std::string(status.text());
  };
  state.allocate = kErrorOutOfMemory;
  EXPECT_EQ(wants(uint64_t(5) << 30),
            "the model's weights needs 5.0 GiB on cuda:0 (T), which has 3.0 "
            "GiB free of 140 GiB (this model uses 1.0 MiB); use shorter "
            "inputs, release cached blocks, or take a GPU with more memory");
  // What was kept for later was given back before.
  EXPECT_EQ(state.trims, 1);
  // More than there are addresses does not get to the driver.
  EXPECT_NE(wants(~uint64_t(0)), "");
  EXPECT_EQ(state.trims, 1);
  state.memoryInfo = kErrorNotSupported;
  EXPECT_NE(wants(1000).find("which has too little free (this model"),
            std::string::npos);
  // The GPU is well.
  state.allocate = kSuccess;
  EXPECT_FALSE(gpu->checkAlive());
  EXPECT_EQ(wants(1), "");
  EXPECT_EQ(state.depth, 0);
  gpu->free(*first);
}

} // namespace
