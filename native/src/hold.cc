// Holding back what was polled of containers that are waited for.

#include "capture.h"

namespace wasprey {

bool Capture::AwaitContainer(std::string_view id) {
  const uint32_t container = containers_.Find(id);
  if (container == ContainerTable::kGone) return false;
  hold_.Await(container);
  return true;
}

std::optional<Capture::HoldFull> Capture::Hold(uint32_t most_events) {
  if (reader_ == nullptr || !hold_.IsAwaiting()) return std::nullopt;
  std::byte* const rings = source_->memory().rings.data() - plan_.rings_address;
  while (!unheld_.empty()) {
    const uint32_t to = unheld_.back();
    uint32_t& from = unheld_[unheld_.size() - 2];
    while (from != to) {
      auto* header = reinterpret_cast<event_header*>(rings + from);
      if (const auto lack = hold_.Hold(header, from, most_events)) {
        return HoldFull{std::string(containers_.FullIdOf(hold_.Fullest(*header, *lack))), *lack};
      }
      from += header->size;
    }
    unheld_.resize(unheld_.size() - 2);
  }
  return std::nullopt;
}

uint32_t Capture::EndWait(std::string_view id) {
  const uint32_t container = containers_.Find(id);
  return container == ContainerTable::kGone ? 0 : hold_.End(container);
}

}  // namespace wasprey
