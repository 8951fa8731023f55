#include "enforced_places.h"

#include <bpf/bpf.h>

namespace wasprey {
namespace {

constexpr std::string_view kHost = "host";
/** The map has room for more. */
constexpr size_t kMany = 12'000;
/** Containers that are gone are forgotten then. */
constexpr size_t kManyPermits = 4096;

}  // namespace

void EnforcedPlaces::Use(int map) {
  map_ = map;
  places_.clear();
}

void EnforcedPlaces::Note(uint64_t cgroup, uint32_t container, std::string_view full_id) {
  if (cgroup == 0 || full_id.empty()) return;
  const auto found = places_.find(cgroup);
  if (found != places_.end() && found->second.container == full_id && found->second.entry.container == container)
    return;
  Place place{{}, std::string(full_id)};
  place.entry.where = full_id == kHost ? ENFORCE_HOST : ENFORCE_CONTAINER;
  place.entry.container = container;
  const auto permitted = permitted_.find(place.container);
  place.entry.permitted = permitted != permitted_.end() && permitted->second ? 1 : 0;
  Write(cgroup, place);
  places_.insert_or_assign(cgroup, std::move(place));
}

void EnforcedPlaces::Permit(const std::string& full_id, bool permitted) {
  if (permitted_.size() > kManyPermits) permitted_.clear();
  permitted_[full_id] = permitted;
  for (auto& [cgroup, place] : places_) {
    if (place.container != full_id) continue;
    place.entry.permitted = permitted ? 1 : 0;
    Write(cgroup, place);
  }
}

void EnforcedPlaces::ForgetIfMany(const std::function<bool(uint64_t cgroup)>& is_used) {
  if (places_.size() < kMany) return;
  std::erase_if(places_, [&](const auto& place) {
    if (is_used(place.first)) return false;
    bpf_map_delete_elem(map_, &place.first);
    return true;
  });
}

/** If the kernel has no room, the cgroup stays unknown. */
void EnforcedPlaces::Write(uint64_t cgroup, const Place& place) const {
  static_cast<void>(bpf_map_update_elem(map_, &cgroup, &place.entry, BPF_ANY));
}

}  // namespace wasprey
