// BPF programs read the entries of processes while they are written: the image id is taken out first and put in last.

#include "enforcement/enforcement_table.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "loading/bpf_error.h"
#include "loading/mapped_table.h"

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
                                                                 std::span<const uint64_t> rules, int crowd) {
  if (!Fits(tables, rules)) return Error{"CAPTURE_ENFORCEMENT", "The tables of enforcement have wrong sizes.", ""};
  auto table = MappedTable::Make("enforcement", sizeof(enforcement), "enforced rules");
  if (!table) return std::move(table.error());
  memcpy(table->memory.data(), tables.data(), tables.size());
  // Its own: the other maps may end before it.
  FileDescriptor own(fcntl(crowd, F_DUPFD_CLOEXEC, 0));
  if (!own) return LoadError("Keeping the map of crowded processes", errno);
  return std::unique_ptr<EnforcementTable>(
      new EnforcementTable(std::move(table->map), std::move(table->memory), std::move(own), rules));
}

EnforcementTable::EnforcementTable(FileDescriptor map, Mapping memory, FileDescriptor crowd,
                                   std::span<const uint64_t> rules)
    : map_(std::move(map)),
      memory_(std::move(memory)),
      crowd_(std::move(crowd)),
      tables_(reinterpret_cast<enforcement*>(memory_.data())),
      rules_(rules.begin(), rules.end()) {}

/** Other tables use the map. */
EnforcementTable::~EnforcementTable() {
  for (const uint64_t id : crowded_) TakeOutOfCrowd(id);
}

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

uint64_t EnforcementTable::ClausesOf(const image& process, uint32_t bank) const {
  uint64_t clauses = 0;
  for (size_t i = 0; i < rules_.size(); i += 2) {
    const uint64_t word = process.candidates[bank * IMAGE_CANDIDATE_WORDS + rules_[i] / 64];
    // All ones stand for words that no module has set.
    if (word != ~uint64_t{0} && (word >> rules_[i] % 64 & 1) != 0) clauses |= rules_[i + 1];
  }
  return clauses;
}

void EnforcementTable::Fill(const image& process, uint32_t bank) {
  if (process.id == 0 || rules_.empty()) return;
  enforce_process& entry = tables_->processes[process.id % ENFORCE_PROCESSES];
  const uint64_t clauses = ClausesOf(process, bank);
  if (entry.image != 0 && entry.image != process.id) {
    JoinCrowd({process.id, clauses});
    return;
  }
  __atomic_store_n(&entry.image, 0, __ATOMIC_SEQ_CST);
  entry.clauses = clauses;
  __atomic_store_n(&entry.image, process.id, __ATOMIC_SEQ_CST);
  LeaveCrowd(process.id);
}

/** If there is no room, the process is not known to the kernel's programs, and alerts on its calls say so. */
void EnforcementTable::JoinCrowd(const enforce_process& process) {
  const enforce_crowded key{process.image, tables_->serial};
  if (bpf_map_update_elem(crowd_.get(), &key, &process, BPF_ANY) == 0) {
    crowded_.insert(process.image);
  } else {
    LeaveCrowd(process.image);
  }
}

void EnforcementTable::Forget(uint64_t id) {
  enforce_process& entry = tables_->processes[id % ENFORCE_PROCESSES];
  if (entry.image == id) __atomic_store_n(&entry.image, 0, __ATOMIC_SEQ_CST);
  LeaveCrowd(id);
}

void EnforcementTable::LeaveCrowd(uint64_t id) {
  if (crowded_.erase(id) > 0) TakeOutOfCrowd(id);
}

void EnforcementTable::TakeOutOfCrowd(uint64_t id) const {
  const enforce_crowded key{id, tables_->serial};
  static_cast<void>(bpf_map_delete_elem(crowd_.get(), &key));
}

}  // namespace wasprey
