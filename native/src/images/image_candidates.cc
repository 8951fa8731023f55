// Lists images for the host program, and stores its result for each: which rules its process can match.

#include <algorithm>

#include "images/image_table.h"

namespace wasprey {

/** An image has no candidates yet. Nobody may be reading it. */
void ImageTable::AnnounceNew(uint32_t index) {
  // Far from the first eviction, which fragmentation can make come early.
  const bool has_room = blocks_.used() < blocks_.capacity() / 4;
  if (on_demand_ && has_room && !entries_[index].captured) {
    entries_[index].awaiting = true;
    awaiting_++;
    return;
  }
  if (!has_room) AnnounceAwaiting();
  Announce(index);
}

void ImageTable::AnnounceOnDemand(uint32_t bank) {
  on_demand_ = true;
  if (bank == bank_) return;
  bank_ = bank;
  for (uint32_t index = 0; index < entries_.size(); index++) AwaitNone(index);
}

void ImageTable::AnnounceAwaiting() {
  for (uint32_t other = 0; awaiting_ > 0 && other < entries_.size(); other++) {
    if (entries_[other].awaiting) Announce(other);
  }
}

void ImageTable::AnnounceNamed(uint32_t address) {
  const uint32_t index = IndexAt(address);
  if (index != kNone && entries_[index].awaiting) Announce(index);
}

void ImageTable::AwaitNone(uint32_t index) {
  awaiting_ -= entries_[index].awaiting ? 1 : 0;
  entries_[index].awaiting = false;
}

/** Puts an image on the list that TakeNew() gives. */
void ImageTable::Announce(uint32_t index) {
  AwaitNone(index);
  if (new_.size() > 4096 && new_.size() > 2 * live_) {
    std::erase_if(new_,
                  [&](const auto& one) { return !entries_[one.first].used || entries_[one.first].id != one.second; });
  }
  new_.emplace_back(index, entries_[index].id);
}

size_t ImageTable::TakeNew(std::span<uint32_t> addresses) {
  size_t written = 0;
  size_t taken = 0;
  while (taken < new_.size() && written < addresses.size()) {
    const auto [index, id] = new_[taken++];
    // It may be gone already, and its entry reused.
    if (entries_[index].used && entries_[index].id == id) addresses[written++] = AddressOf(index);
  }
  new_.erase(new_.begin(), new_.begin() + static_cast<ptrdiff_t>(taken));
  return written;
}

size_t ImageTable::List(size_t first, std::span<uint32_t> addresses) const {
  const size_t count = first < entries_.size() ? std::min(addresses.size(), entries_.size() - first) : 0;
  for (size_t i = 0; i < count; i++) addresses[i] = entries_[first + i].used ? AddressOf(first + i) : 0;
  return count;
}

/** The image that lies at that address, or kNone. */
uint32_t ImageTable::IndexAt(uint32_t address) const {
  const uint32_t offset = address - address_;
  if (address < address_ || offset >= blocks_.capacity() || offset % BuddyAllocator::kSmallest != 0) return kNone;
  return owners_[offset / BuddyAllocator::kSmallest] - 1;  // kNone is -1
}

void ImageTable::SetWords(image* process, uint32_t bank, std::span<const uint64_t> words) {
  const size_t first = size_t{bank} * IMAGE_CANDIDATE_WORDS;
  for (size_t word = 0; word < IMAGE_CANDIDATE_WORDS; word++) {
    process->candidates[first + word] = word < words.size() ? words[word] : kAllCandidates;
  }
  for (size_t word = 0; word < IMAGE_ANCESTRY_WORDS; word++) {
    const size_t given = IMAGE_CANDIDATE_WORDS + word;
    process->ancestry[bank * IMAGE_ANCESTRY_WORDS + word] = given < words.size() ? words[given] : 0;
  }
}

bool ImageTable::SetCandidates(uint32_t address, uint32_t bank, std::span<const uint64_t> words) {
  const uint32_t index = IndexAt(address);
  if (index == kNone) return false;
  if (bank == bank_) AwaitNone(index);
  image* process = Slot(index);
  SetWords(process, bank, words);
  // The image that replaces unknown ones has no id, and one that its process has left gets no more events.
  KernelFilter* const filter = filters_[bank];
  if (filter != nullptr && entries_[index].current) filter->Fill(*process, bank, entries_[index].captured);
  EnforcementTable* const enforced = enforcements_[bank];
  if (enforced != nullptr && entries_[index].current) enforced->Fill(*process, bank);
  return true;
}

void ImageTable::ContainerMoved(uint32_t container) {
  const uint32_t address = containers_->AddressOf(container);
  for (uint32_t index = 0; index < entries_.size(); index++) {
    if (entries_[index].used && entries_[index].container == container) Slot(index)->container_address = address;
  }
}

}  // namespace wasprey
