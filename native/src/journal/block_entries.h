// The entries of an unpacked block of a recording (host/recording/README.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "records/kernel_layout.h"
#include "system/result.h"

namespace wasprey {

/** The head of an entry. */
struct BlockEntry {
  uint32_t length;
  uint32_t kind;

  static constexpr uint32_t kStep = 1;
  static constexpr uint32_t kImages = 2;
  static constexpr uint32_t kContainer = 3;
  static constexpr uint32_t kEvents = 4;
};

/** Bytes that a body takes with what follows up to the next entry. */
constexpr size_t PaddedLength(size_t size) { return (size + 7) & ~size_t{7}; }

/** Whether a record of an event can have that size. */
constexpr bool IsSizeOfRecord(uint32_t size) {
  return size >= sizeof(event_header) && size <= LONGEST_RECORD && size % 8 == 0;
}

/** At an offset at which the block has as many bytes. */
inline BlockEntry EntryAt(std::span<const uint8_t> block, size_t at) {
  BlockEntry entry;
  memcpy(&entry, block.data() + at, sizeof entry);
  return entry;
}

inline event_header HeaderAt(const uint8_t* record) {
  event_header header;
  memcpy(&header, record, sizeof header);
  return header;
}

inline Error InvalidBlock(const char* what) { return Error{"CAPTURE_RECORD", what, ""}; }

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

}  // namespace wasprey
