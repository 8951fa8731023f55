// Selects the events that the journal keeps from the polled ones, and copies them without what only had a meaning here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "bpf/filter/filter_tables.h"
#include "images/container_table.h"
#include "images/image_table.h"
#include "records/kernel_layout.h"

namespace wasprey {

/** What the journal keeps: host/schema/journal.ts. */
struct JournalWants {
  /** JOURNAL_KEEP by number of the event type. */
  std::array<uint8_t, EVENT_TYPE_COUNT> types{};
  /** By combinations of flags and result of opens (host/schema/kernel-filter.ts): whether they are kept. */
  std::array<uint8_t, FILTER_OPEN_COMBINATIONS> opens{};
  /** Of these, events of processes that are captured (CapturedImages::Has). */
  bool only_captured = false;
};

/** What a stretch of kept events is about. */
struct JournalExtent {
  uint32_t events = 0;
  /** ns since the epoch; 0 without events. */
  uint64_t first = 0;
  uint64_t last = 0;
  /** Of the processes, and full ids of their containers. */
  std::unordered_set<uint32_t> pids;
  std::unordered_set<std::string> containers;
};

/** What events are selected for: each has a selector of its own. */
enum class JournalUse : uint8_t { kJournal = JOURNAL_USE_JOURNAL, kCaptures = JOURNAL_USE_CAPTURES };

class JournalSelector {
 public:
  JournalSelector(const ImageTable* images, const ContainerTable* containers)
      : images_(images), containers_(containers) {}

  /** Null: nothing. */
  void Want(const JournalWants* wants) {
    used_ = wants != nullptr;
    wants_ = used_ ? *wants : JournalWants{};
  }
  bool IsUsed() const { return used_; }

  /**
   * Copies the wanted records of polled segments to `into`, one after the other. `memory` is where address 0 of the
   * sandbox would be. Returns the number of bytes; nothing if `into` is too short for all of the segments.
   */
  std::optional<size_t> Select(std::span<const uint32_t> segments, const std::byte* memory, std::span<uint8_t> into);

  /** What was selected since the last call. */
  JournalExtent TakeExtent();

 private:
  bool IsWanted(const event_header& header) const;
  void Note(const event_header& header);

  const ImageTable* images_;
  const ContainerTable* containers_;
  bool used_ = false;
  JournalWants wants_;
  JournalExtent extent_;
  /** The image noted last: most events follow one of the same process. */
  uint32_t noted_ = 0;
};

}  // namespace wasprey
