// Links of images to those of their process's parent and of the leaders of its session and group. A link keeps its
// target, by a reference; all links point to older images, except those of the snapshot at the start.
#pragma once

#include <cstdint>
#include <vector>

#include "images/image_store.h"

namespace wasprey {

class ImageLinks {
 public:
  explicit ImageLinks(ImageStore* store) : store_(store) {}

  /** Links a new image, which continues `source` (or kNone), to its parent and leaders. */
  void Link(uint32_t index, const image& record, uint32_t source);
  /** After the snapshot of all processes: links those that came before their parent, session or group leader. */
  void LinkSnapshots();
  void SetParent(uint32_t index, uint32_t parent) {
    SetLink(index, &ImageEntry::parent, &image::parent_address, parent);
  }
  /** Removes links, except the parent's, to images of which `goes` is true; null: all. */
  void Drop(uint32_t index, const std::vector<bool>* goes);

  void Reference(uint32_t index) { store_->entry(index).references++; }
  /** Releases a reference; an image without references is freed, and so may be its targets. */
  void Unreference(uint32_t index);

 private:
  static constexpr uint32_t kNone = ImageStore::kNone;

  uint32_t ParentOf(const image& record, uint32_t source) const;
  uint32_t LeaderOf(uint32_t index, uint32_t source, uint32_t image::* member, uint32_t ImageEntry::* leader) const;
  void LinkLeaders(uint32_t index, uint32_t source);
  void SetLink(uint32_t index, uint32_t ImageEntry::* link, uint32_t image::* address, uint32_t target);
  bool Descends(uint32_t index, uint32_t ancestor) const;

  ImageStore* store_;
};

}  // namespace wasprey
