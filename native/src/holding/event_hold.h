// Holding back polled events of containers whose metadata is awaited.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "holding/hold_area.h"
#include "images/container_table.h"

namespace wasprey {

class EventHold {
 public:
  EventHold(HoldArea area, ContainerTable* containers) : area_(std::move(area)), containers_(containers) {}

  /** Events of that container are held back from now on. False if no container has that id. */
  bool AwaitContainer(std::string_view id);

  /** Sets the polled events, as pairs of addresses [from, to), for Hold() to check. */
  void Offer(std::span<const uint32_t> segments);
  /** The polled events are gone. */
  void Forget() { unseen_.clear(); }

  struct Full {
    /** The container with the most held events, by its id. */
    std::string container;
    HoldArea::Lack lack;
  };
  /**
   * Copies polled events of awaited containers. If there is no room for all, returns the container to release: after
   * EndWait() and the evaluation of its events, the next call continues.
   */
  std::optional<Full> Hold(RingMemory* rings, uint32_t most_events);
  /** Returns how many events of it are held; they are taken from the area next. */
  uint32_t EndWait(std::string_view id);

  HoldArea& area() { return area_; }
  const HoldArea& area() const { return area_; }

 private:
  HoldArea area_;
  ContainerTable* containers_;
  /** Polled events not checked yet, as pairs of addresses, the last one first. */
  std::vector<uint32_t> unseen_;
};

}  // namespace wasprey
