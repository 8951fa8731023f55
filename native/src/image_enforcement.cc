// What programs that enforce rules need to know of processes: the clauses that each can meet, and where its cgroup is.

#include "image_table.h"

namespace wasprey {

void ImageTable::TellEnforcement(uint32_t bank, EnforcementTable* table) { enforcements_[bank] = table; }

void ImageTable::NotePlaces(int map) {
  places_.Use(map);
  if (map < 0) return;
  for (uint32_t index = 0; index < entries_.size(); index++) {
    if (entries_[index].used && entries_[index].current) NotePlace(index);
  }
}

uint64_t ImageTable::ContainerCgroupOf(uint32_t pid) const {
  const uint32_t index = by_pid_.Find(pid);
  if (index == IdMap::kNone || entries_[index].container == ContainerTable::kHost) return 0;
  return Slot(index)->cgroup_id;
}

void ImageTable::NotePlace(uint32_t index) {
  const uint32_t container = entries_[index].container;
  places_.Note(Slot(index)->cgroup_id, containers_->FullIdOf(container));
  places_.ForgetIfMany([this] {
    std::unordered_set<uint64_t> used;
    for (uint32_t other = 0; other < entries_.size(); other++) {
      if (entries_[other].used && entries_[other].current) used.insert(Slot(other)->cgroup_id);
    }
    return used;
  });
}

}  // namespace wasprey
