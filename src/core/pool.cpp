#include "ebm/core/pool.hpp"

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

// The thread sanitizer cannot see into oneTBB, so it is told what a parallel loop orders.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
extern "C" void __tsan_acquire(void*);
extern "C" void __tsan_release(void*);
#define EBM_TSAN_ACQUIRE(p) __tsan_acquire(p)
#define EBM_TSAN_RELEASE(p) __tsan_release(p)
#else
#define EBM_TSAN_ACQUIRE(p) (void)(p)
#define EBM_TSAN_RELEASE(p) (void)(p)
#endif

namespace ebm {
namespace {

// At the end of a scope, so that they hold for what throws as well.
struct ReleaseAtEnd {
  void* p;
  ~ReleaseAtEnd() { EBM_TSAN_RELEASE(p); }
};
struct AcquireAtEnd {
  void* p;
  ~AcquireAtEnd() { EBM_TSAN_ACQUIRE(p); }
};

int cores() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

struct Arena {
  int count;
  tbb::global_control limit;
  tbb::task_arena arena;
  explicit Arena(int count)
      : count(count),
        limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(count)),
        arena(count) {}
};

std::mutex mutex;
std::atomic<Arena*> current{nullptr};

Arena& arena() {
  if (Arena* a = current.load(std::memory_order_acquire)) return *a;
  const std::scoped_lock lock(mutex);
  if (!current.load()) current.store(new Arena(cores()), std::memory_order_release);
  return *current.load();
}

}  // namespace

void set_threads(int count) {
  const std::scoped_lock lock(mutex);
  delete current.exchange(new Arena(count > 0 ? count : cores()));
}

int threads() { return arena().count; }

void detail::parallel_for(std::size_t count, void (*call)(const void*, std::size_t), const void* body) {
  if (count == 0) return;
  Arena& pool = arena();
  if (count == 1 || pool.count == 1) {
    for (std::size_t i = 0; i < count; ++i) call(body, i);
    return;
  }
  char fork = 0, join = 0;
  EBM_TSAN_RELEASE(&fork);
  const AcquireAtEnd joined{&join};
  // Isolated: while it waits, a thread must not begin an unrelated body of an outer loop, whose scratch it
  // may hold.
  const auto loop = [&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, count, 1),
        [&](const tbb::blocked_range<std::size_t>& range) {
          EBM_TSAN_ACQUIRE(&fork);
          const ReleaseAtEnd released{&join};
          for (std::size_t i = range.begin(); i != range.end(); ++i) call(body, i);
        },
        tbb::simple_partitioner());
  };
  pool.arena.execute([&] { tbb::this_task_arena::isolate(loop); });
}

}  // namespace ebm
