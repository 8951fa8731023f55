// Work on a separate thread, which its owner waits for.
#pragma once

#include <pthread.h>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "system/result.h"

namespace wasprey {

class Background {
 public:
  /** None. */
  Background() = default;
  /** Starts the work. If the kernel refuses another thread, it runs here, before this returns. */
  explicit Background(std::function<Status()> work);
  Background(Background&&) noexcept = default;
  Background& operator=(Background&& other) noexcept {
    std::swap(job_, other.job_);
    return *this;
  }
  ~Background();

  /** Whether there is work whose result was not taken yet. */
  bool HasBegun() const { return job_ != nullptr; }
  bool IsDone() const { return job_->done.load(std::memory_order_acquire); }
  /** Waits until it is done. Returns its result, once. */
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
