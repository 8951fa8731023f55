// Room for images and their texts, whole or cut, by eviction if need be.
#pragma once

#include <cstdint>
#include <string>

#include "images/annex.h"
#include "images/image_eviction.h"
#include "images/image_store.h"

namespace wasprey {

class ImageRoom {
 public:
  ImageRoom(ImageStore* store, ImageEviction* eviction) : store_(store), eviction_(eviction) {}

  /** A block of the store; BuddyAllocator::kNone if there is no room. */
  uint32_t Allocate(uint32_t bytes);
  /** An image has the text of another one that it continues. */
  void ShareText(uint32_t index, uint32_t source);
  /**
   * Stores the text, cut if its owner has much of the memory already or there is no room for all of it: who has
   * processes without number and with long texts takes neither the room of others nor that of the next of them. False
   * if there is none even for that.
   */
  bool StoreText(uint32_t index, const ImageText& text);

  /** Images whose text was cut. */
  uint64_t cut() const { return cut_; }

 private:
  static constexpr uint32_t kNone = ImageStore::kNone;

  bool StoreTextAsItIs(uint32_t index, const ImageText& text, bool takes_room);

  ImageStore* store_;
  ImageEviction* eviction_;
  /** Of the image that is added. */
  std::string text_bytes_;
  uint64_t cut_ = 0;
};

}  // namespace wasprey
