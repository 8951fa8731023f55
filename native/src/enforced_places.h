// Where cgroups are, for programs that enforce: in which container, or on the host. A process in a cgroup that is not
// known is never acted on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bpf/enforce_tables.h"
#include "kernel_layout.h"

namespace wasprey {

class EnforcedPlaces {
 public:
  /** Writes to the map with that descriptor from now on; -1: to none. */
  void Use(int map);
  bool IsUsed() const { return map_ >= 0; }

  /** The container that a cgroup belongs to: its number, and its full id, which is "host" for the host. */
  void Note(uint64_t cgroup, uint32_t container, std::string_view full_id);
  /** Whether processes of a container may be acted on: see enforcement.permits. Default: they may not. */
  void Permit(const std::string& full_id, bool permitted);
  /** Forgets cgroups, when there are so many that no more would be known. */
  void ForgetIfMany(const std::function<bool(uint64_t cgroup)>& is_used);

 private:
  struct Place {
    enforce_cgroup entry;
    std::string container;
  };
  void Write(uint64_t cgroup, const Place& place) const;

  int map_ = -1;
  std::unordered_map<uint64_t, Place> places_;
  std::unordered_map<std::string, bool> permitted_;
};

}  // namespace wasprey
