// A thread that waits for a CPU is on a run queue, and the kernel measures the time (schedstat); a stopped or frozen
// one is on no queue. CLOCK_MONOTONIC does not count while the machine sleeps, CLOCK_BOOTTIME does.

#include "heartbeat.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <cinttypes>
#include <cstdio>
#include <utility>

#include "clocks.h"

namespace wasprey {
namespace {

/** Polls return every 50 ms. */
constexpr uint64_t kGapNs = 200'000'000;
/** The machine has slept if its clocks have moved apart by more than reading one after the other explains. */
constexpr int64_t kSleepNs = 50'000'000;

}  // namespace

Heartbeat::Account Heartbeat::ReadAccount() {
  Account account;
  account.ran = Now(CLOCK_THREAD_CPUTIME_ID);
  account.asleep = Now(CLOCK_BOOTTIME) - Now(CLOCK_MONOTONIC);
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  account.faults = static_cast<uint64_t>(usage.ru_majflt);
  if (!std::exchange(opened_, true)) {
    schedule_ = FileDescriptor(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  }
  char text[128];
  const ssize_t size = pread(schedule_.get(), text, sizeof text - 1, 0);
  if (size > 0) {
    text[size] = 0;
    account.accounted = sscanf(text, "%*u %" SCNu64, &account.waited) == 1;
  }
  return account;
}

void Heartbeat::Beat(uint64_t now) {
  const uint64_t before = std::exchange(last_, now);
  if (before == 0) since_ = ReadAccount();
  const uint64_t length = now - before;
  if (before == 0 || length < kGapNs) return;
  const Account account = ReadAccount();
  // The time between reading two clocks varies: without sleep the difference may be negative.
  const bool slept = static_cast<int64_t>(account.asleep - since_.asleep) > kSleepNs;
  if (!slept) {
    gaps_.push_back({now, length, account.ran - since_.ran, account.waited - since_.waited,
                     account.faults - since_.faults, account.accounted && since_.accounted});
  }
  since_ = account;
}

std::vector<Heartbeat::Gap> Heartbeat::Take() {
  since_ = ReadAccount();
  return std::exchange(gaps_, {});
}

}  // namespace wasprey
