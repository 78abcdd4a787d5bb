//===- KVBlock.cpp - cached keys and values -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session/KVBlock.h"
#include "Support/Checked.h"
#include "blockattn/kernel_abi.h"

#include <algorithm>
#include <cinttypes>

using namespace blockattn::rt;

namespace {
/// Tokens of the first chunk of a tail.
constexpr int64_t kFirstChunk = 128;
} // namespace

Expected<KVStorage> KVStorage::allocate(Device &device,
                                        const std::vector<uint64_t> &rowBytes,
                                        int64_t capacity) {
  KVStorage storage;
  storage.rowBytes = rowBytes;
  storage.rows = capacity;
  uint64_t total = 0;
  for (uint64_t bytes : rowBytes) {
    storage.offsets.push_back(total);
    std::optional<uint64_t> array =
        checkedMul(bytes, static_cast<uint64_t>(capacity));
    std::optional<uint64_t> next =
        array ? checkedAdd(*array, total + BA_KERNEL_ALIGNMENT - 1)
              : std::nullopt;
    if (!next)
      return error(BA_OUT_OF_MEMORY,
                   "the keys and values of %" PRId64
                   " tokens need more memory than can be addressed",
                   capacity);
    total = *next / BA_KERNEL_ALIGNMENT * BA_KERNEL_ALIGNMENT;
  }
  Expected<DeviceBuffer> memory =
      device.allocate(total, "the keys and values of a block");
  if (!memory)
    return memory.takeError();
  storage.memory = std::move(*memory);
  return storage;
}

uint64_t Prompt::tailBytes() const {
  uint64_t bytes = 0;
  for (const Part &part : parts)
    if (part.chunk)
      bytes += part.chunk->bytes();
  return bytes;
}

Status Prompt::start(int64_t position) {
  if (!parts.empty())
    return error(BA_INVALID_ARGUMENT,
                 "the prompt has tokens already; its start is set before them");
  if (position < 0)
    return error(BA_INVALID_ARGUMENT,
                 "a prompt can't start at the negative position %" PRId64,
                 position);
  if (position > 0 && model->manifest().sinks.isPrefix)
    return error(BA_INVALID_ARGUMENT,
                 "the prompt can't start at position %" PRId64
                 ": this model's sinks are at its head, from position 0 on",
                 position);
  tokens = position;
  return Status();
}

Status Prompt::append(Ref<KVBlock> block) {
  if (block->model.get() != model.get())
    return error(BA_INVALID_ARGUMENT,
                 "the block was encoded by another model (%s) than the "
                 "prompt's (%s)",
                 quote(block->model->artifact().path()).c_str(),
                 quote(model->artifact().path()).c_str());
  bool isFirst = parts.empty();
  if (!isFirst && block->prefix != prefix)
    return error(BA_INVALID_ARGUMENT,
                 "the block was encoded behind %" PRId64
                 " sinks, and the prompt has %" PRId64
                 "; encode all of a prompt's blocks with one table of sinks",
                 block->prefix, prefix);
  int64_t place = isFirst ? block->prefix : tokens;
  if (block->isTied && block->position != place) {
    const std::string &reason = model->manifest().kvReason;
    // The first block is asked for at 0, ahead of the prefix.
    int64_t given = block->position == block->prefix ? 0 : block->position;
    return error(BA_INVALID_ARGUMENT,
                 "the block was encoded for position %" PRId64
                 " and cannot stand at %" PRId64
                 ": this model's blocks are tied to their place%s%s; encode it "
                 "again for position %" PRId64,
                 given, tokens, reason.empty() ? "" : ": ", reason.c_str(),
                 tokens);
  }
  int64_t skipped = isFirst ? 0 : block->prefix;
  int64_t length = block->length + (isFirst ? block->prefix : 0);
  if (isFirst)
    prefix = block->prefix;
  parts.push_back({std::move(block), nullptr, tokens, length, skipped});
  tokens += length;
  return Status();
}

void Prompt::table(std::vector<int64_t> &rows) const {
  rows.clear();
  for (const Part &part : parts) {
    // Chunks are written at their true positions, shared blocks at their own.
    int64_t shift = 0;
    if (const KVBlock *block = part.block.get())
      shift = part.first - (block->position - block->prefix + part.skipped);
    rows.insert(rows.end(), {part.length, shift, part.first, 0});
    const KVStorage &storage = part.storage();
    for (size_t array = 0; array < storage.arrays(); ++array)
      rows.push_back(
          reinterpret_cast<int64_t>(storage.at(array, part.skipped)));
  }
}

Expected<std::vector<void *>>
Prompt::reserve(const std::vector<uint64_t> &rowBytes, int64_t count) {
  const KVStorage *target = nullptr;
  int64_t row = 0;
  if (!parts.empty() && parts.back().chunk &&
      parts.back().chunk->capacity() - parts.back().length >= count) {
    target = parts.back().chunk.get();
    row = parts.back().length;
    fresh.reset();
  } else {
    int64_t tail = 0;
    for (const Part &part : parts)
      if (part.chunk)
        tail += part.length;
    Expected<KVStorage> storage = KVStorage::allocate(
        model->device(), rowBytes, std::max({count, tail, kFirstChunk}));
    if (!storage)
      return storage.takeError();
    fresh = std::make_unique<KVStorage>(std::move(*storage));
    target = fresh.get();
  }
  std::vector<void *> addresses;
  for (size_t array = 0; array < target->arrays(); ++array)
    addresses.push_back(target->at(array, row));
  return addresses;
}

void Prompt::commit(int64_t count, int64_t newPrefix) {
  if (parts.empty())
    prefix = newPrefix;
  if (fresh)
    parts.push_back({Ref<KVBlock>(), std::move(fresh), tokens, count, 0});
  else
    parts.back().length += count;
  tokens += count;
}
