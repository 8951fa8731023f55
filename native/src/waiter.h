// Waiting for events: the first one after a silence is read at once. As long as more come, sleeps between batches let
// them gather, since each wake-up costs more than many events. When nothing has come in one, the kernel is asked to
// ring.
#pragma once

#include <cstdint>
#include <utility>

#include "event_source.h"
#include "file_descriptor.h"
#include "ring_reader.h"
#include "wall_clock.h"

namespace wasprey {

/** Used by the thread that reads events, but for Wake(). */
class Waiter {
 public:
  static Result<Waiter> Make();

  /** From now on a sleep ends by the doorbell of the source, which is open, and when the wall clock is set. */
  Status Watch(EventSource* source, WallClock* wall_clock);

  /** Before the first look at the rings: lets events gather while they keep coming. False when Wake() was called. */
  bool Gather(int64_t timeout_ns, const RingReader& rings);
  /** Events came at the last look: more are likely to come soon. */
  void NoteEvents();
  /** After a look that found none: sleeps until it is worth looking again. False when Wake() was called. */
  bool Wait(int64_t timeout_ns, const RingReader& rings);

  /** Ends the sleep, or the next one. From any thread. */
  void Wake() const;

 private:
  enum class Woken { kByTime, kByDoorbell, kCalled };
  Waiter(FileDescriptor epoll, FileDescriptor wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}
  Woken Sleep(int64_t timeout_ns);

  FileDescriptor epoll_;
  FileDescriptor wake_;
  EventSource* source_ = nullptr;
  WallClock* wall_clock_ = nullptr;
  bool busy_ = false;
  /** How long events gather before the next look while they keep coming; and the most that the rings have room for. */
  int64_t pause_ = 0;
  int64_t longest_pause_ = 0;
  /** The kernel was asked to ring, and the rings were looked at long enough after that. */
  bool armed_ = false;
};

}  // namespace wasprey
