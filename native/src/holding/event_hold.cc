#include "holding/event_hold.h"

namespace wasprey {

bool EventHold::AwaitContainer(std::string_view id) {
  const uint32_t container = containers_->Find(id);
  if (container == ContainerTable::kGone) return false;
  area_.Await(container);
  return true;
}

void EventHold::Offer(std::span<const uint32_t> segments) {
  unseen_.clear();
  for (size_t pair = segments.size() / 2; pair-- > 0;)
    unseen_.insert(unseen_.end(), {segments[2 * pair], segments[2 * pair + 1]});
}

std::optional<EventHold::Full> EventHold::Hold(RingMemory* rings, uint32_t most_events) {
  if (!area_.IsAwaiting()) return std::nullopt;
  while (!unseen_.empty()) {
    const uint32_t to = unseen_.back();
    uint32_t& from = unseen_[unseen_.size() - 2];
    while (from != to) {
      const auto* header = reinterpret_cast<const event_header*>(rings->sandbox() + from);
      if (const auto lack = area_.Hold(rings, *header, from, most_events)) {
        return Full{std::string(containers_->FullIdOf(area_.Fullest(*header, *lack))), *lack};
      }
      from += header->size;
    }
    unseen_.resize(unseen_.size() - 2);
  }
  return std::nullopt;
}

uint32_t EventHold::EndWait(std::string_view id) {
  const uint32_t container = containers_->Find(id);
  return container == ContainerTable::kGone ? 0 : area_.End(container);
}

}  // namespace wasprey
