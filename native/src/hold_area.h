// Events of containers of which no runtime has told yet: copies that wait, where the sandbox reads them, until rules
// that read such things can be tried on them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "buddy_allocator.h"
#include "completion.h"
#include "image_table.h"
#include "kernel_layout.h"
#include "memory_map.h"

namespace wasprey {

class HoldArea {
 public:
  /** What there is not enough of. */
  enum class Lack { kEvents, kMemory };

  HoldArea(SandboxRegion region, uint32_t address, ImageTable* images, const Completion* completion);

  /** Events of that container are held from now on. */
  void Await(uint32_t container);
  /** Nothing is to be looked at otherwise. */
  bool IsAwaiting() const { return awaiting_ > 0; }

  /**
   * Copies a complete record, which lies at `address`, if its process is in an awaited container, and flags it. Tells
   * what there is not enough of to do so.
   */
  std::optional<Lack> Hold(event_header* record, uint32_t address, uint32_t most_events);
  /** The container that holds most; that of the record if none holds any. A flood is its own container's loss. */
  uint32_t Fullest(const event_header& record, Lack lack) const;

  /** Ends the wait for a container. Its events are Take()n next; returns how many there are. */
  uint32_t End(uint32_t container);
  /** Writes pairs of addresses [from, to) of events whose wait has ended, oldest first; 0 when there are no more. */
  size_t Take(std::span<uint32_t> segments);
  /** What was taken is evaluated: gives its room back. */
  void Release();

  /** Events that are held now. */
  uint32_t events() const { return events_; }

 private:
  /** A stretch of records, one right behind the other as rule modules walk them. */
  struct Chunk {
    uint32_t offset;
    uint32_t used;
    uint32_t events;
  };

  struct Holder {
    bool awaited = false;
    uint32_t events = 0;
    uint32_t bytes = 0;
    std::vector<Chunk> chunks;
  };

  Chunk* RoomIn(Holder* holder, uint32_t size);
  void Free(const Chunk& chunk);

  SandboxRegion region_;
  uint32_t address_;
  ImageTable* images_;
  const Completion* completion_;
  BuddyAllocator blocks_;
  /** By container. */
  std::vector<Holder> holders_;
  uint32_t awaiting_ = 0;
  uint32_t events_ = 0;
  /** Of containers whose wait has ended; the first so many of them are being evaluated. */
  std::vector<Chunk> due_;
  size_t taken_ = 0;
};

}  // namespace wasprey
