// Room in the image table: for texts, whole or cut, freeing unneeded images, and eviction when the budget is reached.

#include <algorithm>

#include "images/image_table.h"

namespace wasprey {
namespace {

/** So many ancestors of a process are kept while others can go: rules ask for them by their number. */
constexpr int kNearGenerations = 16;

/** Texts are written as if they lay there until it is known where they do; not 0, which an absent string has. */
constexpr uint32_t kDraftDistance = 1u << 31;

}  // namespace

uint32_t ImageTable::NewEntry() {
  if (!free_entries_.empty()) {
    const uint32_t index = free_entries_.back();
    free_entries_.pop_back();
    return index;
  }
  entries_.emplace_back();
  return static_cast<uint32_t>(entries_.size() - 1);
}

uint32_t ImageTable::Allocate(uint32_t bytes) {
  uint32_t offset = blocks_.Allocate(bytes);
  while (offset == BuddyAllocator::kNone && Evict()) offset = blocks_.Allocate(bytes);
  return offset;
}

/** Room that nothing takes, or images that can be evicted; of these, at least. */
uint64_t ImageTable::FreeRoom() const {
  const uint64_t evictable = uint64_t{evictable_} * sizeof(image);
  return blocks_.capacity() - blocks_.used() + std::min<uint64_t>(evictable, blocks_.used());
}

/** An image has the text of another one that it continues. */
void ImageTable::ShareText(uint32_t index, uint32_t source) {
  Entry& entry = entries_[index];
  entry.text = entries_[source].text;
  texts_.Retain(entry.text);
  ShareImageText(*Slot(source), entries_[source].slot - entry.slot, Slot(index));
  Slot(index)->flags |= Slot(source)->flags & IMAGE_FLAG_TRUNCATED;
}

/**
 * Stores the text, cut if its owner has much of the table already or there is no room for all of it: who has processes
 * without number and with long texts takes neither the room of others nor that of the next of them.
 */
bool ImageTable::StoreText(uint32_t index, const ImageText& text) {
  const bool takes_room = shares_.MayHaveWhole(entries_[index].owner, FreeRoom());
  if (StoreTextAsItIs(index, text, takes_room)) return true;
  const CutImageText cut(text);
  if (!StoreTextAsItIs(index, cut.text(), true)) return false;
  Slot(index)->flags |= IMAGE_FLAG_TRUNCATED;
  cut_++;
  return true;
}

/**
 * Takes no room if another image has the same text; otherwise it does only if it may. That of a change is stored
 * without a look: hardly another has it, and a storm of changes leaves no time for it (live pressure lost events by
 * it).
 */
bool ImageTable::StoreTextAsItIs(uint32_t index, const ImageText& text, bool takes_room) {
  Entry& entry = entries_[index];
  WriteImageText(text, kDraftDistance, &text_bytes_, Slot(index));
  const uint64_t hash = Slot(index)->kind == IMAGE_CHANGE ? ImageTexts::kAlone : texts_.HashOf(text_bytes_);
  entry.text = hash == ImageTexts::kAlone ? kNone : texts_.Share(text_bytes_, hash);
  if (entry.text == kNone) {
    if (!takes_room) return false;
    const uint32_t block = Allocate(static_cast<uint32_t>(text_bytes_.size()));
    if (block == BuddyAllocator::kNone) return false;
    entry.text = texts_.Add(text_bytes_, hash, block, entry.owner);
    shares_.Take(entry.owner, blocks_.BlockSize(block));
  }
  ShareImageText(*Slot(index), texts_.BlockOf(entry.text) - entry.slot - kDraftDistance, Slot(index));
  return true;
}

/** Removes links whose target `goes`, except the parent's. */
template <typename Predicate>
void ImageTable::DropLinks(uint32_t index, Predicate goes) {
  const auto drop = [&](uint32_t Entry::* link, uint32_t image::* address) {
    const uint32_t target = entries_[index].*link;
    if (target != kNone && goes(target)) SetLink(index, link, address, kNone);
  };
  drop(&Entry::session, &image::session_address);
  drop(&Entry::group, &image::group_leader_address);
  const uint32_t twin = entries_[index].twin;
  if (twin != kNone && goes(twin)) {
    entries_[index].twin = kNone;
    Unreference(twin);
  }
}

bool ImageTable::IsEvictable(uint32_t index) const {
  const Entry& entry = entries_[index];
  return index != kUnknown && entry.used && !entry.held && entry.events == 0 && index != pinned_;
}

/** By image: what would be lost with it as an ancestor. */
std::vector<ImageTable::Worth> ImageTable::WorthAsAncestors() const {
  std::vector<Worth> worth(entries_.size(), Worth::kOwnText);
  const auto raise = [&](uint32_t index, Worth to) { worth[index] = std::max(worth[index], to); };
  for (uint32_t index = kUnknown + 1; index < entries_.size(); index++) {
    const Entry& entry = entries_[index];
    if (!entry.used || entry.parent == kNone) continue;
    if (entry.text == entries_[entry.parent].text && worth[index] == Worth::kOwnText) worth[index] = Worth::kRepeats;
    const image* const process = Slot(index);
    const image* const parent = Slot(entry.parent);
    for (size_t word = 0; word < IMAGE_CANDIDATE_BANKS * IMAGE_ANCESTRY_WORDS; word++) {
      const uint64_t met = process->ancestry[word] & ~parent->ancestry[word];
      if ((met & ~IMAGE_ANCESTRY_KNOWN) != 0) raise(entry.parent, Worth::kMeetsTests);
    }
    if (!entry.held) continue;
    uint32_t ancestor = entry.parent;
    for (int hop = 0; hop < kNearGenerations && ancestor != kNone; hop++, ancestor = entries_[ancestor].parent) {
      raise(ancestor, Worth::kNear);
    }
  }
  return worth;
}

/**
 * Images that are kept only for their descendants, a quarter of them, in the order of what is lost with them. Among
 * images of the same worth the oldest quarter goes last: a process that forks without end does not push out what it
 * came from.
 */
std::vector<uint32_t> ImageTable::Victims() const {
  std::vector<uint32_t> victims;
  for (uint32_t index = 0; index < entries_.size(); index++) {
    if (IsEvictable(index)) victims.push_back(index);
  }
  const std::vector<Worth> worth = WorthAsAncestors();
  std::sort(victims.begin(), victims.end(), [&](uint32_t a, uint32_t b) {
    return worth[a] != worth[b] ? worth[a] < worth[b] : entries_[a].id < entries_[b].id;
  });
  for (auto from = victims.begin(); from != victims.end();) {
    const auto to = std::find_if(from, victims.end(), [&](uint32_t index) { return worth[index] != worth[*from]; });
    std::rotate(from, from + (to - from) / 4, to);
    from = to;
  }
  victims.resize((victims.size() + 3) / 4);
  return victims;
}

/**
 * Frees images that are kept only for their descendants. These are linked to the next ancestor that stays, and keep
 * what they know of their ancestors. Images that a process has, or that held events name, are never evicted. False if
 * no image can be evicted.
 */
bool ImageTable::Evict() {
  if (evictable_ == 0) return false;
  const uint32_t used = blocks_.used();
  const std::vector<uint32_t> victims = Victims();
  if (victims.empty()) return false;
  std::vector<bool> goes(entries_.size());
  for (const uint32_t index : victims) goes[index] = true;

  for (uint32_t index = kUnknown + 1; index < entries_.size(); index++) {
    if (!entries_[index].used || goes[index]) continue;
    uint32_t ancestor = entries_[index].parent;
    while (ancestor != kNone && goes[ancestor]) ancestor = entries_[ancestor].parent;
    if (ancestor != entries_[index].parent) SetLink(index, &Entry::parent, &image::parent_address, ancestor);
    DropLinks(index, [&](uint32_t target) { return goes[target]; });
  }
  // No remaining image points to a victim any more; once victims do not point to one another either, all are free.
  for (const uint32_t index : victims) {
    if (!entries_[index].used) continue;
    entries_[index].references++;
    SetLink(index, &Entry::parent, &image::parent_address, kNone);
    DropLinks(index, [](uint32_t) { return true; });
    Unreference(index);
  }
  evicted_ += victims.size();
  return blocks_.used() < used;
}

/** Releases a reference; an image without references is freed, and so may be its targets. */
void ImageTable::Unreference(uint32_t index) {
  std::vector<uint32_t> pending{index};
  while (!pending.empty()) {
    const uint32_t next = pending.back();
    pending.pop_back();
    Entry& entry = entries_[next];
    if (--entry.references > 0) continue;
    for (const uint32_t target : {entry.parent, entry.session, entry.group, entry.twin}) {
      if (target != kNone && target != next) pending.push_back(target);
    }
    evictable_--;
    Free(next);
  }
}

uint32_t ImageTable::ContainerAt(uint32_t address) const {
  const uint32_t index = IndexAt(address);
  return index == kNone ? ContainerTable::kUnknown : entries_[index].container;
}

uint32_t ImageTable::RoomOf(uint32_t index) const {
  const Entry& entry = entries_[index];
  return blocks_.BlockSize(entry.slot) + (entry.text == kNone ? 0 : texts_.RoomOf(entry.text));
}

void ImageTable::Hold(uint32_t address) {
  const uint32_t index = IndexAt(address);
  if (index == kNone) return;
  entries_[index].references++;
  if (entries_[index].events++ == 0) held_bytes_ += RoomOf(index);
}

void ImageTable::Unhold(uint32_t address) {
  const uint32_t index = IndexAt(address);
  if (index == kNone) return;
  if (--entries_[index].events == 0) held_bytes_ -= RoomOf(index);
  Unreference(index);
}

void ImageTable::Free(uint32_t index) {
  AwaitNone(index);
  Entry& entry = entries_[index];
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

void ImageTable::FreeText(uint32_t text) {
  if (!texts_.Release(text)) return;
  shares_.GiveBack(texts_.OwnerOf(text), texts_.RoomOf(text));
  blocks_.Free(texts_.BlockOf(text));
}

}  // namespace wasprey
