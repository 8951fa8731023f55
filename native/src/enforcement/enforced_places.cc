#include "enforcement/enforced_places.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <iterator>

namespace wasprey {
namespace {

constexpr std::string_view kHost = "host";
/** Twice what the map has room for. */
constexpr size_t kMostLookedAt = 2 * ENFORCE_CGROUPS;

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
  many_permits_ = kManyPermits;
  lacks_room_ = false;
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

bool EnforcedPlaces::Note(uint64_t cgroup, std::string_view full_id) {
  if (cgroup == 0 || full_id.empty()) return false;
  const auto found = places_.find(cgroup);
  if (found != places_.end() && found->second.container == full_id) return true;
  Place place{{}, std::string(full_id)};
  place.entry.where = full_id == kHost ? ENFORCE_HOST : ENFORCE_CONTAINER;
  place.entry.container = NumberOf(full_id);
  const auto permitted = permitted_.find(place.container);
  if (permitted != permitted_.end())
    place.entry.permitted = permitted->second.permitted;
  else if (found != places_.end() && found->second.IsOfAgentBefore() &&
           found->second.entry.container == place.entry.container)
    place.entry.permitted = found->second.entry.permitted;
  if (!Write(cgroup, place)) {
    places_.erase(cgroup);
    return false;
  }
  places_.insert_or_assign(cgroup, std::move(place));
  return true;
}

/** Cgroups that are noted later get the permit that was given before. */
void EnforcedPlaces::Permit(const std::string& full_id, uint32_t permitted) {
  const auto said = permitted_.find(full_id);
  if (said == permitted_.end()) {
    // The permit that an earlier agent has given holds until this one knows better.
    if (permitted == ENFORCE_PERMIT_UNKNOWN) return;
    ForgetPermitsOfGone();
  } else if (said->second.permitted == permitted) {
    said->second.round = round_;
    return;
  }
  permitted_[full_id] = {permitted, round_};
  ChangeEach([&](Place* place) {
    if (place->container != full_id || place->entry.permitted == permitted) return false;
    place->entry.permitted = permitted;
    return true;
  });
}

/** Those that have cgroups keep it: further cgroups of theirs may come. */
void EnforcedPlaces::ForgetPermitsOfGone() {
  if (permitted_.size() < many_permits_) return;
  std::unordered_set<std::string_view> containers;
  for (const auto& [cgroup, place] : places_) containers.insert(place.container);
  std::erase_if(permitted_, [&](const auto& said) { return !containers.contains(said.first); });
  many_permits_ = std::max(kManyPermits, 2 * permitted_.size());
}

void EnforcedPlaces::ForgetPermits() {
  std::erase_if(permitted_, [&](const auto& said) { return said.second.round != round_; });
  ChangeEach([&](Place* place) {
    if (place->entry.permitted == ENFORCE_PERMIT_UNKNOWN || permitted_.contains(place->container)) return false;
    place->entry.permitted = ENFORCE_PERMIT_UNKNOWN;
    return true;
  });
}

/** Where most are used, they are not looked through again for each new one. */
void EnforcedPlaces::ForgetIfMany(const std::function<std::unordered_set<uint64_t>()>& used) {
  if (places_.size() < many_) return;
  ForgetOthersThan(used());
}

void EnforcedPlaces::ForgetOthersThan(const std::unordered_set<uint64_t>& used) {
  std::erase_if(places_, [&](const auto& place) {
    if (used.contains(place.first)) return false;
    bpf_map_delete_elem(map_, &place.first);
    return true;
  });
  many_ = std::max(kMany, places_.size() + places_.size() / 8);
}

/** Writes the places that `change` has changed. */
template <typename Change>
void EnforcedPlaces::ChangeEach(Change change) {
  // Not erase_if(): what it looks at is const in Debian 12's library, which packages are built with.
  for (auto place = places_.begin(); place != places_.end();) {
    const bool lacks_room = change(&place->second) && !Write(place->first, place->second);
    place = lacks_room ? places_.erase(place) : std::next(place);
  }
}

/** If the kernel has no room, the cgroup is not known: what was known of it before must not hold any more. */
bool EnforcedPlaces::Write(uint64_t cgroup, const Place& place) {
  if (bpf_map_update_elem(map_, &cgroup, &place.entry, BPF_ANY) == 0) return true;
  bpf_map_delete_elem(map_, &cgroup);
  lacks_room_ = true;
  return false;
}

}  // namespace wasprey
