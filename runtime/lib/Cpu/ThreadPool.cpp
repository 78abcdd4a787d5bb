//===- ThreadPool.cpp - parallel loops ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cpu/ThreadPool.h"

#include <algorithm>
#include <sched.h>
#include <system_error>

using namespace blockattn::rt;

namespace {

/// How many chunks there are for each thread: enough to even out unequal
/// chunks (causal attention), few enough not to be seen.
constexpr int64_t kChunksPerThread = 4;

/// How often an idle thread looks for work before it sleeps. One decoding step
/// is hundreds of short loops, and waking a thread costs more than most of
/// them take.
constexpr int kSpins = 4000;

/// Set while a thread runs a loop's body.
thread_local bool insideLoop = false;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

} // namespace

int blockattn::rt::availableCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

struct ThreadPool::Loop {
  Body body;
  void *closure;
  int64_t n;
  int64_t chunk;
  std::atomic<int64_t> next{0};
  /// Workers inside; guarded by the pool's mutex where it grows, so that the
  /// owner sees no worker come in once it has taken the loop off the list.
  std::atomic<int> helpers{0};

  bool hasWork() const { return next.load(std::memory_order_relaxed) < n; }

  void run() {
    insideLoop = true;
    for (;;) {
      int64_t begin = next.fetch_add(chunk, std::memory_order_relaxed);
      if (begin >= n)
        break;
      body(closure, begin, std::min(n, begin + chunk));
    }
    insideLoop = false;
  }
};

Expected<std::unique_ptr<ThreadPool>> ThreadPool::create(int threads) {
  std::unique_ptr<ThreadPool> pool(new ThreadPool);
  try {
    for (int i = 1; i < threads; ++i)
      pool->workers.emplace_back([raw = pool.get()] { raw->work(); });
  } catch (const std::system_error &failure) {
    return error(BA_OUT_OF_MEMORY,
                 "cannot start thread %zu of %d (%s); ask for fewer threads",
                 pool->workers.size() + 1, threads, failure.what());
  }
  return pool;
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
  }
  wake.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

void ThreadPool::parallelFor(int64_t n, int64_t grain, Body body,
                             void *closure) {
  if (n <= 0)
    return;
  grain = std::max<int64_t>(grain, 1);
  if (insideLoop || workers.empty() || n <= grain) {
    body(closure, 0, n);
    return;
  }
  int64_t pieces = threads() * kChunksPerThread;
  Loop loop{body, closure, n, std::max(grain, n / pieces + (n % pieces != 0))};
  {
    std::lock_guard<std::mutex> lock(mutex);
    loops.push_back(&loop);
    begun.fetch_add(1, std::memory_order_release);
  }
  wake.notify_all();
  loop.run();
  {
    std::lock_guard<std::mutex> lock(mutex);
    loops.erase(std::find(loops.begin(), loops.end(), &loop));
  }
  // The last helpers finish their chunks; they are at work, so this is short.
  for (int spins = 0; loop.helpers.load(std::memory_order_acquire) != 0;) {
    if (++spins < kSpins)
      pause();
    else
      std::this_thread::yield();
  }
}

/// The loop with the fewest helpers that has work left, entered; or null.
ThreadPool::Loop *ThreadPool::joinLoop() {
  Loop *best = nullptr;
  for (Loop *loop : loops)
    if (loop->hasWork() &&
        (!best || loop->helpers.load(std::memory_order_relaxed) <
                      best->helpers.load(std::memory_order_relaxed)))
      best = loop;
  if (best)
    best->helpers.fetch_add(1, std::memory_order_relaxed);
  return best;
}

void ThreadPool::work() {
  uint64_t seen = 0;
  for (;;) {
    for (int spins = 0;
         spins < kSpins && begun.load(std::memory_order_acquire) == seen;
         ++spins)
      pause();
    Loop *loop = nullptr;
    {
      std::unique_lock<std::mutex> lock(mutex);
      bool isNew = begun.load(std::memory_order_relaxed) != seen;
      seen = begun.load(std::memory_order_relaxed);
      loop = joinLoop();
      if (!loop && isNew && !stopping)
        continue; // Too late for that one; more may follow at once.
      if (!loop)
        wake.wait(lock, [&] { return stopping || (loop = joinLoop()); });
      if (!loop)
        return;
    }
    loop->run();
    // After this the loop may be gone.
    loop->helpers.fetch_sub(1, std::memory_order_release);
  }
}
