// Images that held events name: they are kept for these.
#pragma once

#include <cstdint>

#include "images/image_links.h"
#include "images/image_store.h"

namespace wasprey {

class ImageHolds {
 public:
  ImageHolds(ImageStore* store, ImageLinks* links) : store_(store), links_(links) {}

  /** Keeps the image at that address for a held event, until as many calls of Unhold(). */
  void Hold(uint32_t address) {
    const uint32_t index = store_->ByAddress(address);
    if (index == ImageStore::kNone) return;
    links_->Reference(index);
    if (store_->entry(index).events++ == 0) bytes_ += store_->RoomOf(index);
  }
  void Unhold(uint32_t address) {
    const uint32_t index = store_->ByAddress(address);
    if (index == ImageStore::kNone) return;
    if (--store_->entry(index).events == 0) bytes_ -= store_->RoomOf(index);
    links_->Unreference(index);
  }
  /** Whether these images have much memory: then no more events are held. */
  bool HasMuch() const { return bytes_ > store_->blocks().capacity() / 2; }

 private:
  ImageStore* store_;
  ImageLinks* links_;
  uint64_t bytes_ = 0;
};

}  // namespace wasprey
