//===- KVBlock.h - cached keys and values -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SESSION_KVBLOCK_H
#define BLOCKATTN_RUNTIME_SESSION_KVBLOCK_H

#include "Session/Model.h"
#include "Support/AlignedBuffer.h"
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
  static Expected<KVStorage> allocate(const std::vector<uint64_t> &rowBytes,
                                      int64_t capacity);

  int64_t capacity() const { return rows; }
  uint64_t bytes() const { return memory.size(); }
  size_t arrays() const { return offsets.size(); }
  /// Row `row` of array 2 * layer (keys) or 2 * layer + 1 (values).
  char *at(size_t array, int64_t row) const {
    return memory.data() + offsets[array] + row * rowBytes[array];
  }

private:
  AlignedBuffer memory;
  std::vector<uint64_t> offsets;
  std::vector<uint64_t> rowBytes;
  int64_t rows = 0;
};

/// An encoded block: never changed again.
class KVBlock : public RefCounted {
public:
  KVBlock(Ref<Model> model, KVStorage storage, int64_t length, int64_t position,
          bool isTied)
      : model(std::move(model)), storage(std::move(storage)), length(length),
        position(position), isTied(isTied) {}

  const Ref<Model> model;
  const KVStorage storage;
  const int64_t length;
  /// Of the first token, as it was encoded.
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

  Status append(Ref<KVBlock> block);

  /// The table that compiled code takes (see the kv type of the blockattn
  /// dialect): a row of `4 + 2 * layers` for each piece.
  void table(std::vector<int64_t> &rows) const;
  size_t pieces() const { return parts.size(); }

  /// Where the keys and values of `count` more tokens go: addresses in the
  /// order of KVStorage's arrays. Nothing changes until `commit`.
  Expected<std::vector<void *>> reserve(const std::vector<uint64_t> &rowBytes,
                                        int64_t count);
  /// The reserved tokens are written.
  void commit(int64_t count);

private:
  /// Tokens that lie together: a shared block, or a chunk of the tail.
  struct Part {
    Ref<KVBlock> block;
    std::unique_ptr<KVStorage> chunk;
    int64_t first;
    int64_t length;

    const KVStorage &storage() const {
      return block.get() ? block->storage : *chunk;
    }
  };

  Ref<Model> model;
  std::vector<Part> parts;
  int64_t tokens = 0;
  /// A chunk that `reserve` made and no token is in yet.
  std::unique_ptr<KVStorage> fresh;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SESSION_KVBLOCK_H
