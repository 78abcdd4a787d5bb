//===- StepTimesTest.cpp - times of a profile, added up -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/CudaRun.h"

#include <gtest/gtest.h>

using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

namespace {

TEST(StepTimes, AddsUpByName) {
  StepTimes times;
  times.add("kernel_0_map_act", "", 1, 0, 0);
  times.add("copy", "", 2, 0, 16);
  times.add("kernel_0_map_act", "", 3, 0, 0);
  std::vector<StepTime> steps = times.take();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].name, "kernel_0_map_act");
  EXPECT_EQ(steps[0].count, 2);
  EXPECT_EQ(steps[0].seconds, 4);
  EXPECT_EQ(steps[1].name, "copy");
  EXPECT_EQ(steps[1].bytes, 16);
  EXPECT_TRUE(times.take().empty());
}

TEST(StepTimes, ProductsSayWhoseTheyAre) {
  StepTimes times;
  times.add("gemm f32 4x8x16", "layers.0/q", 1, 1024, 0);
  times.add("gemm f32 4x9x16", "layers.0/up", 1, 1152, 0);
  times.add("gemm f32 4x8x16", "layers.1/q", 1, 1024, 0);
  times.add("gemm f32 4x9x16", "layers.0/up", 1, 1152, 0);
  times.add("gemm f32 1x1x1", "", 1, 2, 0);
  std::vector<StepTime> steps = times.take();
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0].name, "gemm f32 4x8x16 (layers.0/q, ...)");
  EXPECT_EQ(steps[0].operations, 2048);
  EXPECT_EQ(steps[1].name, "gemm f32 4x9x16 (layers.0/up)");
  EXPECT_EQ(steps[1].count, 2);
  EXPECT_EQ(steps[2].name, "gemm f32 1x1x1");
}

// Names come from model files: a terminal must not act on them.
TEST(StepTimes, NamesAreEscaped) {
  StepTimes times;
  times.add("gemm f32 4x8x16", "a\x1b[31mb", 1, 1024, 0);
  std::vector<StepTime> steps = times.take();
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].name.find('\x1b'), std::string::npos) << steps[0].name;
  EXPECT_NE(steps[0].name.find("[31mb"), std::string::npos) << steps[0].name;
}

} // namespace
