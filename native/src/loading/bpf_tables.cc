// All writes are atomic: a word at a time, or an entry of a map.

#include "loading/bpf_tables.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <iterator>
#include <utility>

#include "loading/bpf_error.h"
#include "loading/bpf_hooks.h"

namespace wasprey {
namespace {

/** Maps that only BPF programs write to. Frozen, system calls can't change them. */
constexpr std::string_view kFrozen[] = {
    "images",       "orphaned_images", "user_shares",    "ring_shares",       "draft_spaces",
    "passed_calls", "requests",        "request_shares", "silent_requests",   "kept_places",
    "receives",     "known_peers",     "connecting",     "remembered_passed", "remembered_resolved",
};

std::string LinkName(std::string_view program, std::string_view place) {
  return place.empty() ? std::string(program) : std::string(program).append(" on ").append(place);
}

}  // namespace

void BpfTables::Clear() {
  const std::lock_guard lock(mutex_);
  seals_ = {};
}

void BpfTables::NoteMaps(const BpfObject& maps) {
  const std::lock_guard lock(mutex_);
  bpf_map* map;
  bpf_object__for_each_map(map, maps.get()) {
    const std::string_view name = bpf_map__name(map);
    seals_.AddMap(std::string(name), bpf_map__fd(map));
    // If a kernel does not support it, nothing else changes.
    const bool is_frozen = std::find(std::begin(kFrozen), std::end(kFrozen), name) != std::end(kFrozen);
    if (is_frozen) static_cast<void>(bpf_map_freeze(bpf_map__fd(map)));
  }
}

void BpfTables::NoteLink(std::string_view program, std::string_view tracepoint, int link) {
  const std::lock_guard lock(mutex_);
  seals_.AddLink(LinkName(program, tracepoint), link);
}

void BpfTables::ForgetLink(std::string_view program, std::string_view place) {
  const std::lock_guard lock(mutex_);
  seals_.RemoveLink(LinkName(program, place));
}

Status BpfTables::FillPrograms(const BpfPrograms& programs) {
  for (const auto& set : programs.sets()) {
    if (auto failed = FillTable(*set)) return failed;
  }
  return std::nullopt;
}

Status BpfTables::FillTable(const ProgramSet& set) {
  for (const Slot& slot : kSlots) {
    const bool replaced =
        enforces_ && std::any_of(std::begin(kEnforcerSlots), std::end(kEnforcerSlots),
                                 [&](const Slot& one) { return one.key == slot.key && set.Find(one.program) >= 0; });
    if (replaced) continue;
    if (auto failed = Fill(set, slot)) return failed;
  }
  if (!enforces_) return std::nullopt;
  for (const Slot& slot : kEnforcerSlots) {
    if (auto failed = Fill(set, slot)) return failed;
  }
  return std::nullopt;
}

/** Does nothing for a program that is not loaded. */
Status BpfTables::Fill(const ProgramSet& set, const Slot& slot) {
  const int fd = set.Find(slot.program);
  if (fd < 0) return std::nullopt;
  if (bpf_map_update_elem(set.Table(), &slot.key, &fd, BPF_ANY) != 0)
    return LoadError("Filling the table of programs", errno);
  const std::lock_guard lock(mutex_);
  seals_.SetSlot(slot.key, std::string(slot.program), set.Table(), fd);
  return std::nullopt;
}

/** Slots that only enforcement has are emptied last: a program in another one may be on its way to them. */
Status BpfTables::Enforce(const BpfPrograms& programs, bool enforces) {
  enforces_ = enforces;
  if (auto failed = FillPrograms(programs)) return failed;
  if (enforces) return std::nullopt;
  for (const Slot& slot : kEnforcerSlots) {
    if (std::any_of(std::begin(kSlots), std::end(kSlots), [&](const Slot& plain) { return plain.key == slot.key; }))
      continue;
    for (const auto& set : programs.sets()) {
      static_cast<void>(bpf_map_delete_elem(set->Table(), &slot.key));
      const std::lock_guard lock(mutex_);
      seals_.ClearSlot(set->Table(), slot.key);
    }
  }
  return std::nullopt;
}

void BpfTables::Use(capture_shared* shared, int filters) {
  shared_ = shared;
  filters_ = filters;
}

void BpfTables::WriteCalls(const std::set<uint64_t>& wanted) {
  uint64_t words[WANTED_WORDS] = {};
  for (const uint64_t type : wanted) words[type / 64] |= uint64_t{1} << type % 64;
  std::array<call_hook, CALLS> calls{};
  for (const Change& change : kChanges) calls[change.call].change = change.kind;
  for (const Hook& hook : kHooks) {
    if (!wanted.contains(hook.wanted)) continue;
    calls[hook.call].type = hook.type;
    calls[hook.call].slot = SlotOf(hook.program);
  }
  if (SettlesRequests(wanted)) calls[IO_URING_ENTER].slot = SLOT_SETTLE;
  const std::lock_guard lock(mutex_);
  std::copy(std::begin(words), std::end(words), wanted_words_.begin());
  calls_ = calls;
  rules_++;
  PutBackCalls();
}

Status BpfTables::UseFilter(int map) {
  const uint32_t key = 0;
  const auto expect = [&](std::optional<int> filter) {
    const std::lock_guard lock(mutex_);
    return std::exchange(filter_, filter);
  };
  const auto before = expect(std::nullopt);
  const bool failed = map < 0 ? bpf_map_delete_elem(filters_, &key) != 0 && errno != ENOENT
                              : bpf_map_update_elem(filters_, &key, &map, BPF_ANY) != 0;
  const int error = errno;
  expect(failed ? before : map);
  if (failed) return LoadError("Changing the kernel filter", error);
  return std::nullopt;
}

void BpfTables::Check(Attachment attachment, Findings* findings) {
  const std::lock_guard lock(mutex_);
  // While bpf(2) looks an entry up, the kernel runs no program on trace events of that CPU, even if the task is
  // preempted then: 10 calls were lost in 1.3 s. There only the canary notices a removed entry.
  const bool looks_up = attachment == Attachment::kRawTracepoints;
  seals_.Check(looks_up, findings);
  if (PutBackCalls()) findings->push_back({"wanted", "", 0, true});
  if (looks_up) CheckFilter(findings);
}

/** Writes which calls are reported. Returns whether the table had other contents. */
bool BpfTables::PutBackCalls() {
  bool changed = false;
  const auto put = [&](auto* word, auto value) {
    changed |= __atomic_exchange_n(word, value, __ATOMIC_ACQ_REL) != value;
  };
  for (size_t i = 0; i < WANTED_WORDS; i++) put(&shared_->wanted[i], __u64{wanted_words_[i]});
  for (size_t i = 0; i < CALLS; i++) {
    put(reinterpret_cast<uint32_t*>(&shared_->calls[i]), std::bit_cast<uint32_t>(calls_[i]));
  }
  put(&shared_->rules, __u64{rules_});
  return changed;
}

void BpfTables::CheckFilter(Findings* findings) {
  if (!filter_) return;
  const uint32_t key = 0;
  uint32_t id = 0;
  if (bpf_map_lookup_elem(filters_, &key, &id) != 0) {
    if (errno != ENOENT) return;  // The map itself is gone, which is a finding already.
    id = 0;
  }
  if (id == (*filter_ < 0 ? 0 : MapId(*filter_))) return;
  const bool failed = *filter_ < 0 ? bpf_map_delete_elem(filters_, &key) != 0
                                   : bpf_map_update_elem(filters_, &key, &*filter_, BPF_ANY) != 0;
  findings->push_back({"filter", "", id, !failed});
}

}  // namespace wasprey
