// The texts of images in blocks of the table: one that several images have is there once. Thousands of processes of one
// program often have the same.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "images/buddy_allocator.h"
#include "system/memory_map.h"

namespace wasprey {

class ImageTexts {
 public:
  static constexpr uint32_t kNone = 0xffffffff;
  /** No text has this hash. */
  static constexpr uint64_t kAlone = 0;

  /** Blocks of `blocks` are in `region`. */
  ImageTexts(BuddyAllocator* blocks, SandboxRegion* region);

  /** What texts are found by. */
  uint64_t HashOf(std::string_view bytes) const;
  /** The number of the text that has just these bytes, with another reference; or kNone. */
  uint32_t Share(std::string_view bytes, uint64_t hash);
  /** Writes a new text to a block for it, which is in the share of an owner. With the hash kAlone it is never found. */
  uint32_t Add(std::string_view bytes, uint64_t hash, uint32_t block, uint64_t owner);
  void Retain(uint32_t text) { texts_[text].references++; }
  /** Releases a reference. With the last one the text is gone, and its block is the caller's. */
  bool Release(uint32_t text);

  bool IsShared(uint32_t text) const { return texts_[text].references > 1; }
  uint32_t BlockOf(uint32_t text) const { return texts_[text].block; }
  uint32_t RoomOf(uint32_t text) const { return blocks_->BlockSize(texts_[text].block); }
  uint64_t OwnerOf(uint32_t text) const { return texts_[text].owner; }

 private:
  struct Text {
    uint32_t block = 0;
    uint32_t size = 0;
    uint32_t references = 0;
    /** kAlone: it is not in by_hash_. */
    uint64_t hash = kAlone;
    uint64_t owner = 0;
  };

  const char* BytesOf(const Text& text) const { return reinterpret_cast<const char*>(region_->data() + text.block); }

  BuddyAllocator* blocks_;
  SandboxRegion* region_;
  std::vector<Text> texts_;
  std::vector<uint32_t> free_;
  /** Nobody knows which texts have hashes that are near each other. */
  const uint64_t secret_;
  /** Texts by the hashes of their bytes, but for those whose hash too many others have. */
  std::unordered_multimap<uint64_t, uint32_t> by_hash_;
};

}  // namespace wasprey
