//===- ThreadPool.h - parallel loops ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A fixed set of workers for parallel loops over index ranges. Any number of
// threads may run loops at once: each works on its own loop, and idle workers
// help wherever there is work. A loop in a loop's body runs inline.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CPU_THREADPOOL_H
#define BLOCKATTN_RUNTIME_CPU_THREADPOOL_H

#include "Support/Status.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace blockattn::rt {

class ThreadPool {
public:
  using Body = void (*)(void *closure, int64_t begin, int64_t end);

  /// `threads` work on one loop at most, the caller included.
  static Expected<std::unique_ptr<ThreadPool>> create(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int threads() const { return static_cast<int>(workers.size()) + 1; }

  /// Calls `body` on disjoint ranges that cover [0, n), each of `grain`
  /// iterations or more but for the last. Returns when all are done.
  void parallelFor(int64_t n, int64_t grain, Body body, void *closure);

  /// The same for a callable (begin, end).
  template <typename Callable>
  void parallelFor(int64_t n, int64_t grain, Callable &&callable) {
    using Function = std::remove_reference_t<Callable>;
    parallelFor(
        n, grain,
        [](void *closure, int64_t begin, int64_t end) {
          (*static_cast<Function *>(closure))(begin, end);
        },
        const_cast<void *>(static_cast<const void *>(&callable)));
  }

private:
  /// A loop under way; lives on its caller's stack.
  struct Loop;

  ThreadPool() = default;
  void work();
  Loop *joinLoop();

  std::vector<std::thread> workers;
  std::mutex mutex;
  std::condition_variable wake;
  /// Loops that may have chunks left; guarded by `mutex`.
  std::vector<Loop *> loops;
  /// Counts the loops begun, so that idle workers see a new one without taking
  /// the lock.
  std::atomic<uint64_t> begun{0};
  bool stopping = false;
};

/// The number of cores that this process may use.
int availableCores();

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_CPU_THREADPOOL_H
