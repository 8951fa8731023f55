// What programs that enforce rules need to know of processes: the clauses that each can meet, and where its cgroup is.

#include "images/image_table.h"

namespace wasprey {

void ImageTable::TellEnforcement(uint32_t bank, EnforcementTable* table) { enforcements_[bank] = table; }

void ImageTable::NotePlaces(int map) {
  places_.Use(map);
  if (map < 0) return;
  for (uint32_t index = 0; index < entries_.size(); index++) {
    if (entries_[index].used && entries_[index].current) NotePlace(index);
  }
}

void ImageTable::NotePlacesAgain() {
  if (!places_.TakeLack()) return;
  places_.ForgetOthersThan(UsedCgroups());
  for (uint32_t index = 0; index < entries_.size(); index++) {
    if (entries_[index].used && entries_[index].current) NotePlace(index);
  }
}

uint64_t ImageTable::ContainerCgroupOf(uint32_t pid) const {
  const uint32_t index = by_pid_.Find(pid);
  if (index == IdMap::kNone || entries_[index].container == ContainerTable::kHost) return 0;
  return Slot(index)->cgroup_id;
}

bool ImageTable::NotePlace(uint32_t index) {
  const uint32_t container = entries_[index].container;
  const bool noted = places_.Note(Slot(index)->cgroup_id, containers_->FullIdOf(container));
  places_.ForgetIfMany([this] { return UsedCgroups(); });
  return noted;
}

std::unordered_set<uint64_t> ImageTable::UsedCgroups() const {
  std::unordered_set<uint64_t> used;
  for (uint32_t index = 0; index < entries_.size(); index++) {
    if (entries_[index].used && entries_[index].current) used.insert(Slot(index)->cgroup_id);
  }
  return used;
}

}  // namespace wasprey
