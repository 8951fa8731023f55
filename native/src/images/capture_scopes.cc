#include "images/capture_scopes.h"

#include <utility>

#include "images/image_snapshot.h"

namespace wasprey {

/** Sets the flags of an image. Returns whether `captured` has changed. */
bool CapturedImages::Place(uint32_t index, uint32_t source) {
  ImageEntry& entry = store_->entry(index);
  const auto in_tree = [&](uint32_t other) { return other != ImageStore::kNone && store_->entry(other).in_tree; };
  const image& process = *store_->Slot(index);
  entry.in_tree = scopes_.trees.contains(process.pid) || scopes_.trees.contains(process.sid) || in_tree(entry.parent) ||
                  in_tree(source);
  const bool captured = scopes_.all || entry.in_tree ||
                        (!scopes_.containers.empty() &&
                         scopes_.containers.contains(std::string(store_->containers().FullIdOf(entry.container))));
  return std::exchange(entry.captured, captured) != captured;
}

void CapturedImages::SetScopes(CaptureScopes scopes) {
  scopes_ = std::move(scopes);
  for (const uint32_t index : ParentsFirst(*store_)) {
    if (Place(index, ImageStore::kNone) && store_->entry(index).current) tables_->FillFilters(index);
  }
}

}  // namespace wasprey
