#include "enforced_places.h"

#include <bpf/bpf.h>

#include <algorithm>

namespace wasprey {
namespace {

constexpr std::string_view kHost = "host";
/** Containers that are gone are forgotten then. */
constexpr size_t kManyPermits = 4096;
/** Twice what the map has room for. */
constexpr size_t kMostLookedAt = 32'768;

/** The number of a container, for its limit: the same for each agent. FNV-1a. */
uint64_t NumberOf(std::string_view full_id) {
  uint64_t number = 0xcbf29ce484222325;
  for (const char byte : full_id) number = (number ^ static_cast<uint8_t>(byte)) * 0x100000001b3;
  return number;
}

}  // namespace

/** What an agent before has left in a map that is pinned stays: numbers of cgroups are given once in a boot. */
void EnforcedPlaces::Use(int map) {
  map_ = map;
  places_.clear();
  permitted_.clear();
  many_ = kMany;
  if (map < 0) return;
  // While another agent takes entries out, the kernel may begin anew.
  size_t left = kMostLookedAt;
  uint64_t cgroup = 0;
  for (bool more = bpf_map_get_next_key(map, nullptr, &cgroup) == 0; more && left > 0;
       more = bpf_map_get_next_key(map, &cgroup, &cgroup) == 0) {
    left--;
    enforce_cgroup entry{};
    if (bpf_map_lookup_elem(map, &cgroup, &entry) == 0) places_.insert_or_assign(cgroup, Place{entry, ""});
  }
}

void EnforcedPlaces::Note(uint64_t cgroup, std::string_view full_id) {
  if (cgroup == 0 || full_id.empty()) return;
  const auto found = places_.find(cgroup);
  if (found != places_.end() && found->second.container == full_id) return;
  Place place{{}, std::string(full_id)};
  place.entry.where = full_id == kHost ? ENFORCE_HOST : ENFORCE_CONTAINER;
  place.entry.container = NumberOf(full_id);
  const auto permitted = permitted_.find(place.container);
  if (permitted != permitted_.end())
    place.entry.permitted = permitted->second.permitted;
  else if (found != places_.end() && found->second.IsOfAgentBefore() &&
           found->second.entry.container == place.entry.container)
    place.entry.permitted = found->second.entry.permitted;
  Write(cgroup, place);
  places_.insert_or_assign(cgroup, std::move(place));
}

void EnforcedPlaces::Permit(const std::string& full_id, uint32_t permitted) {
  // What an agent before has said holds until this one knows better.
  if (permitted == ENFORCE_NOT_PERMITTED && !permitted_.contains(full_id)) return;
  if (permitted_.size() > kManyPermits) permitted_.clear();
  permitted_[full_id] = {permitted, round_};
  for (auto& [cgroup, place] : places_) {
    if (place.container != full_id || place.entry.permitted == permitted) continue;
    place.entry.permitted = permitted;
    Write(cgroup, place);
  }
}

void EnforcedPlaces::ForgetPermits() {
  std::erase_if(permitted_, [&](const auto& said) { return said.second.round != round_; });
  for (auto& [cgroup, place] : places_) {
    if (place.entry.permitted == ENFORCE_NOT_PERMITTED || permitted_.contains(place.container)) continue;
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
