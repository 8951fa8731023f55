// The images themselves: slots in a region the sandbox reads, what the addon keeps beside each, and the memory of both
// and of their texts. Found by number, id, pid or address.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "images/buddy_allocator.h"
#include "images/container_table.h"
#include "images/id_map.h"
#include "images/image_entry.h"
#include "images/image_shares.h"
#include "images/image_texts.h"
#include "records/kernel_layout.h"
#include "system/memory_map.h"
#include "system/zeroed_array.h"

namespace wasprey {

class ImageStore {
 public:
  static constexpr uint32_t kNone = ImageEntry::kNone;
  /** The number of the image that replaces unknown ones. */
  static constexpr uint32_t kUnknown = 0;

  ImageStore(SandboxRegion region, uint32_t address, ContainerTable* containers);
  ImageStore(const ImageStore&) = delete;
  ImageStore& operator=(const ImageStore&) = delete;

  /** The image with that id, or kNone. */
  uint32_t ById(uint64_t id) const { return by_id_.Find(id); }
  /** The one that came last of the process with that number, or kNone. */
  uint32_t ByPid(uint32_t pid) const { return by_pid_.Find(pid); }
  /** The image that lies at that address, or kNone. */
  uint32_t ByAddress(uint32_t address) const {
    const uint32_t offset = address - address_;
    if (address < address_ || offset >= blocks_.capacity() || offset % BuddyAllocator::kSmallest != 0) return kNone;
    return owners_[offset / BuddyAllocator::kSmallest] - 1;  // kNone is -1
  }

  uint32_t AddressOf(uint32_t index) const { return address_ + entries_[index].slot; }
  image* Slot(uint32_t index) { return reinterpret_cast<image*>(region_.data() + entries_[index].slot); }
  const image* Slot(uint32_t index) const {
    return reinterpret_cast<const image*>(region_.data() + entries_[index].slot);
  }
  /** The image at an address that AddressOf() gave. */
  const image& At(uint32_t address) const {
    return *reinterpret_cast<const image*>(region_.data() + (address - address_));
  }
  ImageEntry& entry(uint32_t index) { return entries_[index]; }
  const ImageEntry& entry(uint32_t index) const { return entries_[index]; }
  /** All numbers are below it; some may be unused. */
  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  bool IsOfThread(uint32_t index) const { return (Slot(index)->flags & IMAGE_FLAG_THREAD) != 0; }
  /** Addresses of images by number, from `first` on; 0 for unused numbers. Returns how many numbers were written. */
  size_t List(size_t first, std::span<uint32_t> addresses) const;

  /** A new image whose slot is that block, in the share of an owner. It has one reference, and is held. */
  uint32_t Add(uint32_t block, uint64_t id, uint64_t owner);
  /** It is found by its id from now on. */
  void SetId(uint32_t index) {
    by_id_.Set(entries_[index].id, index);
    live_++;
  }
  void SetPid(uint32_t pid, uint32_t index) { by_pid_.Set(pid, index); }
  void ForgetPid(uint32_t pid) { by_pid_.Erase(pid); }
  /** Whether it awaits being named by an event. */
  void SetAwaiting(uint32_t index, bool awaiting);
  /** Neither a process nor an event in the rings has it any more. */
  void LetGo(uint32_t index);
  /** An image that nothing refers to. */
  void Free(uint32_t index);

  /** Bytes that an image has. */
  uint32_t RoomOf(uint32_t index) const;
  /** Room that nothing takes, or images that can be evicted; of these, at least. */
  uint64_t FreeRoom() const;

  BuddyAllocator& blocks() { return blocks_; }
  const BuddyAllocator& blocks() const { return blocks_; }
  ImageTexts& texts() { return texts_; }
  const ImageTexts& texts() const { return texts_; }
  ImageShares& shares() { return shares_; }
  ContainerTable& containers() const { return *containers_; }

  /** How many images await being named. */
  size_t awaiting() const { return awaiting_; }
  /** How many only descendants or held events keep. */
  uint32_t evictable() const { return evictable_; }
  /** How many are found by an id. */
  size_t live() const { return live_; }

 private:
  static_assert(IdMap::kNone == kNone);

  uint32_t NewEntry();
  void FreeText(uint32_t text);

  SandboxRegion region_;
  uint32_t address_;
  ContainerTable* containers_;
  BuddyAllocator blocks_;
  /** For each unit of a block that starts there: 1 + the image in it, or 0. */
  ZeroedArray<uint32_t> owners_;
  std::vector<ImageEntry> entries_;
  std::vector<uint32_t> free_entries_;
  ImageTexts texts_;
  ImageShares shares_;
  IdMap by_id_;
  IdMap by_pid_;
  size_t awaiting_ = 0;
  uint32_t evictable_ = 0;
  size_t live_ = 0;
};

}  // namespace wasprey
