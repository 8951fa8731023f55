// BPF programs read the entries of processes while they are written: the image id is taken out first and put in last.

#include "enforcement_table.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "mapped_table.h"

namespace wasprey {
namespace {

constexpr size_t kTables = offsetof(enforcement, processes);
constexpr size_t kRulesWithBit = size_t{IMAGE_CANDIDATE_WORDS} * 64;

bool Fits(std::span<const uint8_t> tables, std::span<const uint64_t> rules) {
  if (tables.size() != kTables || rules.size() % 2 != 0) return false;
  for (size_t i = 0; i < rules.size(); i += 2) {
    if (rules[i] >= kRulesWithBit) return false;
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<EnforcementTable>> EnforcementTable::Make(std::span<const uint8_t> tables,
                                                                 std::span<const uint64_t> rules) {
  if (!Fits(tables, rules)) return Error{"CAPTURE_ENFORCEMENT", "The tables of enforcement have wrong sizes.", ""};
  auto table = MappedTable::Make("enforcement", sizeof(enforcement), "enforced rules");
  if (!table) return std::move(table.error());
  memcpy(table->memory.data(), tables.data(), tables.size());
  return std::unique_ptr<EnforcementTable>(
      new EnforcementTable(std::move(table->map), std::move(table->memory), rules));
}

EnforcementTable::EnforcementTable(FileDescriptor map, Mapping memory, std::span<const uint64_t> rules)
    : map_(std::move(map)),
      memory_(std::move(memory)),
      tables_(reinterpret_cast<enforcement*>(memory_.data())),
      rules_(rules.begin(), rules.end()) {}

bool EnforcementTable::Concerns(std::span<const uint64_t> types) const {
  return std::any_of(types.begin(), types.end(), [&](uint64_t type) { return tables_->types[type] != 0; });
}

bool EnforcementTable::RefusesByLsm(std::span<const uint64_t> types) const {
  return std::any_of(types.begin(), types.end(),
                     [&](uint64_t type) { return (tables_->types[type] & tables_->lsm) != 0; });
}

void EnforcementTable::RefuseNothingByLsm(std::span<const uint64_t> types) {
  for (const uint64_t type : types) __atomic_and_fetch(&tables_->lsm, ~tables_->types[type], __ATOMIC_SEQ_CST);
}

void EnforcementTable::Fill(const image& process, uint32_t bank) {
  if (process.id == 0 || rules_.empty()) return;
  enforce_process& entry = tables_->processes[process.id % ENFORCE_PROCESSES];
  if (entry.image > process.id) return;
  uint64_t clauses = 0;
  for (size_t i = 0; i < rules_.size(); i += 2) {
    const uint64_t word = process.candidates[bank * IMAGE_CANDIDATE_WORDS + rules_[i] / 64];
    // All ones stand for words that no module has set.
    if (word != ~uint64_t{0} && (word >> rules_[i] % 64 & 1) != 0) clauses |= rules_[i + 1];
  }
  __atomic_store_n(&entry.image, 0, __ATOMIC_SEQ_CST);
  entry.clauses = clauses;
  __atomic_store_n(&entry.image, process.id, __ATOMIC_SEQ_CST);
}

void EnforcementTable::Forget(uint64_t id) {
  enforce_process& entry = tables_->processes[id % ENFORCE_PROCESSES];
  if (entry.image == id) __atomic_store_n(&entry.image, 0, __ATOMIC_SEQ_CST);
}

}  // namespace wasprey
