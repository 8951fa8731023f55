// Waiting for events: the first one after a silence is read at once. While more arrive, sleeps between batches let
// them accumulate, because each wake-up costs more than many events. After a sleep without events, the kernel is asked
// to ring. If it rings after a short silence, the events go on as before: they accumulate again.
#pragma once

#include <cstdint>
#include <utility>

#include "reading/ring_reader.h"
#include "source/event_source.h"
#include "system/file_descriptor.h"
#include "system/wall_clock.h"

namespace wasprey {

/** Used by the thread that reads events. */
class Waiter {
 public:
  static Result<Waiter> Make();

  /** From now on a sleep ends by the doorbell of the open source, and when the wall clock is set. */
  Status Watch(EventSource* source, WallClock* wall_clock);

  /** Before the first check of the rings: lets events accumulate while they keep coming. */
  void Gather(int64_t timeout_ns, const RingReader& rings);
  /** The last check found events: more are likely soon. */
  void NoteEvents();
  /** After a check without events: sleeps until the next check is worthwhile. */
  void Wait(int64_t timeout_ns, const RingReader& rings);

 private:
  enum class Woken { kByTime, kByDoorbell };
  explicit Waiter(FileDescriptor epoll) : epoll_(std::move(epoll)) {}
  Woken Sleep(int64_t timeout_ns);
  bool IsSilent() const;

  FileDescriptor epoll_;
  EventSource* source_ = nullptr;
  WallClock* wall_clock_ = nullptr;
  bool busy_ = false;
  /** When the last batch that was not empty was read (CLOCK_MONOTONIC). */
  uint64_t last_events_ = 0;
  /** How long events accumulate before the next check while they keep arriving; and the most that the rings allow. */
  int64_t pause_ = 0;
  int64_t longest_pause_ = 0;
};

}  // namespace wasprey
