//===- Transfer.h - between pages of the host and a GPU ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CUDA_TRANSFER_H
#define BLOCKATTN_RUNTIME_CUDA_TRANSFER_H

#include "Cpu/ThreadPool.h"
#include "Cuda/Gpu.h"

#include <vector>

namespace blockattn::rt::cuda {

/// One end is the GPU's, the other any memory of the host: pages of a mapped
/// file, in memory or not yet, or where a caller wants an output.
struct Transfer {
  char *to;
  const char *from;
  uint64_t bytes;
};

/// Pinned memory for two pieces of a transfer: the host copies one while the
/// other is on its way. For one thread, whose current context is the GPU's.
class Lane {
public:
  /// Large enough that a copy's start does not count, small enough that little
  /// memory is pinned, which takes time as well.
  static constexpr uint64_t kMostBytes = uint64_t(4) << 20;

  /// `what` is for messages: "copying the weights".
  Lane(Gpu &gpu, const char *what) : gpu(gpu), what(what) {}
  ~Lane();
  Lane(const Lane &) = delete;
  Lane &operator=(const Lane &) = delete;

  /// Makes room for pieces of so many bytes, `kMostBytes` at most; nothing may
  /// be on its way.
  Status reserve(uint64_t bytes);
  /// To the GPU or from it, as part of the stream's work. A piece that was
  /// received is in its place after `finish`, or two more pieces.
  Status send(const Transfer &piece, StreamHandle stream);
  Status receive(const Transfer &piece, StreamHandle stream);
  /// Waits for all pieces.
  Status finish();

  /// All of a transfer from the GPU.
  Status receiveAll(const Transfer &transfer, StreamHandle stream);

private:
  static constexpr int kPlaces = 2;
  struct Place {
    /// The copy that uses the memory is done.
    Event done = nullptr;
    /// Where its contents go then; null where they came from the host.
    char *to = nullptr;
    uint64_t bytes = 0;
  };

  char *dataOf(int place) const { return memory.data() + place * pieceBytes; }
  /// Waits until a place is free.
  Status settle(int place);
  Status begin(Result copied, StreamHandle stream);

  Gpu &gpu;
  const char *what;
  PinnedBuffer memory;
  uint64_t pieceBytes = 0;
  Place places[kPlaces];
  int next = 0;
};

/// Does all transfers to the GPU, as fast as the bus takes them: threads bring
/// the pages into pinned memory, each with a stream of its own.
Status upload(Gpu &gpu, ThreadPool &threads,
              const std::vector<Transfer> &transfers);
/// The same from the GPU; the work that makes the data must have ended.
Status download(Gpu &gpu, ThreadPool &threads, const Transfer &transfer);

} // namespace blockattn::rt::cuda

#endif // BLOCKATTN_RUNTIME_CUDA_TRANSFER_H
