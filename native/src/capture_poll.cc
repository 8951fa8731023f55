// Polling: the first event after a silence is read at once. As long as more come, sleeps between batches let them
// gather, since each wake-up costs more than many events. When nothing has come in one, the kernel is asked to ring.

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "capture.h"
#include "clocks.h"

namespace wasprey {
namespace {

/**
 * How long events gather at first, and at most: each batch that is not empty doubles it. Measured with 20,000 events a
 * second: a wake-up takes 37 us of CPU time, so that sleeps of 500 us made each event cost 3.1 us. Alerts may take
 * milliseconds.
 */
constexpr int64_t kShortestPauseNs = 250'000;
constexpr int64_t kLongestPauseNs = 2'000'000;

/** Bytes of records that one CPU can write in a second: a million events. Its ring must not run full within a pause. */
constexpr uint64_t kFastestBytes = 200'000'000;

/**
 * After asking for the doorbell the rings are looked at again, and once more after this long. The kernel's program
 * stores its commit word and then loads consumer_waiting with no barrier in between, so its load may overtake the
 * store; the store is visible long before a millisecond is over.
 */
constexpr int64_t kLateCommitNs = 1'000'000;

/** How long an image outlives its process at least: a program that is preempted may still be writing an event of it. */
constexpr uint64_t kGraceNs = 500'000'000;

}  // namespace

void Capture::SetPauses(uint32_t ring_size) {
  longest_pause_ = std::min<int64_t>(kLongestPauseNs, ring_size * kSecondNs / kFastestBytes / 2);
  pause_ = std::min(kShortestPauseNs, longest_pause_);
}

size_t Capture::Poll(std::span<uint32_t> segments, int64_t timeout_ms) {
  if (reader_ == nullptr) return 0;
  if (polled_) Release();
  const uint64_t begun = Now(CLOCK_MONOTONIC);
  heartbeat_.Beat(begun);
  const uint64_t deadline = begun + static_cast<uint64_t>(timeout_ms) * 1'000'000;
  if (busy_ && timeout_ms > 0 && !reader_->IsFilling()) {
    busy_ = false;
    if (Sleep(std::min(timeout_ms * 1'000'000, pause_)) == Woken::kCalled) return 0;
  }
  for (;;) {
    Housekeep();
    const size_t pairs = Collect(segments);
    if (pairs > 0) {
      busy_ = true;
      pause_ = std::min(pause_ * 2, longest_pause_);
      __atomic_store_n(&source_->memory().shared->consumer_waiting, 0, __ATOMIC_RELAXED);
      return pairs;
    }
    const uint64_t now = Now(CLOCK_MONOTONIC);
    heartbeat_.Beat(now);
    if (now >= deadline) return 0;
    const auto left = static_cast<int64_t>(deadline - now);
    if (!Wait(left)) return 0;
  }
}

/** Sleeps until it is worth looking again, or Wake() is called: then false. */
bool Capture::Wait(int64_t timeout_ns) {
  pause_ = std::min(kShortestPauseNs, longest_pause_);
  if (busy_) {
    busy_ = false;
    return Sleep(std::min(timeout_ns, pause_)) != Woken::kCalled;
  }
  auto* waiting = &source_->memory().shared->consumer_waiting;
  if (__atomic_load_n(waiting, __ATOMIC_RELAXED) == 0) {
    __atomic_store_n(waiting, 1, __ATOMIC_SEQ_CST);
    armed_ = false;
    if (reader_->HasEvents()) return true;
  }
  const Woken woken = Sleep(armed_ ? timeout_ns : std::min(timeout_ns, kLateCommitNs));
  armed_ = true;
  // What rang may not be readable yet: then a short sleep comes first, rather than asking again at once.
  busy_ = woken == Woken::kByDoorbell;
  return woken != Woken::kCalled;
}

/** Reads what is whole: heads first, then the images those events may name, then the events. */
size_t Capture::Collect(std::span<uint32_t> segments) {
  reader_->TakeHeads();
  DrainLifecycle();
  completion_.Begin();
  const size_t pairs = reader_->Walk(segments, [this](std::byte* record, uint32_t address) {
    return completion_.Complete(record, address, [this] { DrainLifecycle(); });
  });
  polled_ = true;
  unheld_.clear();
  for (size_t pair = pairs; pair-- > 0;) unheld_.insert(unheld_.end(), {segments[2 * pair], segments[2 * pair + 1]});
  if (pairs == 0) Release();
  return pairs;
}

void Capture::DrainLifecycle() {
  source_->memory().lifecycle->Drain([this](const uint8_t* record, size_t size) { images_.Add(record, size); });
}

void Capture::Release() {
  if (reader_ == nullptr) return;
  reader_->Release();
  polled_ = false;
  unheld_.clear();
}

/** A replay waits in recorded time: images and containers must live as long as they did then, however fast it runs. */
uint64_t Capture::HousekeepingTime() const { return replay_clock_ != 0 ? replay_clock_ : Now(CLOCK_MONOTONIC); }

/** What is done now and then: the clock, and freeing images and containers that are not needed any more. */
void Capture::Housekeep() {
  const uint64_t now = HousekeepingTime();
  if (const auto offset = wall_clock_.NewOffset()) {
    const uint64_t there = __atomic_exchange_n(&source_->memory().shared->clock_offset, *offset, __ATOMIC_RELAXED);
    if (there != clock_offset_) clock_moved_ = there - clock_offset_;
    clock_offset_ = *offset;
  }
  if (images_.InGrace() && now - grace_since_ >= kGraceNs && reader_->PastAll(grace_heads_)) images_.EndGrace();
  if (!images_.InGrace() && images_.HasRetiring()) {
    images_.BeginGrace();
    grace_since_ = now;
    reader_->CopyHeads(&grace_heads_);
  }
  if (now >= next_sweep_) {
    next_sweep_ = now + 5 * kSecondNs;
    for (const uint32_t container : containers_.Sweep(now)) {
      images_.ContainerGone(container);
      hold_.End(container);
    }
  }
}

Capture::Woken Capture::Sleep(int64_t timeout_ns) {
  const timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
  epoll_event events[3];
  const int count = epoll_pwait2(epoll_.get(), events, 3, &timeout, nullptr);
  Woken woken = Woken::kByTime;
  for (int i = 0; i < count; i++) {
    if (events[i].data.fd == wake_.get()) {
      uint64_t value;
      static_cast<void>(!read(wake_.get(), &value, sizeof value));
      return Woken::kCalled;
    }
    if (events[i].data.fd == wall_clock_.watch()) {
      wall_clock_.ClearWatch();  // Housekeep() comes next
      continue;
    }
    source_->ClearDoorbell();
    woken = Woken::kByDoorbell;
  }
  return woken;
}

void Capture::Wake() {
  const uint64_t one = 1;
  static_cast<void>(!write(wake_.get(), &one, sizeof one));
}

}  // namespace wasprey
