// The rules that the kernel enforces: tables for each bank of candidates, of which one is in use. They may change while
// the capture runs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "enforcement/enforcement_table.h"
#include "images/kernel_tables.h"
#include "source/event_source.h"

namespace wasprey {

class Enforcement {
 public:
  Enforcement(EventSource* source, KernelTables* kernel_tables) : source_(source), kernel_tables_(kernel_tables) {}

  /** Makes the tables of a bank, which are updated with processes from now on, but not in use yet. */
  Status Prepare(uint32_t bank, std::span<const uint8_t> tables, std::span<const uint64_t> rules,
                 std::optional<PinSettings> pins);
  /** Enforces the rules of a bank in place of those before, or none. */
  Status Use(std::optional<uint32_t> bank);
  /** Permits given from now on belong to new settings, those of the next Use(). */
  void RenewPermits();
  /** Places and permits of containers: see EnforcedPlaces. */
  EnforcedPlaces& places() { return kernel_tables_->places(); }

 private:
  EventSource* source_;
  KernelTables* kernel_tables_;
  std::unique_ptr<EnforcementTable> tables_[IMAGE_CANDIDATE_BANKS];
};

}  // namespace wasprey
