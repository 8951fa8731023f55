// What programs in the kernel know of processes: the clauses of the kernel filter and of the enforced rules that each
// can meet, and where its cgroup is.
#pragma once

#include <cstdint>
#include <unordered_set>

#include "enforcement/enforced_places.h"
#include "enforcement/enforcement_table.h"
#include "filtering/kernel_filter.h"
#include "images/image_store.h"

namespace wasprey {

class KernelTables {
 public:
  explicit KernelTables(const ImageStore* store) : store_(store) {}

  /** Sets the kernel filter that is updated with the candidates of that bank from now on. Null: none. */
  void UseFilter(uint32_t bank, KernelFilter* filter) { filters_[bank] = filter; }
  /** The same for the rules that the kernel enforces. */
  void UseEnforcement(uint32_t bank, EnforcementTable* table) { enforcements_[bank] = table; }

  /** Sets what an image can meet, by its candidates of a bank. */
  void Fill(uint32_t index, uint32_t bank);
  /** The same in the filters of all banks alone. */
  void FillFilters(uint32_t index);
  /** The process has left an image. */
  void Forget(uint64_t id);

  /** Where the cgroups of processes are, for programs that enforce: to that map from now on; -1: no longer. */
  void NotePlaces(int map);
  /** The same for cgroups that have found no room, now that others may have none of it any more. */
  void NotePlacesAgain();
  /** The same for an image that is new. */
  void NotePlaceOfNew(uint32_t index) {
    if (places_.IsUsed() && !NotePlace(index)) unplaced_++;
  }
  EnforcedPlaces& places() { return places_; }
  /** The cgroup of a process, by its number, if it is in a container; else 0. */
  uint64_t ContainerCgroupOf(uint32_t pid) const;

  /** Images in cgroups of which the kernel's programs do not know where they are, while rules are enforced. */
  uint64_t unplaced() const { return unplaced_; }

 private:
  bool NotePlace(uint32_t index);
  void NotePlacesOfAll();
  std::unordered_set<uint64_t> UsedCgroups() const;

  const ImageStore* store_;
  KernelFilter* filters_[IMAGE_CANDIDATE_BANKS] = {};
  EnforcementTable* enforcements_[IMAGE_CANDIDATE_BANKS] = {};
  EnforcedPlaces places_;
  uint64_t unplaced_ = 0;
};

}  // namespace wasprey
