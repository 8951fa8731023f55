// Work between batches: the clock, requests that have ended silently, and process images and containers that are not
// needed any more.
#pragma once

#include <cstdint>
#include <vector>

#include "holding/event_hold.h"
#include "images/container_table.h"
#include "images/image_table.h"
#include "reading/event_clock.h"
#include "reading/ring_reader.h"
#include "source/event_source.h"

namespace wasprey {

class Housekeeping {
 public:
  Housekeeping(EventSource* source, EventClock* clock, ImageTable* images, ContainerTable* containers, EventHold* hold)
      : source_(source), clock_(clock), images_(images), containers_(containers), hold_(hold) {}

  /** Does pending work of a source that is open; to be called many times a second. */
  void Run(const RingReader& rings);

  /**
   * Uses recorded time from now on, which has reached `clock`. A replay waits in recorded time: images and containers
   * must live as long as they did then, however fast it runs.
   */
  void AdvanceTo(uint64_t clock);

 private:
  bool IsReplay() const { return replay_clock_ != 0; }
  uint64_t Time() const;
  void FreeUnneeded(const RingReader& rings);

  EventSource* source_;
  EventClock* clock_;
  ImageTable* images_;
  ContainerTable* containers_;
  EventHold* hold_;
  /** 0: time is the machine's. */
  uint64_t replay_clock_ = 0;
  uint64_t grace_since_ = 0;
  uint64_t next_sweep_ = 0;
  uint64_t next_places_ = 0;
  std::vector<uint64_t> grace_heads_;
};

}  // namespace wasprey
