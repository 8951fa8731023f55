// Work on a thread of its own, which its owner waits for.
#pragma once

#include <pthread.h>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "result.h"

namespace wasprey {

class Background {
 public:
  /** None. */
  Background() = default;
  /** Begins it. Where the kernel has no room for another thread it is done here, before this returns. */
  explicit Background(std::function<Status()> work);
  Background(Background&&) noexcept = default;
  Background& operator=(Background&& other) noexcept {
    std::swap(job_, other.job_);
    return *this;
  }
  ~Background();

  /** Whether there is one that was not taken yet. */
  bool HasBegun() const { return job_ != nullptr; }
  bool IsDone() const { return job_->done.load(std::memory_order_acquire); }
  /** Waits until it is done. Returns what came of it, once. */
  Status Take();

 private:
  struct Job {
    std::function<Status()> work;
    Status result;
    std::atomic<bool> done = false;
    std::optional<pthread_t> thread;
  };
  static void* Run(void* job);

  std::unique_ptr<Job> job_;
};

}  // namespace wasprey
