#include "images/kernel_tables.h"

namespace wasprey {

void KernelTables::Fill(uint32_t index, uint32_t bank) {
  const ImageEntry& entry = store_->entry(index);
  // The image that replaces unknown ones has no id, and one that its process has left gets no more events.
  if (!entry.current) return;
  const image& process = *store_->Slot(index);
  if (KernelFilter* const filter = filters_[bank]) filter->Fill(process, bank, entry.captured);
  if (EnforcementTable* const enforced = enforcements_[bank]) enforced->Fill(process, bank);
}

void KernelTables::FillFilters(uint32_t index) {
  for (uint32_t bank = 0; bank < IMAGE_CANDIDATE_BANKS; bank++) {
    if (filters_[bank] != nullptr) filters_[bank]->Fill(*store_->Slot(index), bank, store_->entry(index).captured);
  }
}

void KernelTables::Forget(uint64_t id) {
  for (KernelFilter* const filter : filters_) {
    if (filter != nullptr) filter->Forget(id);
  }
  for (EnforcementTable* const table : enforcements_) {
    if (table != nullptr) table->Forget(id);
  }
}

void KernelTables::NotePlaces(int map) {
  places_.Use(map);
  if (map >= 0) NotePlacesOfAll();
}

void KernelTables::NotePlacesAgain() {
  if (!places_.TakeLack()) return;
  places_.ForgetOthersThan(UsedCgroups());
  NotePlacesOfAll();
}

void KernelTables::NotePlacesOfAll() {
  for (uint32_t index = 0; index < store_->size(); index++) {
    if (store_->entry(index).used && store_->entry(index).current) NotePlace(index);
  }
}

uint64_t KernelTables::ContainerCgroupOf(uint32_t pid) const {
  const uint32_t index = store_->ByPid(pid);
  if (index == ImageStore::kNone || store_->entry(index).container == ContainerTable::kHost) return 0;
  return store_->Slot(index)->cgroup_id;
}

bool KernelTables::NotePlace(uint32_t index) {
  const uint32_t container = store_->entry(index).container;
  const bool noted = places_.Note(store_->Slot(index)->cgroup_id, store_->containers().FullIdOf(container));
  places_.ForgetIfMany([this] { return UsedCgroups(); });
  return noted;
}

std::unordered_set<uint64_t> KernelTables::UsedCgroups() const {
  std::unordered_set<uint64_t> used;
  for (uint32_t index = 0; index < store_->size(); index++) {
    if (store_->entry(index).used && store_->entry(index).current) used.insert(store_->Slot(index)->cgroup_id);
  }
  return used;
}

}  // namespace wasprey
