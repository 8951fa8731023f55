// How much of the tables of images and of containers users have: who has a lot leaves others a share, however many they
// are (as in bpf/lifecycle_share.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "images/container_id.h"
#include "records/kernel_layout.h"

namespace wasprey {

/**
 * Whose share an image takes: a user's, or that of its container or cgroup. Unlike share_key() of bpf/lifecycle_share.h
 * it takes all cgroups of a container together, however many are made within.
 */
inline uint64_t ShareKey(const image& process, std::string_view cgroup) {
  constexpr uint64_t kCgroup = uint64_t{1} << 63;
  if (process.owner != 0) return process.owner;
  const std::string_view container = OutermostContainerOf(cgroup);
  return kCgroup | (container.empty() ? process.cgroup_id : std::hash<std::string_view>{}(container));
}

class ImageShares {
 public:
  void Take(uint64_t owner, uint32_t bytes) { bytes_[owner] += bytes; }
  void GiveBack(uint64_t owner, uint32_t bytes) {
    const auto share = bytes_.find(owner);
    if ((share->second -= bytes) == 0) bytes_.erase(share);
  }

  /** Whether an owner has so little that its texts are kept whole: no more than it leaves to others. */
  bool MayHaveWhole(uint64_t owner, uint64_t free) const { return Of(owner) <= free; }
  /** Whether an owner may have another image, whose text is cut if need be: of all it leaves others a ninth. */
  bool MayHaveMore(uint64_t owner, uint64_t free) const { return Of(owner) <= 8 * free; }

 private:
  uint64_t Of(uint64_t owner) const {
    const auto share = bytes_.find(owner);
    return share == bytes_.end() ? 0 : share->second;
  }

  std::unordered_map<uint64_t, uint64_t> bytes_;
};

}  // namespace wasprey
