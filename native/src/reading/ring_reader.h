// Reads the event rings of all CPUs: finds complete records, and releases their room.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "completing/completion.h"
#include "records/kernel_layout.h"
#include "source/plan.h"
#include "source/ring_memory.h"

namespace wasprey {

class RingReader {
 public:
  /**
   * `memory` holds the CPUs' rings one after the other, `ring_stride` apart; `controls` their control words.
   * `ring_size` may be less than planned, where the kernel limits the size of a map.
   */
  RingReader(const Plan& plan, uint32_t ring_size, uint32_t ring_stride, RingMemory* memory, ring_control* controls,
             uint64_t secret);

  /** Records the heads of the rings. Images of events before these are in the lifecycle ring by now. */
  void TakeHeads();

  /** Whether a complete record waits to be read. */
  bool HasEvents() const;

  /**
   * Walks the records before the recorded heads, gives each to `complete(std::byte* record, uint32_t address)`, and
   * writes the addresses of events to evaluate as pairs [from, to). Ends early when `segments` or scratch is full, or
   * when kBatchBytes were read: then the next walk continues. Returns the number of pairs.
   */
  template <typename Complete>
  size_t Walk(std::span<uint32_t> segments, Complete complete);

  /** Returns the room of the walked records to the kernel. */
  void Release();

  /** Whether an eighth of a ring or more waits to be read, so that reading is urgent. */
  bool IsFilling() const;

  /** Head of each ring now; for PastAll(). */
  void CopyHeads(std::vector<uint64_t>* heads) const;
  /** Whether each ring was read past the head noted (or is empty: a head may move back when a record ends early). */
  bool PastAll(const std::vector<uint64_t>& heads) const;
  /** The reader's position in each ring. */
  void CopyPositions(std::vector<uint64_t>* positions) const;
  /** How often the reader's position in a ring was changed from outside; it was restored. */
  uint64_t moved() const { return moved_; }

  const std::vector<uint64_t>& evaluated() const { return evaluated_; }
  /** The same, from any thread. */
  std::vector<uint64_t> CopyEvaluated() const;
  uint64_t malformed() const { return malformed_; }
  double high_water() const { return static_cast<double>(high_water_) / static_cast<double>(mask_ + 1); }

 private:
  /**
   * Most bytes per batch: few enough that evaluation finds them in the second-level cache, and that the kernel gets
   * its room back soon; enough that the calls around it do not matter.
   */
  static constexpr uint64_t kBatchBytes = 512 << 10;

  struct Ring {
    /** As the sandbox reads it. */
    const std::byte* data;
    ring_control* control;
    uint32_t address;
    /** Read up to here; released up to control->tail. */
    uint64_t position = 0;
    uint64_t head = 0;
    /** What control->tail was set to last. */
    uint64_t released = 0;
  };

  static uint64_t Load(const __u64& word) { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }

  template <typename Complete>
  bool WalkRing(Ring& ring, uint64_t limit, std::span<uint32_t> segments, size_t* pairs, Complete complete);
  uint64_t Resynchronise(const Ring& ring, uint64_t position) const;
  bool IsWhole(const Ring& ring, uint64_t position) const {
    const auto* header = reinterpret_cast<const event_header*>(ring.data + (position & mask_));
    return Load(header->commit) == position + secret_;
  }

  RingMemory* memory_;
  uint64_t mask_;
  uint64_t secret_;
  std::vector<Ring> rings_;
  /** Where the next walk starts, so that no CPU is always last. */
  size_t first_ = 0;
  std::vector<uint64_t> evaluated_;
  uint64_t malformed_ = 0;
  uint64_t moved_ = 0;
  uint64_t high_water_ = 0;
};

template <typename Complete>
size_t RingReader::Walk(std::span<uint32_t> segments, Complete complete) {
  const size_t room = segments.size() / 2;
  size_t pairs = 0;
  size_t waiting = 0;
  for (const Ring& ring : rings_) waiting += ring.head > ring.position;
  if (waiting == 0) return 0;
  const uint64_t share = std::max<uint64_t>(kBatchBytes / waiting, 4096);
  for (size_t i = 0; i < rings_.size() && pairs < room; i++) {
    Ring& ring = rings_[(first_ + i) % rings_.size()];
    if (ring.head <= ring.position) continue;
    if (!WalkRing(ring, std::min(ring.head, ring.position + share), segments, &pairs, complete)) break;
  }
  first_ = (first_ + 1) % rings_.size();
  return pairs;
}

/** False when scratch is full, or the kernel refuses memory to write to the ring. */
template <typename Complete>
bool RingReader::WalkRing(Ring& ring, uint64_t limit, std::span<uint32_t> segments, size_t* pairs, Complete complete) {
  uint32_t from = 0;
  uint32_t to = 0;
  const auto close_segment = [&] {
    if (from == to) return;
    segments[*pairs * 2] = from;
    segments[*pairs * 2 + 1] = to;
    (*pairs)++;
  };
  bool has_room = true;
  while (ring.position < limit && IsWhole(ring, ring.position)) {
    const auto offset = static_cast<uint32_t>(ring.position & mask_);
    auto* header = reinterpret_cast<const event_header*>(ring.data + offset);
    const uint32_t size = header->size;
    if (size < sizeof(event_header) || size % 8 != 0 || size > LONGEST_RECORD) {
      malformed_++;
      ring.position = Resynchronise(ring, ring.position);
      continue;
    }
    const uint32_t address = ring.address + offset;
    if (address != to) {
      // The ring was restarted, or a record was skipped.
      close_segment();
      if (*pairs * 2 + 2 > segments.size()) return true;
      from = to = address;
    }
    std::byte* const record = memory_->ToWrite(address, size);
    const Outcome outcome = record == nullptr ? Outcome::kFull : complete(record, address);
    if (outcome == Outcome::kFull) {
      has_room = false;
      break;
    }
    ring.position += size;
    if (outcome == Outcome::kMalformed) {
      malformed_++;
      close_segment();
      from = to = 0;
      if (*pairs * 2 + 2 > segments.size()) return true;
      continue;
    }
    uint64_t& evaluated = evaluated_[header->type];
    __atomic_store_n(&evaluated, evaluated + 1, __ATOMIC_RELAXED);
    to = address + size;
  }
  close_segment();
  return has_room;
}

}  // namespace wasprey
