// A binary buddy system over units of 256 bytes.

#include "images/buddy_allocator.h"

#include <algorithm>
#include <bit>

namespace wasprey {

BuddyAllocator::BuddyAllocator(uint32_t bytes)
    : capacity_(bytes / kLargest * kLargest), state_(capacity_ / kSmallest), links_(capacity_ / kSmallest) {
  std::fill(std::begin(free_), std::end(free_), kNone);
}

uint32_t BuddyAllocator::Allocate(uint32_t bytes) {
  if (bytes > kLargest) return kNone;
  const uint32_t units = std::bit_ceil((std::max(bytes, 1u) + kSmallest - 1) / kSmallest);
  const auto wanted = static_cast<uint32_t>(std::countr_zero(units));
  uint32_t order = wanted;
  while (order < kOrders && free_[order] == kNone) order++;
  if (order == kOrders) {
    if (begun_ == capacity_) return kNone;
    order--;
    Push(begun_ / kSmallest, order);
    begun_ += kLargest;
  }
  const uint32_t unit = free_[order];
  Remove(unit, order);
  while (order > wanted) {
    order--;
    Push(unit + (1u << order), order);
  }
  state_[unit] = static_cast<uint8_t>(wanted);
  used_ += kSmallest << wanted;
  return unit * kSmallest;
}

void BuddyAllocator::Free(uint32_t offset) {
  uint32_t unit = offset / kSmallest;
  uint32_t order = state_[unit] & kOrderMask;
  used_ -= kSmallest << order;
  while (order + 1 < kOrders) {
    const uint32_t buddy = unit ^ (1u << order);
    if (state_[buddy] != (kFree | order)) break;
    Remove(buddy, order);
    unit = std::min(unit, buddy);
    order++;
  }
  Push(unit, order);
}

void BuddyAllocator::Push(uint32_t unit, uint32_t order) {
  state_[unit] = static_cast<uint8_t>(kFree | order);
  links_[unit] = {free_[order], kNone};
  if (free_[order] != kNone) links_[free_[order]].previous = unit;
  free_[order] = unit;
}

void BuddyAllocator::Remove(uint32_t unit, uint32_t order) {
  const Links links = links_[unit];
  if (links.previous != kNone) {
    links_[links.previous].next = links.next;
  } else {
    free_[order] = links.next;
  }
  if (links.next != kNone) links_[links.next].previous = links.previous;
  state_[unit] = 0;
}

}  // namespace wasprey
