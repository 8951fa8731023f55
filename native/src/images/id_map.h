// A hash table from 64-bit ids to table indices: open addressing, so that the lookup of an event's image is one or two
// cache lines.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace wasprey {

class IdMap {
 public:
  static constexpr uint32_t kNone = 0xffffffff;

  IdMap() : slots_(1024) {}

  /** The index stored for `id` (not 0), or kNone. */
  uint32_t Find(uint64_t id) const {
    for (size_t at = Home(id);; at = Next(at)) {
      if (slots_[at].id == id) return slots_[at].index;
      if (slots_[at].id == 0) return kNone;
    }
  }

  /** Stores `index` for `id`, replacing an earlier one. */
  void Set(uint64_t id, uint32_t index) {
    if ((count_ + 1) * 2 > slots_.size()) Grow();
    size_t at = Home(id);
    while (slots_[at].id != 0 && slots_[at].id != id) at = Next(at);
    if (slots_[at].id == 0) count_++;
    slots_[at] = {id, index};
  }

  void Erase(uint64_t id) {
    size_t hole = Home(id);
    while (slots_[hole].id != id) {
      if (slots_[hole].id == 0) return;
      hole = Next(hole);
    }
    count_--;
    // Following entries move up unless their home is after the hole: no tombstones.
    for (size_t at = Next(hole); slots_[at].id != 0; at = Next(at)) {
      if (((at - Home(slots_[at].id)) & Mask()) < ((at - hole) & Mask())) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = {};
  }

 private:
  struct Slot {
    uint64_t id = 0;
    uint32_t index = kNone;
  };

  size_t Mask() const { return slots_.size() - 1; }
  size_t Next(size_t at) const { return (at + 1) & Mask(); }
  // Fibonacci hashing: ids are consecutive numbers, or pids.
  size_t Home(uint64_t id) const { return (id * 0x9e3779b97f4a7c15) >> (64 - std::countr_zero(slots_.size())); }

  void Grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    count_ = 0;
    for (const Slot& slot : old) {
      if (slot.id != 0) Set(slot.id, slot.index);
    }
  }

  std::vector<Slot> slots_;
  size_t count_ = 0;
};

}  // namespace wasprey
