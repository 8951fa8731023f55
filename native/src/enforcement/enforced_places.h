// Where cgroups are, for programs that enforce: in which container, or on the host. A process in a cgroup that is not
// known is never acted on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "bpf/enforce/enforce_tables.h"
#include "records/kernel_layout.h"

namespace wasprey {

class EnforcedPlaces {
 public:
  /** Writes to the map with that descriptor from now on; -1: to none. */
  void Use(int map);
  bool IsUsed() const { return map_ >= 0; }

  /** The container that a cgroup belongs to, by its full id, which is "host" for the host. False if it is not known, or
   * if the kernel has no room: then call this again when other cgroups are not used any more. */
  bool Note(uint64_t cgroup, std::string_view full_id);
  /** Sets the permit of a container: ENFORCE_PERMIT_ of schema.h. Default: ENFORCE_PERMIT_UNKNOWN. */
  void Permit(const std::string& full_id, uint32_t permitted);
  /** Permits given from now on belong to new settings. */
  void RenewPermits() { round_++; }
  /** Drops permits of the old settings that were not renewed: a container whose permit was renewed is never without. */
  void ForgetPermits();
  /** Forgets cgroups that are not used, when there are many. */
  void ForgetIfMany(const std::function<std::unordered_set<uint64_t>()>& used);
  /** Forgets all that are not used. */
  void ForgetOthersThan(const std::unordered_set<uint64_t>& used);
  /** Whether any cgroup has found no room since the last call. */
  bool TakeLack() { return std::exchange(lacks_room_, false); }

 private:
  /** The map has room for more. */
  static constexpr size_t kMany = 12'000;
  /** Beyond this, permits of containers that are gone are dropped. */
  static constexpr size_t kManyPermits = 4096;

  struct Place {
    enforce_cgroup entry;
    /** Its full id; empty: an agent before has written the entry. */
    std::string container;
    bool IsOfAgentBefore() const { return container.empty(); }
  };
  bool Write(uint64_t cgroup, const Place& place);
  template <typename Change>
  void ChangeEach(Change change);
  void ForgetPermitsOfGone();

  int map_ = -1;
  /** So many are looked through next. */
  size_t many_ = kMany;
  bool lacks_room_ = false;
  std::unordered_map<uint64_t, Place> places_;
  struct Said {
    uint32_t permitted;
    uint32_t round;
  };
  std::unordered_map<std::string, Said> permitted_;
  size_t many_permits_ = kManyPermits;
  uint32_t round_ = 0;
};

}  // namespace wasprey
