// Holding back what was polled of containers that are waited for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "container_table.h"
#include "hold_area.h"

namespace wasprey {

class EventHold {
 public:
  EventHold(HoldArea area, ContainerTable* containers) : area_(std::move(area)), containers_(containers) {}

  /** Events of that container are held back from now on. False when there is none of that id. */
  bool AwaitContainer(std::string_view id);

  /** What was polled last, as pairs of addresses [from, to), is to be looked at by Hold(). */
  void Offer(std::span<const uint32_t> segments);
  /** What was polled last is there no longer. */
  void Forget() { unseen_.clear(); }

  struct Full {
    /** The container that holds most, by its id. */
    std::string container;
    HoldArea::Lack lack;
  };
  /**
   * Copies what was polled of awaited containers. Where there is no room for all, tells which container has to give
   * way: after EndWait() and what belongs to it, the next call goes on. `sandbox` is where its address 0 is.
   */
  std::optional<Full> Hold(std::byte* sandbox, uint32_t most_events);
  /** Returns how many events of it are held; they are taken from the area next. */
  uint32_t EndWait(std::string_view id);

  HoldArea& area() { return area_; }
  const HoldArea& area() const { return area_; }

 private:
  HoldArea area_;
  ContainerTable* containers_;
  /** What was polled and not looked at yet, as pairs of addresses, the last one first. */
  std::vector<uint32_t> unseen_;
};

}  // namespace wasprey
