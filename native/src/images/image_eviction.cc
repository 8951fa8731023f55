#include "images/image_eviction.h"

#include <algorithm>

namespace wasprey {
namespace {

/** So many ancestors of a process are kept while others can go: rules ask for them by their number. */
constexpr int kNearGenerations = 16;

}  // namespace

bool ImageEviction::IsEvictable(uint32_t index) const {
  const ImageEntry& entry = store_->entry(index);
  return index != ImageStore::kUnknown && entry.used && !entry.held && entry.events == 0 && index != pinned_;
}

/** By image: what would be lost with it as an ancestor. */
std::vector<ImageEviction::Worth> ImageEviction::WorthAsAncestors() const {
  std::vector<Worth> worth(store_->size(), Worth::kOwnText);
  const auto raise = [&](uint32_t index, Worth to) { worth[index] = std::max(worth[index], to); };
  for (uint32_t index = ImageStore::kUnknown + 1; index < store_->size(); index++) {
    const ImageEntry& entry = store_->entry(index);
    if (!entry.used || entry.parent == kNone) continue;
    if (entry.text == store_->entry(entry.parent).text && worth[index] == Worth::kOwnText)
      worth[index] = Worth::kRepeats;
    const image* const process = store_->Slot(index);
    const image* const parent = store_->Slot(entry.parent);
    for (size_t word = 0; word < IMAGE_CANDIDATE_BANKS * IMAGE_ANCESTRY_WORDS; word++) {
      const uint64_t met = process->ancestry[word] & ~parent->ancestry[word];
      if ((met & ~IMAGE_ANCESTRY_KNOWN) != 0) raise(entry.parent, Worth::kMeetsTests);
    }
    if (!entry.held) continue;
    uint32_t ancestor = entry.parent;
    for (int hop = 0; hop < kNearGenerations && ancestor != kNone; hop++, ancestor = store_->entry(ancestor).parent) {
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
std::vector<uint32_t> ImageEviction::Victims() const {
  std::vector<uint32_t> victims;
  for (uint32_t index = 0; index < store_->size(); index++) {
    if (IsEvictable(index)) victims.push_back(index);
  }
  const std::vector<Worth> worth = WorthAsAncestors();
  std::sort(victims.begin(), victims.end(), [&](uint32_t a, uint32_t b) {
    return worth[a] != worth[b] ? worth[a] < worth[b] : store_->entry(a).id < store_->entry(b).id;
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
bool ImageEviction::Evict() {
  if (store_->evictable() == 0) return false;
  const uint32_t used = store_->blocks().used();
  const std::vector<uint32_t> victims = Victims();
  if (victims.empty()) return false;
  std::vector<bool> goes(store_->size());
  for (const uint32_t index : victims) goes[index] = true;

  for (uint32_t index = ImageStore::kUnknown + 1; index < store_->size(); index++) {
    if (!store_->entry(index).used || goes[index]) continue;
    uint32_t ancestor = store_->entry(index).parent;
    while (ancestor != kNone && goes[ancestor]) ancestor = store_->entry(ancestor).parent;
    if (ancestor != store_->entry(index).parent) links_->SetParent(index, ancestor);
    links_->Drop(index, &goes);
  }
  // No remaining image points to a victim any more; once victims do not point to one another either, all are free.
  for (const uint32_t index : victims) {
    if (!store_->entry(index).used) continue;
    links_->Reference(index);
    links_->SetParent(index, kNone);
    links_->Drop(index, nullptr);
    links_->Unreference(index);
  }
  evicted_ += victims.size();
  return store_->blocks().used() < used;
}

}  // namespace wasprey
