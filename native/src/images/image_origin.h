// What an image has of another one that it continues: its strings, its container, its owner, its start.
#pragma once

#include <cstdint>
#include <string_view>

#include "images/annex.h"
#include "images/image_log.h"
#include "images/image_store.h"

namespace wasprey {

class ImageOrigin {
 public:
  explicit ImageOrigin(const ImageStore* store) : store_(store) {}

  /** The image whose strings a record without its own has: the parent's for a fork, else that of the process before. */
  uint32_t SourceOf(const image& record) const;
  /** Whose share an image takes. In the cgroup of the image that it continues, or in one whose path is cut off, that
   * one's. */
  uint64_t OwnerOf(const image& record, const uint8_t* bytes, uint32_t source) const;
  /** When the process was forked, as its first image has it. */
  uint64_t StartOf(const image& record, uint32_t source) const;
  /** Counts as a reference to the container. */
  uint32_t ContainerOf(const image& record, uint64_t owner, uint32_t source, std::string_view cgroup,
                       const ImageFacts* recorded) const;
  /** All texts but the names, which are looked up. */
  ImageText TextOf(const image& record, const uint8_t* bytes, uint32_t source) const;
  /**
   * Whether an image in `container` can share the text of `source`, because nothing in the text has changed. `text` is
   * what TextOf() gave.
   */
  bool InheritsText(const image& record, const ImageText& text, uint32_t source, uint32_t container) const;

 private:
  static constexpr uint32_t kNone = ImageStore::kNone;

  const ImageStore* store_;
};

}  // namespace wasprey
