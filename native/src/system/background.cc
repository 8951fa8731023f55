// Uses pthread_create(), which returns an error: std::async throws, which would end the process, because the addon is
// built without exceptions. It fails when a container's limit on processes is reached, for example by a fork bomb.

#include "system/background.h"

namespace wasprey {

Background::Background(std::function<Status()> work) : job_(std::make_unique<Job>()) {
  job_->work = std::move(work);
  pthread_t thread;
  if (pthread_create(&thread, nullptr, Run, job_.get()) == 0) {
    job_->thread = thread;
  } else {
    Run(job_.get());
  }
}

Background::~Background() {
  if (HasBegun()) static_cast<void>(Take());
}

void* Background::Run(void* argument) {
  auto* const job = static_cast<Job*>(argument);
  job->result = job->work();
  job->done.store(true, std::memory_order_release);
  return nullptr;
}

Status Background::Take() {
  if (job_->thread) pthread_join(*job_->thread, nullptr);
  const std::unique_ptr<Job> job = std::move(job_);
  return std::move(job->result);
}

}  // namespace wasprey
