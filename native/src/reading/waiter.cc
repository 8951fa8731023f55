#include "reading/waiter.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "system/clocks.h"

namespace wasprey {
namespace {

/**
 * How long events gather at first, and at most: each batch that is not empty doubles it. Measured with 20,000 events a
 * second: a wake-up takes 37 us of CPU time, so that sleeps of 500 us made each event cost 3.1 us. Alerts may take
 * milliseconds.
 */
constexpr int64_t kShortestPauseNs = 250'000;
constexpr int64_t kLongestPauseNs = 2'000'000;

/**
 * Events that come sooner after those before belong to the same burst. A busy machine that starts 1,000 processes a
 * second has some every millisecond, and without this each of them woke the reader: 33 us of CPU time for one in place
 * of 44. On an idle machine a process takes half a millisecond, and pauses grow by themselves.
 */
constexpr uint64_t kSilenceNs = 2 * kLongestPauseNs;

/** Bytes of records that one CPU can write in a second: a million events. Its ring must not run full within a pause. */
constexpr uint64_t kFastestBytes = 200'000'000;

Status AddTo(const FileDescriptor& epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0) return std::nullopt;
  return SystemError("CAPTURE_MEMORY", "Cannot watch a descriptor.", errno);
}

}  // namespace

Result<Waiter> Waiter::Make() {
  FileDescriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return SystemError("CAPTURE_MEMORY", "Cannot make a descriptor to wait on.", errno);
  return Waiter(std::move(epoll));
}

Status Waiter::Watch(EventSource* source, WallClock* wall_clock) {
  source_ = source;
  wall_clock_ = wall_clock;
  longest_pause_ = std::min<int64_t>(kLongestPauseNs, source->memory().ring_size * kSecondNs / kFastestBytes / 2);
  pause_ = std::min(kShortestPauseNs, longest_pause_);
  if (wall_clock->watch() >= 0) {
    if (auto failed = AddTo(epoll_, wall_clock->watch())) return failed;
  }
  return AddTo(epoll_, source->doorbell());
}

void Waiter::Gather(int64_t timeout_ns, const RingReader& rings) {
  if (!busy_ || timeout_ns == 0 || rings.IsFilling()) return;
  busy_ = false;
  Sleep(std::min(timeout_ns, pause_));
}

void Waiter::NoteEvents() {
  busy_ = true;
  last_events_ = Now(CLOCK_MONOTONIC);
  pause_ = std::min(pause_ * 2, longest_pause_);
  __atomic_store_n(&source_->memory().shared->consumer_waiting, 0, __ATOMIC_RELAXED);
}

bool Waiter::IsSilent() const { return Now(CLOCK_MONOTONIC) - last_events_ >= kSilenceNs; }

void Waiter::Wait(int64_t timeout_ns, const RingReader& rings) {
  if (busy_) {
    busy_ = false;
    Sleep(std::min(timeout_ns, pause_));
    return;
  }
  const uint64_t began = Now(CLOCK_MONOTONIC);
  auto* waiting = &source_->memory().shared->consumer_waiting;
  if (__atomic_load_n(waiting, __ATOMIC_RELAXED) == 0) {
    // Before the check: a record that it does not find yet rings the doorbell (commit() in bpf/record.h).
    __atomic_exchange_n(waiting, 1, __ATOMIC_SEQ_CST);
    if (rings.HasEvents()) return;
  }
  const Woken woken = Sleep(timeout_ns);
  if (IsSilent()) {
    pause_ = std::min(kShortestPauseNs, longest_pause_);
  } else if (woken == Woken::kByDoorbell) {
    pause_ = std::min(pause_ * 2, longest_pause_);
    const int64_t left = timeout_ns - static_cast<int64_t>(Now(CLOCK_MONOTONIC) - began);
    Sleep(std::clamp<int64_t>(left, 0, pause_));
    return;
  }
  // The record that rang may not be readable yet: then sleep briefly instead of asking again at once.
  busy_ = woken == Woken::kByDoorbell;
}

Waiter::Woken Waiter::Sleep(int64_t timeout_ns) {
  const timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
  epoll_event events[2];
  const int count = epoll_pwait2(epoll_.get(), events, 2, &timeout, nullptr);
  Woken woken = Woken::kByTime;
  for (int i = 0; i < count; i++) {
    if (events[i].data.fd == wall_clock_->watch()) {
      wall_clock_->ClearWatch();  // The event clock is updated next.
      continue;
    }
    source_->ClearDoorbell();
    woken = Woken::kByDoorbell;
  }
  return woken;
}

}  // namespace wasprey
