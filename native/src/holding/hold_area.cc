// Each awaited container has its own chunks of records, which are freed together.

#include "holding/hold_area.h"

#include <sys/mman.h>

#include <algorithm>

#include "completing/whole_record.h"

namespace wasprey {
namespace {

/**
 * Sizes of a container's first chunk, and of the longest: most containers are known before they fill the first one, and
 * further chunks grow with the container's events.
 */
constexpr uint32_t kFirstChunk = 2048;
constexpr uint32_t kLongestChunk = 65536;

}  // namespace

HoldArea::HoldArea(SandboxRegion region, uint32_t address, ImageTable* images, const Completion* completion)
    : region_(std::move(region)),
      address_(address),
      images_(images),
      completion_(completion),
      blocks_(static_cast<uint32_t>(region_.size())) {}

void HoldArea::Await(uint32_t container) {
  if (container >= holders_.size()) holders_.resize(container + 1);
  if (holders_[container].awaited) return;
  holders_[container].awaited = true;
  awaiting_++;
}

std::optional<HoldArea::Lack> HoldArea::Hold(RingMemory* rings, const event_header& record, uint32_t address,
                                             uint32_t most_events) {
  const uint32_t container = images_->ContainerAt(record.image_address);
  if (container >= holders_.size() || !holders_[container].awaited) return std::nullopt;
  if (events_ >= most_events) return Lack::kEvents;
  // Images stay as long as held events refer to them, and images of other processes need room too.
  if (images_->holds().HasMuch()) return Lack::kMemory;
  std::byte* const held = rings->ToWrite(address, sizeof record);
  if (held == nullptr) return Lack::kMemory;
  const uint32_t size = CopyWhole(record, address, *completion_, nullptr, 0);
  Holder& holder = holders_[container];
  Chunk* const chunk = RoomIn(&holder, size);
  if (chunk == nullptr) return Lack::kMemory;
  const uint32_t offset = chunk->offset + chunk->used;
  CopyWhole(record, address, *completion_, region_.data() + offset, address_ + offset);
  reinterpret_cast<event_header*>(held)->flags |= EVENT_FLAG_HELD;
  images_->holds().Hold(record.image_address);
  chunk->used += size;
  chunk->events++;
  holder.events++;
  events_++;
  return std::nullopt;
}

/** The container's last chunk if it has room, or a new one; null if there is no room at all. */
HoldArea::Chunk* HoldArea::RoomIn(Holder* holder, uint32_t size) {
  uint32_t wanted = kFirstChunk;
  if (!holder->chunks.empty()) {
    Chunk& last = holder->chunks.back();
    const uint32_t room = blocks_.BlockSize(last.offset);
    if (room - last.used >= size) return &last;
    wanted = std::min(room * 2, kLongestChunk);
  }
  uint32_t offset = blocks_.Allocate(std::max(wanted, size));
  if (offset == BuddyAllocator::kNone) offset = blocks_.Allocate(size);
  if (offset == BuddyAllocator::kNone) return nullptr;
  holder->bytes += blocks_.BlockSize(offset);
  holder->chunks.push_back({offset, 0, 0});
  return &holder->chunks.back();
}

uint32_t HoldArea::Fullest(const event_header& record, Lack lack) const {
  const auto much = lack == Lack::kEvents ? &Holder::events : &Holder::bytes;
  const auto fullest = std::max_element(holders_.begin(), holders_.end(), [&](const Holder& one, const Holder& other) {
    return one.*much < other.*much;
  });
  return (*fullest).*much > 0 ? static_cast<uint32_t>(fullest - holders_.begin())
                              : images_->ContainerAt(record.image_address);
}

uint32_t HoldArea::End(uint32_t container) {
  if (container >= holders_.size() || !holders_[container].awaited) return 0;
  Holder& holder = holders_[container];
  const uint32_t events = holder.events;
  due_.insert(due_.end(), holder.chunks.begin(), holder.chunks.end());
  holder = {};
  awaiting_--;
  return events;
}

size_t HoldArea::Take(std::span<uint32_t> segments) {
  Release();
  taken_ = std::min(due_.size(), segments.size() / 2);
  for (size_t i = 0; i < taken_; i++) {
    segments[2 * i] = address_ + due_[i].offset;
    segments[2 * i + 1] = address_ + due_[i].offset + due_[i].used;
  }
  return taken_;
}

void HoldArea::Release() {
  if (taken_ == 0) return;
  for (size_t i = 0; i < taken_; i++) Free(due_[i]);
  due_.erase(due_.begin(), due_.begin() + static_cast<ptrdiff_t>(taken_));
  taken_ = 0;
  // Memory of a flood is returned to the machine.
  if (blocks_.used() == 0) static_cast<void>(madvise(region_.data(), region_.size(), MADV_REMOVE));
}

void HoldArea::Free(const Chunk& chunk) {
  const std::byte* const start = region_.data() + chunk.offset;
  for (uint32_t at = 0; at < chunk.used;) {
    const auto* record = reinterpret_cast<const event_header*>(start + at);
    images_->holds().Unhold(record->image_address);
    at += record->size;
  }
  events_ -= chunk.events;
  blocks_.Free(chunk.offset);
}

}  // namespace wasprey
