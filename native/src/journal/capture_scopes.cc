// Whose events are captured, whatever the rules want: a flag of each image, by which the kernel filter lets its events
// pass and the selector takes them.

#include <utility>

#include "images/image_table.h"

namespace wasprey {

/** Sets the flags of an image, whose parent and container are known. Returns whether `captured` has changed. */
bool ImageTable::Place(uint32_t index, uint32_t source) {
  Entry& entry = entries_[index];
  const auto in_tree = [&](uint32_t other) { return other != kNone && entries_[other].in_tree; };
  const image& process = *Slot(index);
  entry.in_tree = scopes_.trees.contains(process.pid) || scopes_.trees.contains(process.sid) || in_tree(entry.parent) ||
                  in_tree(source);
  const bool captured =
      scopes_.all || entry.in_tree ||
      (!scopes_.containers.empty() && scopes_.containers.contains(std::string(containers_->FullIdOf(entry.container))));
  return std::exchange(entry.captured, captured) != captured;
}

void ImageTable::SetScopes(CaptureScopes scopes) {
  scopes_ = std::move(scopes);
  for (const uint32_t index : ParentsFirst()) {
    if (!Place(index, kNone) || !entries_[index].current) continue;
    for (uint32_t bank = 0; bank < IMAGE_CANDIDATE_BANKS; bank++) {
      if (filters_[bank] != nullptr) filters_[bank]->Fill(*Slot(index), bank, entries_[index].captured);
    }
  }
}

}  // namespace wasprey
