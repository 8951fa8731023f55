#include "capture/enforcement.h"

#include <utility>

namespace wasprey {

Status Enforcement::Prepare(uint32_t bank, std::span<const uint8_t> tables, std::span<const uint64_t> rules,
                            std::optional<PinSettings> pins) {
  if (!source_->IsOpen()) return Error{"CAPTURE_STATE", "The capture was not started.", ""};
  auto maps = source_->PrepareEnforcement(pins ? &*pins : nullptr);
  if (!maps) return std::move(maps.error());
  auto table = EnforcementTable::Make(tables, rules, maps->crowd);
  if (!table) return std::move(table.error());
  (*table)->PinBy(std::move(pins));
  if ((*table)->tables().agent == 0) {
    const uint32_t process = source_->ThisProcess();
    if (process == 0)
      return Error{"CAPTURE_ENFORCEMENT", "The agent's own process is not known to the kernel's programs.", ""};
    (*table)->Protect(process, kernel_tables_->ContainerCgroupOf(process));
  }
  if (!kernel_tables_->places().IsUsed()) kernel_tables_->NotePlaces(maps->places);
  kernel_tables_->UseEnforcement(bank, table->get());
  tables_[bank] = std::move(*table);
  return std::nullopt;
}

Status Enforcement::Use(std::optional<uint32_t> bank) {
  EnforcementTable* const table = bank ? tables_[*bank].get() : nullptr;
  if (bank && table == nullptr) return Error{"CAPTURE_STATE", "That bank has no rules to enforce.", ""};
  if (table == nullptr) kernel_tables_->NotePlaces(-1);
  Status failed = source_->Enforce(table);
  for (uint32_t other = 0; other < IMAGE_CANDIDATE_BANKS; other++) {
    if (failed || tables_[other].get() == table) continue;
    kernel_tables_->UseEnforcement(other, nullptr);
    tables_[other].reset();
  }
  return failed;
}

void Enforcement::RenewPermits() {
  source_->DisownPins();
  kernel_tables_->places().RenewPermits();
}

}  // namespace wasprey
