#include "reading/event_clock.h"

#include <utility>

namespace wasprey {

void EventClock::Update(capture_shared* shared) {
  if (const auto offset = wall_.NewOffset()) Write(shared, *offset);
}

int64_t EventClock::TakeMoved(capture_shared* shared) {
  Write(shared, offset_);
  return static_cast<int64_t>(std::exchange(moved_, 0));
}

/** Records a change if the offset is not the one written last. */
void EventClock::Write(capture_shared* shared, uint64_t offset) {
  const uint64_t there = __atomic_exchange_n(&shared->clock_offset, offset, __ATOMIC_RELAXED);
  if (there != offset_) moved_ = there - offset_;
  offset_ = offset;
}

}  // namespace wasprey
