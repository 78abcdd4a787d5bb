//===- FuzzLayout.cpp - any text as block starts, any numbers as a layout -===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestArtifact.h"
#include "tools/common/CommandLine.h"

#include <cstdlib>
#include <cstring>

using namespace blockattn;
using namespace blockattn::test;

namespace {

/// Takes values off the input; zeros when it is at its end.
struct Input {
  const uint8_t *data;
  size_t size;

  template <typename T> T take() {
    T value{};
    size_t count = std::min(sizeof value, size);
    std::memcpy(&value, data, count);
    data += count;
    size -= count;
    return value;
  }
};

/// A block that is in place often enough.
ba_block takeBlock(Input &input, int64_t previous) {
  uint8_t kind = input.take<uint8_t>();
  ba_block block{};
  block.start = kind & 1 ? input.take<int64_t>()
                         : previous + (input.take<uint8_t>() & 15);
  block.is_global = kind & 2 ? input.take<int32_t>() : 0;
  block.segment = kind & 4 ? input.take<int64_t>() : kind >> 6;
  return block;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static TestModel test(testManifest(), 1);
  Input input{data, size};
  uint8_t mode = input.take<uint8_t>();
  int64_t tokens = input.take<uint8_t>() & 63;
  Session session(test.model);
  try {
    std::vector<int64_t> ids(64, 1), positions(64);
    for (int64_t &position : positions)
      position = mode & 2 ? input.take<int64_t>() : &position - &positions[0];
    if (mode & 4)
      ids[mode >> 4] = input.take<int64_t>();
    session.setInput("input_ids", view(ids.data(), {1, tokens}));
    if (mode & 8)
      session.setInput("position_ids", view(positions.data(), {1, tokens}));
    if (mode & 1) {
      std::string text(reinterpret_cast<const char *>(input.data), input.size);
      session.setBlocks(tools::parseIntegers(text, "--blocks"));
    } else {
      std::vector<ba_block> blocks;
      int64_t previous = 0;
      while (input.size != 0) {
        blocks.push_back(takeBlock(input, previous));
        previous = blocks.back().start & 0xffff;
      }
      session.setLayout(blocks);
    }
    session.run("block");
    ba_tensor logits = session.output("logits");
    // Each token has its row, which is there to be read.
    if (logits.shape[1] != tokens)
      std::abort();
    volatile float sum = 0;
    for (int64_t i = 0; i < elements(logits); ++i)
      sum = sum + static_cast<const float *>(logits.data)[i];
  } catch (const std::runtime_error &) {
  }
  return 0;
}
