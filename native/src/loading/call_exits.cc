#include "loading/call_exits.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "loading/attachment.h"
#include "loading/bpf_error.h"
#include "loading/bpf_hooks.h"
#include "loading/missing_hook_reports.h"

namespace wasprey {
namespace {

/** The BTF id of a type that is not a function. */
constexpr uint32_t kNoFunction = 1;

/** A program that does nothing. */
constexpr bpf_insn kReturnZero[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
};

struct FreeTypes {
  void operator()(btf* types) const { btf__free(types); }
};

/** Loads a program for the exit of a function, by its BTF id. */
FileDescriptor LoadForExit(uint32_t function, const char* name, const bpf_insn* code, size_t length) {
  bpf_prog_load_opts options{};
  options.sz = sizeof options;
  options.expected_attach_type = BPF_TRACE_FEXIT;
  options.attach_btf_id = function;
  return FileDescriptor(bpf_prog_load(BPF_PROG_TYPE_TRACING, name, kLicense, code, length, &options));
}

FileDescriptor LinkToExit(const CallFunction& function, int program) {
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.tracing.cookie = function.cookie();
  return FileDescriptor(bpf_link_create(program, 0, BPF_TRACE_FEXIT, &options));
}

Error NoFexit(std::string reason) { return Error{"CAPTURE_NO_FEXIT", std::move(reason), ""}; }

/** By errno. */
std::string RefusalOfFexit() { return "the kernel refuses programs of the type fexit (" + BpfErrorText(errno) + ")"; }

/** Attaches a program that does nothing, for a moment. */
Status TryExit(const CallFunction& function) {
  const FileDescriptor program = LoadForExit(function.id, "try_exit", kReturnZero, std::size(kReturnZero));
  if (!program) return NoFexit(RefusalOfFexit());
  const FileDescriptor link = LinkToExit(function, program.get());
  if (!link) return NoFexit("the kernel refuses to attach one to " + function.name + " (" + BpfErrorText(errno) + ")");
  return std::nullopt;
}

}  // namespace

Result<std::vector<CallFunction>> FunctionsForExits() {
  if (AttachmentHere() != Attachment::kRawTracepoints) return NoFexit("Linux 7.0 and newer may preempt them");
  // Reading the kernel's types takes 60 ms, which a policy against such programs makes needless.
  const FileDescriptor none = LoadForExit(kNoFunction, "no_exit", kReturnZero, std::size(kReturnZero));
  if (errno == EPERM) return NoFexit(RefusalOfFexit());
  BeginBpfLog();
  const std::unique_ptr<btf, FreeTypes> types(btf__load_vmlinux_btf());
  if (!types) return NoFexit("the kernel's types can't be read (" + BpfErrorText(errno) + ")");
  CallFunctions functions = FindCallFunctions(types.get());
  if (!functions.hidden.empty() || functions.found.empty()) {
    std::string names;
    for (const std::string& name : functions.hidden) names.append(names.empty() ? "" : ", ").append(name);
    return NoFexit("the kernel's types lack the functions of " + (names.empty() ? "all calls" : names));
  }
  if (auto failed = TryExit(functions.found.front())) return std::move(*failed);
  return std::move(functions.found);
}

void CallExits::AttachTo(const ProgramSet& set, const CallFunction& function, BpfTables* tables) {
  const auto& code = set.on_call().instructions;
  FileDescriptor program = LoadForExit(function.id, "on_call", code.data(), code.size());
  FileDescriptor link = program ? LinkToExit(function, program.get()) : FileDescriptor();
  const int error = errno;
  const std::lock_guard lock(mutex_);
  if (!link) {
    missing_.insert_or_assign(function.name, UnattachedExit(function, BpfErrorText(error)));
    return;
  }
  missing_.erase(function.name);
  tables->NoteLink(kOnCall, function.name, link.get());
  exits_.insert_or_assign(function.name, Exit{&function, std::move(program), std::move(link)});
}

void CallExits::Attach(const BpfPrograms& programs, const std::set<uint64_t>& event_types, BpfTables* tables) {
  for (const auto& set : programs.sets()) {
    for (const CallFunction& function : set->functions()) {
      if (function.IsNeeded(event_types) && !exits_.contains(function.name)) AttachTo(*set, function, tables);
    }
  }
}

void CallExits::Detach(const std::set<uint64_t>& event_types, BpfTables* tables) {
  std::vector<Exit> unneeded;
  std::unique_lock lock(mutex_);
  for (auto exit = exits_.begin(); exit != exits_.end();) {
    const bool is_needed = exit->second.function->IsNeeded(event_types);
    if (!is_needed) {
      tables->ForgetLink(kOnCall, exit->first);
      AddRuns(exit->second.program.get(), &detached_);
      unneeded.push_back(std::move(exit->second));
    }
    exit = is_needed ? std::next(exit) : exits_.erase(exit);
  }
  // The kernel takes its time to detach; meanwhile others may read.
  lock.unlock();
}

void CallExits::AddTo(std::vector<ProgramRuns>* runs) const {
  const auto of_all =
      std::find_if(runs->begin(), runs->end(), [](const ProgramRuns& one) { return one.name == kOnCall; });
  if (of_all == runs->end()) return;
  const std::lock_guard lock(mutex_);
  of_all->runs += detached_.runs;
  of_all->nanoseconds += detached_.nanoseconds;
  of_all->missed += detached_.missed;
  for (const auto& [name, exit] : exits_) AddRuns(exit.program.get(), &*of_all);
}

std::vector<MissingHook> CallExits::missing() const {
  const std::lock_guard lock(mutex_);
  std::vector<MissingHook> all;
  for (const auto& [name, hook] : missing_) all.push_back(hook);
  return all;
}

}  // namespace wasprey
