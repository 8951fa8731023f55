// Held events of containers that are not known yet: copies in the sandbox's memory that wait until rules
// that read container fields can be evaluated.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "completing/completion.h"
#include "images/buddy_allocator.h"
#include "images/image_table.h"
#include "records/kernel_layout.h"
#include "source/ring_memory.h"
#include "system/memory_map.h"

namespace wasprey {

class HoldArea {
 public:
  /** The exhausted resource. */
  enum class Lack { kEvents, kMemory };

  HoldArea(SandboxRegion region, uint32_t address, ImageTable* images, const Completion* completion);

  /** Holds events of that container from now on. */
  void Await(uint32_t container);
  /** Whether any container is awaited; otherwise no event has to be checked. */
  bool IsAwaiting() const { return awaiting_ > 0; }

  /**
   * Copies a complete record, which lies at `address` in the rings, if its process is in an awaited container, and
   * flags it. Returns the exhausted resource if it fails.
   */
  std::optional<Lack> Hold(RingMemory* rings, const event_header& record, uint32_t address, uint32_t most_events);
  /**
   * The container with the most held events; the record's container if no events are held. So a flood affects only its
   * own container.
   */
  uint32_t Fullest(const event_header& record, Lack lack) const;

  /** Ends the wait for a container. Its events are Take()n next; returns how many there are. */
  uint32_t End(uint32_t container);
  /** Writes pairs of addresses [from, to) of events whose wait has ended, oldest first; 0 when there are no more. */
  size_t Take(std::span<uint32_t> segments);
  /** Frees taken events after their evaluation. */
  void Release();

  /** Events that are held now. */
  uint32_t events() const { return events_; }

 private:
  /** A chunk of contiguous records, as rule modules walk them. */
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
  /** Chunks of containers whose wait has ended; the first ones are being evaluated. */
  std::vector<Chunk> due_;
  size_t taken_ = 0;
};

}  // namespace wasprey
