//===- Transfer.cpp - between pages of the host and a GPU -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/Transfer.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

namespace {

/// More do not make the bus faster.
constexpr int kMostWorkers = 8;

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

/// A stream of a thread's own.
class OwnStream {
public:
  explicit OwnStream(Gpu &gpu) : gpu(gpu) {}
  ~OwnStream() {
    if (handle)
      gpu.driver().streamDestroy(handle);
  }
  Status start(const char *what) {
    return gpu.check(gpu.driver().streamCreate(&handle, kStreamNonBlocking),
                     what);
  }
  StreamHandle get() const { return handle; }

private:
  Gpu &gpu;
  StreamHandle handle = nullptr;
};

std::vector<Transfer> inPieces(const std::vector<Transfer> &transfers) {
  std::vector<Transfer> pieces;
  for (const Transfer &transfer : transfers)
    for (uint64_t done = 0; done < transfer.bytes; done += Lane::kMostBytes)
      pieces.push_back({transfer.to + done, transfer.from + done,
                        std::min(Lane::kMostBytes, transfer.bytes - done)});
  return pieces;
}

/// Has every piece sent or received by one of several threads.
Status transferAll(Gpu &gpu, ThreadPool &threads, const char *what,
                   const std::vector<Transfer> &pieces,
                   Status (Lane::*pass)(const Transfer &, StreamHandle)) {
  std::atomic<size_t> taken{0};
  std::atomic<bool> isOver{false};
  std::mutex mutex;
  Status failure;
  auto work = [&]() -> Status {
    Gpu::Scope scope(gpu);
    if (Status status = scope.failure())
      return status;
    Lane lane(gpu, what);
    OwnStream stream(gpu);
    if (Status status = stream.start(what))
      return status;
    if (Status status = lane.reserve(Lane::kMostBytes))
      return status;
    for (size_t i; !isOver && (i = taken++) < pieces.size();)
      if (Status status = (lane.*pass)(pieces[i], stream.get()))
        return status;
    return lane.finish();
  };
  // Each with two pieces at least.
  int workers = std::min<int64_t>(
      {threads.threads(), kMostWorkers,
       static_cast<int64_t>(std::max<size_t>(pieces.size() / 2, 1))});
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

} // namespace

//===----------------------------------------------------------------------===//
// Lane
//===----------------------------------------------------------------------===//

Lane::~Lane() {
  if (Gpu::Scope scope(gpu); scope)
    for (Place &place : places)
      if (place.done) {
        // After an error a copy may be on its way still.
        gpu.driver().eventSynchronize(place.done);
        gpu.driver().eventDestroy(place.done);
      }
}

Status Lane::reserve(uint64_t bytes) {
  for (Place &place : places)
    if (!place.done)
      if (Status status = gpu.check(
              gpu.driver().eventCreate(&place.done, kEventDisableTiming), what))
        return status;
  if (bytes <= pieceBytes)
    return Status();
  if (Status status = finish())
    return status;
  pieceBytes = 0;
  if (Status status = memory.reserve(gpu, kPlaces * bytes, what))
    return status;
  pieceBytes = bytes;
  return Status();
}

Status Lane::settle(int index) {
  Place &place = places[index];
  char *to = std::exchange(place.to, nullptr);
  if (Status status =
          gpu.check(gpu.driver().eventSynchronize(place.done), what)) {
    // Nobody waits for the other piece either.
    for (Place &other : places)
      other.to = nullptr;
    return status;
  }
  if (to)
    std::memcpy(to, dataOf(index), place.bytes);
  return Status();
}

/// After the copy from or to the next place.
Status Lane::begin(Result copied, StreamHandle stream) {
  Status status = gpu.check(copied, what);
  if (!status) {
    status =
        gpu.check(gpu.driver().eventRecord(places[next].done, stream), what);
    // No event says when this copy is done with the memory.
    if (status)
      gpu.driver().streamSynchronize(stream);
  }
  if (status)
    for (Place &place : places)
      place.to = nullptr;
  next = (next + 1) % kPlaces;
  return status;
}

Status Lane::send(const Transfer &piece, StreamHandle stream) {
  if (Status status = settle(next))
    return status;
  readAhead(piece.from, piece.bytes);
  std::memcpy(dataOf(next), piece.from, piece.bytes);
  return begin(gpu.driver().copyToDevice(address(piece.to), dataOf(next),
                                         piece.bytes, stream),
               stream);
}

Status Lane::receive(const Transfer &piece, StreamHandle stream) {
  if (Status status = settle(next))
    return status;
  places[next].to = piece.to;
  places[next].bytes = piece.bytes;
  return begin(gpu.driver().copyToHost(dataOf(next), address(piece.from),
                                       piece.bytes, stream),
               stream);
}

Status Lane::finish() {
  // The next place is that of the older piece.
  for (int i = 0; i < kPlaces; ++i, next = (next + 1) % kPlaces)
    if (Status status = settle(next))
      return status;
  return Status();
}

Status Lane::receiveAll(const Transfer &transfer, StreamHandle stream) {
  // Small outputs take little memory; a size that changes a bit takes no new.
  constexpr uint64_t step = uint64_t(64) << 10;
  if (Status status = reserve(
          std::min(kMostBytes, (transfer.bytes + step - 1) / step * step)))
    return status;
  for (const Transfer &piece : inPieces({transfer}))
    if (Status status = receive(piece, stream))
      return status;
  return finish();
}

//===----------------------------------------------------------------------===//
// Many pieces
//===----------------------------------------------------------------------===//

Status blockattn::rt::cuda::upload(Gpu &gpu, ThreadPool &threads,
                                   const std::vector<Transfer> &transfers) {
  return transferAll(gpu, threads, "copying the weights", inPieces(transfers),
                     &Lane::send);
}

Status blockattn::rt::cuda::download(Gpu &gpu, ThreadPool &threads,
                                     const Transfer &transfer) {
  return transferAll(gpu, threads, "copying an output", inPieces({transfer}),
                     &Lane::receive);
}
