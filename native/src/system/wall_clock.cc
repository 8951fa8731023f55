#include "system/wall_clock.h"

#include <sys/timerfd.h>

#include <cstdlib>
#include <ctime>

#include "system/clocks.h"

namespace wasprey {
namespace {

/** Somebody has set the wall clock if it is so far from where it was a second ago: NTP corrects half of that at most.
 */
constexpr int64_t kStepNs = 1'000'000;

/** Uses the fastest of several readings, because a reading may be interrupted. */
uint64_t OffsetNow() {
  uint64_t offset = 0;
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < 5; i++) {
    const uint64_t before = Now(CLOCK_BOOTTIME);
    const uint64_t wall = Now(CLOCK_REALTIME);
    const uint64_t took = Now(CLOCK_BOOTTIME) - before;
    if (took >= least) continue;
    least = took;
    offset = wall - before - took / 2;
  }
  return offset;
}

FileDescriptor MakeWatch() {
  FileDescriptor watch(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  itimerspec never{};
  never.it_value.tv_sec = INT64_MAX / static_cast<int64_t>(kSecondNs);
  if (watch && timerfd_settime(watch.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) == 0) {
    return watch;
  }
  return {};
}

}  // namespace

WallClock::WallClock() : watch_(MakeWatch()) {}

std::optional<uint64_t> WallClock::NewOffset() {
  const uint64_t now = Now(CLOCK_MONOTONIC);
  const uint64_t ahead = Now(CLOCK_REALTIME) - now;
  if (now < next_ && std::abs(static_cast<int64_t>(ahead - ahead_)) < kStepNs) return std::nullopt;
  next_ = now + kSecondNs;
  ahead_ = ahead;
  return OffsetNow();
}

/** Fails with ECANCELED, and thereby waits for the next change. */
void WallClock::ClearWatch() {
  uint64_t value;
  static_cast<void>(!read(watch_.get(), &value, sizeof value));
}

}  // namespace wasprey
