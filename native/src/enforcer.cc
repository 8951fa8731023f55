#include "enforcer.h"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>
#include <string_view>

#include "bpf_error.h"
#include "bpf_hooks.h"

namespace wasprey {
namespace {

struct CgroupEnforcer {
  std::string_view program;
  bpf_attach_type type;
};

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

const Family kOpens = {{EVENT_OPEN, EVENT_OPENAT, EVENT_OPENAT2, EVENT_CREAT, EVENT_OPEN_BY_HANDLE_AT},
                       {"enforce_open", "enforce_passed"}};
const Family kExecs = {{EVENT_EXECVE}, {"enforce_exec"}};
const Family kSockets = {
    {EVENT_CONNECT, EVENT_SENDTO, EVENT_SENDMSG, EVENT_SENDMMSG},
    {"enforce_socket", "enforce_send", "enforce_send_many", "enforce_passed", "enforce_passed_many", "enforce_connect4",
     "enforce_connect6", "enforce_sendmsg4", "enforce_sendmsg6"}};

/** Programs on hooks of security modules, and the calls that they refuse. */
struct LsmEnforcer {
  std::string_view program;
  const Family* calls;
};

const LsmEnforcer kLsmEnforcers[] = {{"enforce_file_open", &kOpens}, {"enforce_program", &kExecs}};

}  // namespace

Status Enforcer::MakeMaps() {
  if (auto failed = programs_->MakeEnforcementMaps()) return failed;
  if (counts_.data() != nullptr) return std::nullopt;
  auto counts = Mapping::Map(MapFd("enforce_counts"), sysconf(_SC_PAGESIZE), PROT_READ, 0, "counts of enforcement");
  if (!counts) return std::move(counts.error());
  counts_ = std::move(*counts);
  return std::nullopt;
}

/** Loads what the rules need. */
void Enforcer::Load(const EnforcementTable& table) {
  std::set<std::string_view> needed;
  for (const Family* family : {&kOpens, &kExecs, &kSockets}) {
    if (table.Concerns(family->types)) needed.insert(family->programs.begin(), family->programs.end());
  }
  std::set<std::string_view> lacking;
  std::copy_if(needed.begin(), needed.end(), std::inserter(lacking, lacking.end()),
               [&](std::string_view name) { return programs_->Find(name) < 0; });
  const Status failed = programs_->LoadEnforcers(lacking);
  missing_.clear();
  for (const std::string_view name : needed) {
    if (programs_->Find(name) >= 0) continue;
    missing_.push_back({std::string(name), programs_->RefusalOf(name).value_or(failed ? failed->detail : "")});
  }
}

void Enforcer::AttachToRoot() {
  if (!links_.empty()) return;
  const FileDescriptor root = OpenRootCgroup();
  const int error = errno;
  for (const auto& [name, type] : kCgroupEnforcers) {
    const int program = programs_->Find(name);
    if (program < 0) continue;
    FileDescriptor link(root ? bpf_link_create(program, root.get(), type, nullptr) : -1);
    if (!link) {
      missing_.push_back({std::string(name), BpfErrorText(root ? errno : error)});
      continue;
    }
    links_.push_back(std::move(link));
  }
}

/** Each by itself: a kernel that lacks a hook fails the load of all that are loaded with its program. */
void Enforcer::AttachToHooks(EnforcementTable* table) {
  for (const auto& [program, calls] : kLsmEnforcers) {
    if (!table->RefusesByLsm(calls->types) || hooks_.contains(program)) continue;
    const Status failed = programs_->Find(program) < 0 ? programs_->LoadEnforcers({program}) : std::nullopt;
    const int fd = programs_->Find(program);
    FileDescriptor link(fd < 0 ? -1 : bpf_raw_tracepoint_open(nullptr, fd));
    if (link) {
      hooks_.insert_or_assign(program, std::move(link));
      continue;
    }
    const std::string reason =
        fd < 0 ? programs_->RefusalOf(program).value_or(failed ? failed->detail : "") : BpfErrorText(errno);
    missing_.push_back({std::string(program), reason});
    table->RefuseNothingByLsm(calls->types);
  }
}

Status Enforcer::Use(EnforcementTable* table) {
  if (auto failed = MakeMaps()) return failed;
  Load(*table);
  const bool concerns_sockets = table->Concerns(kSockets.types);
  if (concerns_sockets) AttachToRoot();
  if (links_.size() < std::size(kCgroupEnforcers)) table->DecideLate();
  AttachToHooks(table);
  // All programs are in their places before any of them has the rules: what one refuses, another one finishes.
  if (auto failed = tables_->Enforce(*programs_, true)) return failed;
  const uint32_t key = 0;
  const int map = table->fd();
  if (bpf_map_update_elem(MapFd("enforcements"), &key, &map, BPF_ANY) != 0)
    return LoadError("Changing the enforced rules", errno);
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
  Status failed = tables_->Enforce(*programs_, false);
  counts_ = Mapping();
  programs_->ForgetEnforcers();
  return failed;
}

}  // namespace wasprey
