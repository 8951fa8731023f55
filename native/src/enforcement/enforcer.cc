#include "enforcement/enforcer.h"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "loading/bpf_error.h"
#include "loading/bpf_hooks.h"
#include "system/clocks.h"
#include "system/root_cgroup.h"

namespace wasprey {
namespace {

constexpr CgroupEnforcer kCgroupEnforcers[] = {
#define PROGRAM(name, type) {#name, type},
    WASPREY_CGROUP_ENFORCERS(PROGRAM)
#undef PROGRAM
};

/** Event types, and the programs that enforce rules on them. */
struct Family {
  std::vector<uint64_t> types;
  std::vector<std::string_view> programs;
};

#define EVENT_TYPE(call, type) type,
const Family kOpens = {{WASPREY_ENFORCED_OPENS(EVENT_TYPE)}, {"enforce_open", "enforce_passed"}};
const Family kExecs = {{EVENT_EXECVE}, {"enforce_exec"}};
const Family kSockets = {
    {WASPREY_ENFORCED_REACHES(EVENT_TYPE)},
    {"enforce_socket", "enforce_send", "enforce_send_many", "enforce_passed", "enforce_passed_many", "enforce_connect4",
     "enforce_connect6", "enforce_sendmsg4", "enforce_sendmsg6"}};
#undef EVENT_TYPE

/** Programs on hooks of security modules, and the calls that they refuse. */
struct LsmEnforcer {
  std::string_view program;
  const Family* calls;
};

/** How often an agent notes that it is there. */
constexpr uint64_t kNotedNs = 100'000'000;

const LsmEnforcer kLsmEnforcers[] = {{"enforce_file_open", &kOpens}, {"enforce_program", &kExecs}};

}  // namespace

Status Enforcer::MakeMaps(const PinSettings* settings) {
  auto taken = programs_->MakeEnforcementMaps(settings);
  if (!taken) return std::move(taken.error());
  if (counts_.data() != nullptr) return std::nullopt;
  auto counts =
      Mapping::Map(MapFd("enforce_counts"), sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, 0, "counts of enforcement");
  if (!counts) return std::move(counts.error());
  counts_ = std::move(*counts);
  has_taken_maps_ = *taken;
  return std::nullopt;
}

/** Loads what the rules need, all at a time: an object costs 90 ms. */
void Enforcer::Load(const EnforcementTable& table) {
  std::set<std::string_view> needed;
  for (const Family* family : {&kOpens, &kExecs, &kSockets}) {
    if (table.Concerns(family->types)) needed.insert(family->programs.begin(), family->programs.end());
  }
  for (const auto& [program, calls] : kLsmEnforcers) {
    if (table.RefusesByLsm(calls->types)) needed.insert(program);
  }
  const Status failed = programs_->LoadEnforcers(needed);
  missing_.clear();
  for (const std::string_view name : needed) {
    if (programs_->Find(name) >= 0) continue;
    missing_.push_back({std::string(name), programs_->RefusalOf(name).value_or(failed ? failed->detail : "")});
  }
}

/** A link that is pinned goes on with the program that it has: see TakeOver(). */
void Enforcer::AttachToRoot(const PinSettings* pins) {
  if (!links_.empty()) return;
  const FileDescriptor root = OpenRootCgroup();
  const int error = errno;
  for (const CgroupEnforcer& enforcer : kCgroupEnforcers) {
    const int program = programs_->Find(enforcer.program);
    if (program < 0) continue;
    FileDescriptor pinned = pins == nullptr ? FileDescriptor() : EnforcementPins(*pins).Link(enforcer.program);
    const bool is_taken = static_cast<bool>(pinned);
    FileDescriptor link =
        is_taken ? std::move(pinned)
                 : FileDescriptor(root ? bpf_link_create(program, root.get(), enforcer.type, nullptr) : -1);
    if (!link) {
      missing_.push_back({std::string(enforcer.program), BpfErrorText(root ? errno : error)});
      continue;
    }
    links_.push_back({&enforcer, std::move(link), is_taken});
  }
}

/** Puts this agent's programs in place of those of an agent before, which have decided until now: the kernel replaces
 * the program of a link at once, so that each call is decided by one of both. */
void Enforcer::TakeOver() {
  for (RootLink& link : links_) {
    if (!std::exchange(link.is_taken, false)) continue;
    const int program = programs_->Find(link.enforcer->program);
    if (bpf_link_update(link.fd.get(), program, nullptr) == 0) continue;
    // It is not what its name says, or was detached.
    const FileDescriptor root = OpenRootCgroup();
    FileDescriptor fresh(root ? bpf_link_create(program, root.get(), link.enforcer->type, nullptr) : -1);
    if (!fresh) missing_.push_back({std::string(link.enforcer->program), BpfErrorText(errno)});
    link.fd = std::move(fresh);
  }
  std::erase_if(links_, [](const RootLink& link) { return !link.fd; });
}

/** Called when no program of an agent before is in use any more. */
void Enforcer::CountUnattended() {
  if (!std::exchange(has_taken_maps_, false)) return;
  const uint64_t now = Now(CLOCK_BOOTTIME);
  UnattendedEnforcement found{};
  for (uint32_t i = 0; i < ENFORCE_OUTCOMES; i++) {
    found.outcomes[i] = __atomic_load_n(&counts()->outcomes[i], __ATOMIC_RELAXED) - counts()->attended[i];
  }
  found.ago = now - std::min<uint64_t>(now, counts()->attended_at);
  unattended_ = found;
}

/** The links last: without them nothing is in force. */
Status Enforcer::Pin(const PinSettings& settings) {
  const EnforcementPins pins(settings);
  // Until all maps are pinned they carry no settings. If this agent dies in between, the next one does not take over
  // what was recorded of cgroups (IsBySameSettings()).
  writable_counts()->never = 0;
  for (const char* const name : kPinnedMaps) {
    if (auto failed = pins.HoldMap(name, MapFd(name))) return failed;
  }
  writable_counts()->never = settings.never;
  for (const RootLink& link : links_) {
    if (auto failed = pins.HoldLink(link.enforcer->program, link.fd.get())) return failed;
  }
  pins.RemoveOtherLayouts();
  if (std::exchange(is_pinned_, true)) return std::nullopt;
  std::copy(std::begin(counts()->outcomes), std::end(counts()->outcomes), std::begin(noted_outcomes_));
  noted_at_ = Now(CLOCK_BOOTTIME) - kNotedNs;
  NoteAttended();
  return std::nullopt;
}

/** What had happened when it was noted before: the events of that have been read since. */
void Enforcer::NoteAttended() {
  if (!is_pinned_) return;
  const uint64_t now = Now(CLOCK_BOOTTIME);
  if (now - noted_at_ < kNotedNs) return;
  enforce_counts* const counts = writable_counts();
  for (uint32_t i = 0; i < ENFORCE_OUTCOMES; i++) {
    counts->attended[i] = noted_outcomes_[i];
    noted_outcomes_[i] = __atomic_load_n(&counts->outcomes[i], __ATOMIC_RELAXED);
  }
  counts->attended_at = noted_at_;
  noted_at_ = now;
}

void Enforcer::DisownPins() {
  if (is_pinned_) writable_counts()->never = 0;
}

/** What these programs can't refuse is left to the others. */
void Enforcer::AttachToHooks(EnforcementTable* table) {
  for (const auto& [program, calls] : kLsmEnforcers) {
    if (!table->RefusesByLsm(calls->types) || hooks_.contains(program)) continue;
    const int fd = programs_->Find(program);
    FileDescriptor link(fd < 0 ? -1 : bpf_raw_tracepoint_open(nullptr, fd));
    if (link) {
      hooks_.insert_or_assign(program, std::move(link));
      continue;
    }
    if (fd >= 0) missing_.push_back({std::string(program), BpfErrorText(errno)});
    table->RefuseNothingByLsm(calls->types);
  }
}

Status Enforcer::Use(EnforcementTable* table) {
  const PinSettings* const pins = table->pins() ? &*table->pins() : nullptr;
  if (auto failed = MakeMaps(pins)) return failed;
  Load(*table);
  const bool concerns_sockets = table->Concerns(kSockets.types);
  if (concerns_sockets) AttachToRoot(pins);
  if (links_.size() < std::size(kCgroupEnforcers)) table->DecideLate();
  AttachToHooks(table);
  // All programs are in their places before any of them has the rules: what one refuses, another one finishes.
  if (auto failed = tables_->Enforce(*programs_, true)) return failed;
  const uint32_t key = 0;
  const int map = table->fd();
  if (bpf_map_update_elem(MapFd("enforcements"), &key, &map, BPF_ANY) != 0)
    return LoadError("Changing the enforced rules", errno);
  TakeOver();
  CountUnattended();
  is_pinned_ = is_pinned_ && pins != nullptr;
  if (const Status failed = pins == nullptr ? std::nullopt : Pin(*pins))
    missing_.push_back({"responses.pinned", failed->message + " " + failed->detail});
  // The rules before may have needed them until now.
  if (!concerns_sockets) links_.clear();
  for (const auto& [program, calls] : kLsmEnforcers) {
    if (!table->RefusesByLsm(calls->types)) hooks_.erase(program);
  }
  return std::nullopt;
}

Status Enforcer::End() {
  if (MapFd("enforcements") < 0) return std::nullopt;
  const uint32_t key = 0;
  static_cast<void>(bpf_map_delete_elem(MapFd("enforcements"), &key));
  links_.clear();
  hooks_.clear();
  missing_.clear();
  is_pinned_ = false;
  Status failed = tables_->Enforce(*programs_, false);
  counts_ = Mapping();
  programs_->ForgetEnforcers();
  return failed;
}

}  // namespace wasprey
