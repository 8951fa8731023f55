// The clock of BPF programs for events: the offset from the boot clock to wall time.
#pragma once

#include <cstdint>

#include "records/kernel_layout.h"
#include "system/wall_clock.h"

namespace wasprey {

class EventClock {
 public:
  /** Follows the wall clock; to be called many times a second. */
  void Update(capture_shared* shared);
  /** How many ns somebody else has moved it since the last call; restores it. */
  int64_t TakeMoved(capture_shared* shared);

  /** Reports when the wall clock is set. */
  WallClock& wall() { return wall_; }

 private:
  void Write(capture_shared* shared, uint64_t offset);

  WallClock wall_;
  uint64_t offset_ = 0;
  /** Mod 2^64. */
  uint64_t moved_ = 0;
};

}  // namespace wasprey
