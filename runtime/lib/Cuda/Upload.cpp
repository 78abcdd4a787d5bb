//===- Upload.cpp - from mapped files to a GPU ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/Upload.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

namespace {

/// Large enough that a copy's start does not count, small enough that little
/// memory is pinned, which takes time as well.
constexpr uint64_t kPieceBytes = uint64_t(4) << 20;
/// More do not make the bus faster.
constexpr int kMostWorkers = 8;
/// One is filled while the other is on its way.
constexpr int kPiecesOfWorker = 2;

/// Brings the pages in with one call in place of a fault for every few of them;
/// where the system cannot, the faults come.
void readAhead(const char *begin, uint64_t bytes) {
#ifdef MADV_POPULATE_READ
  uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  uintptr_t first = reinterpret_cast<uintptr_t>(begin) / page * page;
  uintptr_t end = reinterpret_cast<uintptr_t>(begin) + bytes;
  (void)madvise(reinterpret_cast<void *>(first), end - first,
                MADV_POPULATE_READ);
#else
  (void)begin;
  (void)bytes;
#endif
}

/// What one thread has for its pieces.
class Worker {
public:
  /// The context must be current.
  explicit Worker(Gpu &gpu) : gpu(gpu) {}
  ~Worker() {
    for (Event event : sent)
      if (event)
        gpu.driver().eventDestroy(event);
    if (stream)
      gpu.driver().streamDestroy(stream);
  }

  Status start() {
    const Driver &driver = gpu.driver();
    if (Status status = check(driver.streamCreate(&stream, kStreamNonBlocking)))
      return status;
    for (Event &event : sent)
      if (Status status = check(driver.eventCreate(&event, 0)))
        return status;
    return memory.reserve(gpu, kPiecesOfWorker * kPieceBytes, "the weights");
  }

  Status send(const Transfer &piece) {
    const Driver &driver = gpu.driver();
    if (Status status = check(driver.eventSynchronize(sent[next])))
      return status;
    char *pinned = memory.data() + next * kPieceBytes;
    readAhead(piece.from, piece.bytes);
    std::memcpy(pinned, piece.from, piece.bytes);
    if (Status status = check(driver.copyToDevice(address(piece.to), pinned,
                                                  piece.bytes, stream)))
      return status;
    if (Status status = check(driver.eventRecord(sent[next], stream)))
      return status;
    next = (next + 1) % kPiecesOfWorker;
    return Status();
  }

  Status finish() { return check(gpu.driver().streamSynchronize(stream)); }

private:
  Status check(Result result) {
    return gpu.check(result, "copying the weights");
  }

  Gpu &gpu;
  StreamHandle stream = nullptr;
  PinnedBuffer memory;
  /// The copy out of a piece of memory is done.
  Event sent[kPiecesOfWorker] = {};
  int next = 0;
};

} // namespace

Status blockattn::rt::cuda::upload(Gpu &gpu, ThreadPool &threads,
                                   const std::vector<Transfer> &transfers) {
  std::vector<Transfer> pieces;
  for (const Transfer &transfer : transfers)
    for (uint64_t done = 0; done < transfer.bytes; done += kPieceBytes)
      pieces.push_back({transfer.to + done, transfer.from + done,
                        std::min(kPieceBytes, transfer.bytes - done)});
  std::atomic<size_t> taken{0};
  std::atomic<bool> isOver{false};
  std::mutex mutex;
  Status failure;
  auto work = [&]() -> Status {
    Gpu::Scope scope(gpu);
    Worker worker(gpu);
    if (Status status = worker.start())
      return status;
    for (size_t i; !isOver && (i = taken++) < pieces.size();)
      if (Status status = worker.send(pieces[i]))
        return status;
    return worker.finish();
  };
  int workers = std::min<int64_t>({threads.threads(), kMostWorkers,
                                   static_cast<int64_t>(std::max<size_t>(
                                       pieces.size() / kPiecesOfWorker, 1))});
  threads.parallelFor(workers, 1, [&](int64_t, int64_t) {
    // Whoever comes first takes what there is.
    if (Status status = work()) {
      isOver = true;
      std::lock_guard<std::mutex> lock(mutex);
      failure = std::move(status);
    }
  });
  return failure;
}
