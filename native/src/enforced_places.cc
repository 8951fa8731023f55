#include "enforced_places.h"

#include <bpf/bpf.h>

#include <algorithm>

namespace wasprey {
namespace {

constexpr std::string_view kHost = "host";
/** Containers that are gone are forgotten then. */
constexpr size_t kManyPermits = 4096;

}  // namespace

void EnforcedPlaces::Use(int map) {
  map_ = map;
  places_.clear();
  permitted_.clear();
  many_ = kMany;
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
  place.entry.permitted = permitted != permitted_.end() ? permitted->second : ENFORCE_NOT_PERMITTED;
  Write(cgroup, place);
  places_.insert_or_assign(cgroup, std::move(place));
}

void EnforcedPlaces::Permit(const std::string& full_id, uint32_t permitted) {
  if (permitted_.size() > kManyPermits) permitted_.clear();
  permitted_[full_id] = permitted;
  for (auto& [cgroup, place] : places_) {
    if (place.container != full_id || place.entry.permitted == permitted) continue;
    place.entry.permitted = permitted;
    Write(cgroup, place);
  }
}

void EnforcedPlaces::ForgetPermits() {
  permitted_.clear();
  for (auto& [cgroup, place] : places_) {
    if (place.entry.permitted == ENFORCE_NOT_PERMITTED) continue;
    place.entry.permitted = ENFORCE_NOT_PERMITTED;
    Write(cgroup, place);
  }
}

/** Where most are used, they are not looked through again for each new one. */
void EnforcedPlaces::ForgetIfMany(const std::function<std::unordered_set<uint64_t>()>& used) {
  if (places_.size() < many_) return;
  const std::unordered_set<uint64_t> kept = used();
  std::erase_if(places_, [&](const auto& place) {
    if (kept.contains(place.first)) return false;
    bpf_map_delete_elem(map_, &place.first);
    return true;
  });
  many_ = std::max(kMany, places_.size() + places_.size() / 8);
}

/** If the kernel has no room, the cgroup stays unknown. */
void EnforcedPlaces::Write(uint64_t cgroup, const Place& place) const {
  static_cast<void>(bpf_map_update_elem(map_, &cgroup, &place.entry, BPF_ANY));
}

}  // namespace wasprey
