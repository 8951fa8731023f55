// Replaying an unpacked block of a recording (host/recording/README.md) without a call of JavaScript for each of its
// entries.
#pragma once

#include <cstdint>
#include <span>

#include "capture/kernel_layout.h"
#include "system/result.h"

namespace wasprey {

/** How far a block is replayed: the members of the array that Capture.replayBlock() gets, in their order. */
struct BlockProgress {
  /** Offset of the next entry, or of the next record within an entry of events. */
  uint64_t position = 0;
  /** Where the entry of events ends that `position` lies in; 0 if it lies in none. */
  uint64_t events_end = 0;
  /** Of the last step: recorded time, and whether images complete the snapshot. */
  uint64_t clock = 0;
  uint64_t snapshot_complete = 0;
  /** Events put into the ring, and events of types that are not wanted, since the start. */
  uint64_t injected = 0;
  uint64_t skipped = 0;
};

/** The head of an entry. */
struct BlockEntry {
  uint32_t length;
  uint32_t kind;

  static constexpr uint32_t kStep = 1;
  static constexpr uint32_t kImages = 2;
  static constexpr uint32_t kContainer = 3;
  static constexpr uint32_t kEvents = 4;
};

/**
 * Counts the events of a block. Checks that its entries and records lie within it, that the records' types exist and
 * their sizes are possible. What else is invalid is found when it is replayed: Completion checks strings, ImageTable
 * images.
 */
Result<uint64_t> CheckBlock(std::span<const uint8_t> block);

/** The same entry by entry. */
class EntryChecks {
 public:
  /** Of one that lies within its block. */
  void Add(uint32_t kind, std::span<const uint8_t> body);
  /** Events of all entries, or what is invalid first. */
  Result<uint64_t> events() const {
    if (invalid_) return *invalid_;
    return events_;
  }

 private:
  uint64_t events_ = 0;
  Status invalid_;
};

/** Which events are replayed: by the number of their type, anything but 0. */
using WantedTypes = std::span<const uint8_t>;

}  // namespace wasprey
