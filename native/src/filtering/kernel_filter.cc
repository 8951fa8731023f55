// BPF programs read the entries of processes while they are written: the image id is taken out first and put in last.

#include "filtering/kernel_filter.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstring>

#include "loading/mapped_table.h"

namespace wasprey {
namespace {

constexpr size_t kRulesWithBit = size_t{IMAGE_CANDIDATE_WORDS} * 64;
/** Size of the part that is written once; the processes follow. */
constexpr size_t kTables = offsetof(filter, processes);

/** The next serial of tables. 0 is that of no tables. */
uint64_t NextSerial() {
  static std::atomic<uint64_t> last = 0;
  return ++last;
}

bool Fits(const FilterTables& tables) {
  const size_t states = tables.accepted.size();
  return tables.types.size() == EVENT_TYPE_COUNT && tables.results.size() == size_t{2} * FILTER_FAMILIES &&
         tables.opens.size() == FILTER_OPEN_COMBINATIONS && tables.sockets.size() <= FILTER_SOCKET_KINDS &&
         tables.classes.size() == 256 && states > STATE_ENDINGS && states <= FILTER_STATES &&
         tables.possible.size() == states && tables.next.size() == states * FILTER_CLASSES &&
         tables.rules.size() == (kRulesWithBit + 1) * FILTER_FAMILIES &&
         std::all_of(tables.next.begin(), tables.next.end(), [&](uint16_t next) { return next < states; });
}

void Copy(const FilterTables& tables, filter* to) {
  std::copy(tables.types.begin(), tables.types.end(), to->types);
  std::copy(tables.results.begin(), tables.results.end(), &to->results[0][0]);
  std::copy(tables.opens.begin(), tables.opens.end(), to->opens);
  std::copy(tables.sockets.begin(), tables.sockets.end(), to->sockets);
  std::copy(tables.classes.begin(), tables.classes.end(), to->classes);
  to->any_path = tables.any_path;
  to->top_level = tables.top_level;
  to->ordinary_memory = tables.ordinary_memory;
  to->of_others = FILTER_EVERY_CLAUSE & ~tables.captured;
  for (size_t i = 0; i < tables.accepted.size(); i++) {
    filter_state& state = to->states[i];
    state.accepted = tables.accepted[i];
    state.possible = tables.possible[i];
    std::copy_n(tables.next.begin() + static_cast<ptrdiff_t>(i * FILTER_CLASSES), FILTER_CLASSES, state.next);
  }
}

}  // namespace

Result<std::unique_ptr<KernelFilter>> KernelFilter::Make(const FilterTables& tables) {
  if (!Fits(tables)) return Error{"CAPTURE_FILTER", "The tables of the kernel filter have wrong sizes.", ""};
  auto table = MappedTable::Make("kernel_filter", sizeof(filter), "kernel filter");
  if (!table) return std::move(table.error());
  return std::unique_ptr<KernelFilter>(new KernelFilter(std::move(table->map), std::move(table->memory), tables));
}

KernelFilter::KernelFilter(FileDescriptor map, Mapping memory, const FilterTables& tables)
    : map_(std::move(map)),
      memory_(std::move(memory)),
      filter_(reinterpret_cast<filter*>(memory_.data())),
      rules_(tables.rules.begin(), tables.rules.end()),
      captured_clause_(tables.captured),
      crowded_(FILTER_PROCESSES) {
  Copy(tables, original_.get());
  original_->serial = NextSerial();
  memcpy(filter_, original_.get(), kTables);
}

void KernelFilter::Fill(const image& process, uint32_t bank, bool captured) {
  const size_t place = process.id % FILTER_PROCESSES;
  const uint64_t there = original_->processes[place].image;
  const bool taken = there != 0 && there != FILTER_NO_IMAGE && there != process.id;
  if (!captured && there == process.id) captured_.erase(process.id);
  if (taken) {
    crowded_[place] = true;
    // Only a captured process needs the entry: others lose no event without one.
    const bool yields = captured && !captured_.contains(there);
    Miss(process.id, captured && !yields);
    if (!yields) return;
  }
  Miss(process.id, false);
  if (captured) captured_.insert(process.id);
  filter_process entry = {};
  std::copy_n(rules_.end() - FILTER_FAMILIES, FILTER_FAMILIES, entry.clauses);
  for (size_t word = 0; word < IMAGE_CANDIDATE_WORDS; word++) {
    for (uint64_t bits = process.candidates[bank * IMAGE_CANDIDATE_WORDS + word]; bits != 0; bits &= bits - 1) {
      const size_t rule = word * 64 + static_cast<size_t>(std::countr_zero(bits));
      for (size_t family = 0; family < FILTER_FAMILIES; family++)
        entry.clauses[family] |= rules_[rule * FILTER_FAMILIES + family];
    }
  }
  if (captured) std::fill(std::begin(entry.clauses), std::end(entry.clauses), FILTER_EVERY_CLAUSE);
  entry.image = process.id;
  original_->processes[place] = entry;
  Set(place, entry);
}

void KernelFilter::Forget(uint64_t id) {
  const size_t place = id % FILTER_PROCESSES;
  Miss(id, false);
  captured_.erase(id);
  filter_process& entry = original_->processes[place];
  if (entry.image != id) return;
  entry.image = crowded_[place] ? FILTER_NO_IMAGE : 0;
  __atomic_store_n(&filter_->processes[place].image, entry.image, __ATOMIC_SEQ_CST);
}

/** Notes whether a captured process lacks an entry: as long as one does, all that lack one may satisfy the clause of
 * captures. */
void KernelFilter::Miss(uint64_t id, bool missing) {
  const bool before = !missing_.empty();
  if (missing) {
    missing_.insert(id);
  } else {
    missing_.erase(id);
  }
  if (before == !missing_.empty()) return;
  original_->of_others = FILTER_EVERY_CLAUSE & ~(missing_.empty() ? captured_clause_ : 0);
  __atomic_store_n(&filter_->of_others, original_->of_others, __ATOMIC_SEQ_CST);
}

void KernelFilter::Set(size_t place, const filter_process& process) {
  filter_process& entry = filter_->processes[place];
  __atomic_store_n(&entry.image, 0, __ATOMIC_SEQ_CST);
  std::copy_n(process.clauses, FILTER_FAMILIES, entry.clauses);
  std::copy(std::begin(process.pad), std::end(process.pad), entry.pad);
  __atomic_store_n(&entry.image, process.image, __ATOMIC_SEQ_CST);
}

void KernelFilter::Check(Findings* findings) {
  if (memcmp(filter_, original_.get(), kTables) != 0) {
    memcpy(filter_, original_.get(), kTables);
    findings->push_back({"filter-tables", "", 0, true});
  }
  // What was remembered of changed ones is forgotten, also if they were put back before they were seen.
  original_->serial = NextSerial();
  __atomic_store_n(&filter_->serial, original_->serial, __ATOMIC_SEQ_CST);
  if (memcmp(filter_->processes, original_->processes, sizeof filter_->processes) == 0) return;
  uint64_t changed = 0;
  for (size_t place = 0; place < FILTER_PROCESSES; place++) {
    const filter_process& original = original_->processes[place];
    if (memcmp(&filter_->processes[place], &original, sizeof original) == 0) continue;
    Set(place, original);
    changed++;
  }
  findings->push_back({"filter-processes", "", changed, true});
}

}  // namespace wasprey
