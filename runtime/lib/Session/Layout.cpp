//===- Layout.cpp - how packed tokens are divided into blocks -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session/Layout.h"

#include <cinttypes>
#include <set>

using namespace blockattn::rt;

Expected<Layout> Layout::make(const ba_block *blocks, size_t count) {
  if (count == 0)
    return error(BA_INVALID_ARGUMENT,
                 "a layout needs a block; one block starting at token 0 is "
                 "full attention");
  if (blocks[0].start != 0)
    return error(BA_INVALID_ARGUMENT,
                 "the first block starts at token %" PRId64
                 "; it must start at token 0",
                 blocks[0].start);
  Layout layout;
  layout.rows.reserve(3 * count);
  std::set<int64_t> finished;
  for (size_t i = 0; i < count; ++i) {
    const ba_block &block = blocks[i];
    if (i != 0 && block.start <= blocks[i - 1].start)
      return error(BA_INVALID_ARGUMENT,
                   "block starts must increase: block %zu starts at token "
                   "%" PRId64 ", the one before it at %" PRId64,
                   i, block.start, blocks[i - 1].start);
    if (i != 0 && block.segment != blocks[i - 1].segment)
      finished.insert(blocks[i - 1].segment);
    if (finished.count(block.segment))
      return error(BA_INVALID_ARGUMENT,
                   "block %zu belongs to segment %" PRId64
                   ", which ended before; the blocks of a segment follow one "
                   "another",
                   i, block.segment);
    bool isLast = i + 1 == count || blocks[i + 1].segment != block.segment;
    layout.rows.insert(
        layout.rows.end(),
        {block.start, block.is_global != 0 || isLast, block.segment});
  }
  return layout;
}

Expected<Layout> Layout::make(const int64_t *starts, size_t count) {
  std::vector<ba_block> blocks(count);
  for (size_t i = 0; i < count; ++i)
    blocks[i] = {starts[i], 0, 0};
  return make(blocks.data(), count);
}

Status Layout::checkTokens(int64_t tokens) const {
  int64_t last = rows[rows.size() - 3];
  if (last < tokens)
    return Status();
  return error(BA_INVALID_ARGUMENT,
               "block %zu starts at token %" PRId64 ", but there are %" PRId64
               " tokens; every block needs one",
               blocks() - 1, last, tokens);
}
