// Blocks of a region in power-of-two sizes. Free neighbours are merged, so that room freed by small images
// can be used by large ones.
#pragma once

#include <cstddef>
#include <cstdint>

#include "system/zeroed_array.h"

namespace wasprey {

class BuddyAllocator {
 public:
  static constexpr uint32_t kSmallest = 256;
  static constexpr uint32_t kOrders = 11;
  static constexpr uint32_t kLargest = kSmallest << (kOrders - 1);
  static constexpr uint32_t kNone = 0xffffffff;

  explicit BuddyAllocator(uint32_t bytes);

  /** Offset of a block of at least `bytes`, or kNone. */
  uint32_t Allocate(uint32_t bytes);
  /** Frees a block of Allocate(). */
  void Free(uint32_t offset);

  /** Size of the block at `offset`, at least the requested one. */
  uint32_t BlockSize(uint32_t offset) const { return kSmallest << (state_[offset / kSmallest] & kOrderMask); }
  uint32_t used() const { return used_; }
  uint32_t capacity() const { return capacity_; }

 private:
  static constexpr uint8_t kOrderMask = 0x1f;
  static constexpr uint8_t kFree = 0x80;

  struct Links {
    uint32_t next;
    uint32_t previous;
  };

  void Push(uint32_t unit, uint32_t order);
  void Remove(uint32_t unit, uint32_t order);

  uint32_t capacity_;
  /**
   * Blocks from here on were never used, and are in no list: listing them all took 2.6 MB of the tables below, for a
   * region of 128 MB.
   */
  uint32_t begun_ = 0;
  uint32_t used_ = 0;
  /** For the first unit of each block: its order, and kFree. Kept here, not in the region: the sandbox reads that. */
  ZeroedArray<uint8_t> state_;
  /** Of blocks that are free. */
  ZeroedArray<Links> links_;
  uint32_t free_[kOrders];
};

}  // namespace wasprey
