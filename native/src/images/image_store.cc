#include "images/image_store.h"

#include <algorithm>
#include <utility>

namespace wasprey {

ImageStore::ImageStore(SandboxRegion region, uint32_t address, ContainerTable* containers)
    : region_(std::move(region)),
      address_(address),
      containers_(containers),
      blocks_(static_cast<uint32_t>(region_.size())),
      owners_(blocks_.capacity() / BuddyAllocator::kSmallest),
      texts_(&blocks_, &region_) {}

size_t ImageStore::List(size_t first, std::span<uint32_t> addresses) const {
  const size_t count = first < entries_.size() ? std::min(addresses.size(), entries_.size() - first) : 0;
  for (size_t i = 0; i < count; i++) addresses[i] = entries_[first + i].used ? AddressOf(first + i) : 0;
  return count;
}

uint32_t ImageStore::NewEntry() {
  if (!free_entries_.empty()) {
    const uint32_t index = free_entries_.back();
    free_entries_.pop_back();
    return index;
  }
  entries_.emplace_back();
  return static_cast<uint32_t>(entries_.size() - 1);
}

uint32_t ImageStore::Add(uint32_t block, uint64_t id, uint64_t owner) {
  const uint32_t index = NewEntry();
  owners_[block / BuddyAllocator::kSmallest] = index + 1;
  shares_.Take(owner, blocks_.BlockSize(block));
  entries_[index] = {.id = id, .slot = block, .owner = owner, .references = 1, .used = true, .held = true};
  return index;
}

void ImageStore::SetAwaiting(uint32_t index, bool awaiting) {
  awaiting_ -= entries_[index].awaiting ? 1 : 0;
  awaiting_ += awaiting ? 1 : 0;
  entries_[index].awaiting = awaiting;
}

void ImageStore::LetGo(uint32_t index) {
  entries_[index].held = false;
  evictable_++;
}

void ImageStore::Free(uint32_t index) {
  SetAwaiting(index, false);
  ImageEntry& entry = entries_[index];
  if (!entry.held) evictable_--;
  if (by_id_.Find(entry.id) == index) {
    by_id_.Erase(entry.id);
    live_--;
  }
  const uint32_t pid = Slot(index)->pid;
  if (by_pid_.Find(pid) == index) by_pid_.Erase(pid);
  containers_->Release(entry.container);
  owners_[entry.slot / BuddyAllocator::kSmallest] = 0;
  shares_.GiveBack(entry.owner, blocks_.BlockSize(entry.slot));
  blocks_.Free(entry.slot);
  if (entry.text != kNone) FreeText(entry.text);
  entry = {};
  free_entries_.push_back(index);
}

void ImageStore::FreeText(uint32_t text) {
  if (!texts_.Release(text)) return;
  shares_.GiveBack(texts_.OwnerOf(text), texts_.RoomOf(text));
  blocks_.Free(texts_.BlockOf(text));
}

uint32_t ImageStore::RoomOf(uint32_t index) const {
  const ImageEntry& entry = entries_[index];
  return blocks_.BlockSize(entry.slot) + (entry.text == kNone ? 0 : texts_.RoomOf(entry.text));
}

uint64_t ImageStore::FreeRoom() const {
  const uint64_t evictable = uint64_t{evictable_} * sizeof(image);
  return blocks_.capacity() - blocks_.used() + std::min<uint64_t>(evictable, blocks_.used());
}

}  // namespace wasprey
