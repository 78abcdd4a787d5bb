//===- KVBlock.h - cached keys and values -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SESSION_KVBLOCK_H
#define BLOCKATTN_RUNTIME_SESSION_KVBLOCK_H

#include "Session/Model.h"
#include "Support/RefCounted.h"

#include <memory>
#include <vector>

namespace blockattn::rt {

/// Keys and values of a run of tokens for all layers, in one allocation of
/// fixed capacity: for each layer a row-major [capacity, kv heads, head size]
/// array of keys and one of values.
class KVStorage {
public:
  /// `rowBytes`: bytes that one token takes, for the key of layer 0, its
  /// value, the key of layer 1, ...
  static Expected<KVStorage> allocate(Device &device,
                                      const std::vector<uint64_t> &rowBytes,
                                      int64_t capacity);

  int64_t capacity() const { return rows; }
  uint64_t bytes() const { return memory.size(); }
  size_t arrays() const { return offsets.size(); }
  /// Row `row` of array 2 * layer (keys) or 2 * layer + 1 (values).
  char *at(size_t array, int64_t row) const {
    return memory.data() + offsets[array] + row * rowBytes[array];
  }

private:
  DeviceBuffer memory;
  std::vector<uint64_t> offsets;
  std::vector<uint64_t> rowBytes;
  int64_t rows = 0;
};

/// An encoded block: never changed again.
class KVBlock : public RefCounted {
public:
  KVBlock(Ref<Model> model, KVStorage storage, int64_t prefix, int64_t length,
          int64_t position, bool isTied)
      : model(std::move(model)), storage(std::move(storage)), prefix(prefix),
        length(length), position(position), isTied(isTied) {}

  const Ref<Model> model;
  const KVStorage storage;
  /// Rows of a shared prefix of sinks, ahead of the block's own: they are the
  /// same in every block, and a prompt reads those of its first block.
  const int64_t prefix;
  /// Without the prefix.
  const int64_t length;
  /// Of the first own token, as it was encoded.
  const int64_t position;
  /// Serves at `position` alone.
  const bool isTied;
};

/// Blocks in order, then a tail that grows. The tail is a list of chunks, each
/// twice as large as those before, so that growing never moves a key.
class Prompt {
public:
  explicit Prompt(Ref<Model> model) : model(std::move(model)) {}

  const Ref<Model> &getModel() const { return model; }
  int64_t length() const { return tokens; }
  uint64_t tailBytes() const;

  Status start(int64_t position);
  Status append(Ref<KVBlock> block);

  /// The table that compiled code takes (see the kv type of the blockattn
  /// dialect): a row of `4 + 2 * layers` for each piece.
  void table(std::vector<int64_t> &rows) const;
  size_t pieces() const { return parts.size(); }
  /// The next tokens go on with what `extend` wrote last.
  bool endsInTail() const { return !parts.empty() && parts.back().chunk; }

  /// Where the keys and values of `count` more tokens go: addresses in the
  /// order of KVStorage's arrays. Nothing changes until `commit`.
  Expected<std::vector<void *>> reserve(const std::vector<uint64_t> &rowBytes,
                                        int64_t count);
  /// The reserved tokens are written; the first `newPrefix` of them are the
  /// prompt's shared sinks.
  void commit(int64_t count, int64_t newPrefix);

private:
  /// Tokens that lie together: a shared block, or a chunk of the tail.
  struct Part {
    Ref<KVBlock> block;
    std::unique_ptr<KVStorage> chunk;
    int64_t first;
    int64_t length;
    /// Rows of the storage before the first one that is read.
    int64_t skipped;

    const KVStorage &storage() const {
      return block.get() ? block->storage : *chunk;
    }
  };

  Ref<Model> model;
  std::vector<Part> parts;
  /// The position of the next token.
  int64_t tokens = 0;
  /// Shared sinks at the head; part of `tokens`.
  int64_t prefix = 0;
  /// A chunk that `reserve` made and no token is in yet.
  std::unique_ptr<KVStorage> fresh;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SESSION_KVBLOCK_H
