// Freeing process images and containers that are not needed any more.
#pragma once

#include <cstdint>
#include <vector>

#include "holding/event_hold.h"
#include "images/container_table.h"
#include "images/image_table.h"
#include "reading/ring_reader.h"

namespace wasprey {

class Housekeeping {
 public:
  Housekeeping(ImageTable* images, ContainerTable* containers, EventHold* hold)
      : images_(images), containers_(containers), hold_(hold) {}

  /** Does pending work; to be called many times a second. */
  void Run(const RingReader& rings);

  /**
   * Uses recorded time from now on, which has reached `clock`. A replay waits in recorded time: images and containers
   * must live as long as they did then, however fast it runs.
   */
  void AdvanceTo(uint64_t clock);
  bool IsReplay() const { return replay_clock_ != 0; }

 private:
  uint64_t Time() const;

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
