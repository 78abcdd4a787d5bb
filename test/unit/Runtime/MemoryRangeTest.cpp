//===- MemoryRangeTest.cpp - where the tensors of a run lie ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session/MemoryRange.h"

#include <gtest/gtest.h>

using namespace blockattn::rt;

namespace {

const std::string x = "x", y = "y", z = "z";
char memory[100];

MemoryRange input(const std::string &name, int begin, int end) {
  return {memory + begin, end - begin, false, &name};
}

MemoryRange output(const std::string &name, int begin, int end) {
  return {memory + begin, end - begin, true, &name};
}

std::string refusal(std::vector<MemoryRange> ranges) {
  Status status = checkApart(std::move(ranges));
  return status ? status.text() : "";
}

TEST(MemoryRange, Apart) {
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(refusal({output(y, 50, 60), input(x, 0, 50), output(z, 60, 61)}),
            "");
  // Inputs are only read, and no byte is in no other's place.
  EXPECT_EQ(refusal({input(x, 0, 50), input(z, 0, 50), output(y, 50, 100)}),
            "");
  EXPECT_EQ(refusal({input(x, 0, 50), output(y, 0, 0), output(z, 20, 20)}), "");
  EXPECT_EQ(refusal({{nullptr, 0, false, &x}, {nullptr, 0, true, &y}}), "");
}

TEST(MemoryRange, Shared) {
  const std::string inputToo =
      "output 'y' would be written to memory of input 'x', which may be read "
      "later; give each memory of its own (a view of an output is valid until "
      "the next run: copy it to have it as an input)";
  EXPECT_EQ(refusal({input(x, 0, 50), output(y, 0, 50)}), inputToo);
  EXPECT_EQ(refusal({input(x, 0, 50), output(y, 49, 90)}), inputToo);
  EXPECT_EQ(refusal({input(x, 49, 90), output(y, 0, 50)}), inputToo);
  EXPECT_EQ(refusal({output(y, 0, 100), input(x, 20, 21)}), inputToo);
  // With smaller ones in between.
  EXPECT_EQ(refusal({input(x, 0, 90), input(z, 10, 20), output(y, 80, 100)}),
            inputToo);
  EXPECT_EQ(refusal({input(z, 0, 99), output(y, 99, 100), input(x, 99, 100)}),
            inputToo);
  EXPECT_EQ(refusal({output(y, 0, 50), output(z, 40, 60)}),
            "outputs 'y' and 'z' would be written to the same memory; give "
            "each memory of its own");
}

} // namespace
