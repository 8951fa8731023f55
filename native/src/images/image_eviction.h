// Eviction: when the memory of images is full, those that are kept only for their descendants are freed.
#pragma once

#include <cstdint>
#include <vector>

#include "images/image_links.h"
#include "images/image_store.h"

namespace wasprey {

class ImageEviction {
 public:
  ImageEviction(ImageStore* store, ImageLinks* links) : store_(store), links_(links) {}

  /** An image that is not to be evicted, because its text is being copied; kNone: none. */
  void Pin(uint32_t index) { pinned_ = index; }
  /** Frees images. False if none can be evicted. */
  bool Evict();

  uint64_t evicted() const { return evicted_; }

 private:
  static constexpr uint32_t kNone = ImageStore::kNone;

  /** What is lost with an image that only descendants need, from little to much. */
  enum class Worth : uint8_t {
    /** Its parent has the same text. */
    kRepeats,
    kOwnText,
    /** The first ancestor that meets a test of the rules: alerts name it. */
    kMeetsTests,
    /** An ancestor of a process within a few generations. */
    kNear,
  };
  bool IsEvictable(uint32_t index) const;
  std::vector<Worth> WorthAsAncestors() const;
  std::vector<uint32_t> Victims() const;

  ImageStore* store_;
  ImageLinks* links_;
  uint32_t pinned_ = kNone;
  uint64_t evicted_ = 0;
};

}  // namespace wasprey
