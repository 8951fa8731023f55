// Each part of a set is a separate object, opened from the same file, that shares the maps of the first. Only the
// descriptors of a part's programs are kept, because libbpf needs 2 MB for an object.

#include "program_set.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>

#include "background.h"
#include "bpf_error.h"
#include "bpf_hooks.h"
#include "missing_hook.h"

namespace wasprey {
namespace {

/** Room for the verifier's log of a program. Memory only where it is written to, which is on a refusal. */
constexpr size_t kVerifierLog = 4 << 20;

/** The program that reports calls in place of which one enforces; the name itself for others. */
std::string_view ReporterOf(std::string_view program) {
  if (!IsForEnforcement(program)) return program;
  for (const Slot& enforcer : kEnforcerSlots) {
    if (enforcer.program != program) continue;
    for (const Slot& slot : kSlots) {
      if (slot.key == enforcer.key) return slot.program;
    }
  }
  return program;
}

}  // namespace

Status ProgramSet::MakeTable() {
  if (options_.functions.empty()) return std::nullopt;
  table_ = FileDescriptor(
      bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "programs", sizeof(uint32_t), sizeof(uint32_t), SLOT_COUNT, nullptr));
  if (!table_) return LoadError("Making a table of programs", errno);
  return std::nullopt;
}

/** Whether a program is ever in this set. */
bool ProgramSet::Belongs(std::string_view program) const {
  if (!IsFor(options_.attachment, program)) return false;
  if (!options_.on_exits) return true;
  const Reached reached = ReachedFrom(program);
  if (options_.functions.empty()) return reached != Reached::kFromCalls;
  return reached != Reached::kFromTracepoints && Serves(program, nullptr);
}

/** Whether the set's functions lead to a program; with types: for events of these, or for changes. */
bool ProgramSet::Serves(std::string_view program, const std::set<uint64_t>* event_types) const {
  const auto any = [&](auto matches) {
    return std::any_of(options_.functions.begin(), options_.functions.end(), matches);
  };
  const std::string_view reporter = ReporterOf(program);
  const bool compat = any([](const CallFunction& function) { return function.compat != kNoCall; });
  if (reporter == "on_compat" || reporter == "write_passed" || reporter == "write_passed_many") return compat;
  if (reporter == "on_requests_settled") {
    return any([](const CallFunction& function) { return function.native == IO_URING_ENTER; });
  }
  if (reporter == "on_change") {
    return any([](const CallFunction& function) {
      return std::any_of(std::begin(kChanges), std::end(kChanges),
                         [&](const Change& change) { return change.call == function.native; });
    });
  }
  if (!ServesEvents(reporter)) return true;
  return any([&](const CallFunction& function) {
    return std::any_of(std::begin(kHooks), std::end(kHooks), [&](const Hook& hook) {
      return hook.call == function.native && hook.program == reporter &&
             (event_types == nullptr || event_types->contains(hook.wanted));
    });
  });
}

bool ProgramSet::Needs(std::string_view program, const std::set<uint64_t>& event_types) const {
  return Belongs(program) && IsNeeded(program, event_types) &&
         (options_.functions.empty() || Serves(program, &event_types));
}

/** Distributes the programs to load, the longest first, each to the part with the least. */
std::vector<std::set<std::string_view>> ProgramSet::Split(const BpfObject& all, const std::set<uint64_t>& event_types,
                                                          size_t threads) const {
  std::vector<std::pair<size_t, std::string_view>> programs;
  bpf_program* program;
  bpf_object__for_each_program(program, all.get()) {
    const std::string_view name = bpf_program__name(program);
    if (Needs(name, event_types) && !IsSettled(name)) programs.emplace_back(bpf_program__insn_cnt(program), name);
  }
  std::sort(programs.rbegin(), programs.rend());
  std::vector<std::set<std::string_view>> parts(std::min(programs.size(), threads));
  std::vector<size_t> lengths(parts.size());
  for (const auto& [length, name] : programs) {
    const size_t least = std::min_element(lengths.begin(), lengths.end()) - lengths.begin();
    parts[least].insert(name);
    lengths[least] += length;
  }
  return parts;
}

/** One program that is refused fails the load of its whole part, which is then loaded again without it. */
Status ProgramSet::LoadPart(std::set<std::string_view> programs, const ProgramConstants& constants) {
  Status failed;
  while (!programs.empty()) {
    Attempt attempt = TryToLoad(programs, constants);
    if (!attempt.failed) break;
    if (attempt.refused.empty()) return attempt.failed;
    if (!IsOptional(attempt.refused)) {
      failed = std::move(attempt.failed);
      if (options_.after_refusal == AfterRefusal::kFail) break;
    }
    programs.erase(attempt.refused);
  }
  return failed;
}

ProgramSet::Attempt ProgramSet::TryToLoad(const std::set<std::string_view>& programs,
                                          const ProgramConstants& constants) {
  BeginBpfLog();
  auto object = BpfObject::Open(options_.path);
  if (!object) return {std::move(object.error()), ""};
  if (auto failed = Configure(&*object, programs, constants)) return {std::move(failed), ""};
  std::vector<std::unique_ptr<char[]>> logs;
  bpf_program* program;
  bpf_object__for_each_program(program, object->get()) {
    if (!bpf_program__autoload(program)) continue;
    logs.push_back(std::make_unique_for_overwrite<char[]>(kVerifierLog));
    logs.back()[0] = '\0';
    bpf_program__set_log_buf(program, logs.back().get(), kVerifierLog);
  }
  const int error = bpf_object__load(object->get());
  return error == 0 ? Attempt{Keep(*object), ""} : NoteRefusal(*object, -error);
}

/** Constants, maps and choice of programs of an object that is to be loaded. */
Status ProgramSet::Configure(BpfObject* object, const std::set<std::string_view>& programs,
                             const ProgramConstants& constants) const {
  if (auto failed = object->SetConstant("ring_size", constants.ring_size)) return failed;
  if (auto failed = object->SetConstant("ring_secret", constants.ring_secret)) return failed;
  if (auto failed = object->SetConstant("page_kb", sysconf(_SC_PAGESIZE) / 1024)) return failed;
  const bool on_trace_events = options_.attachment == Attachment::kTraceEvents;
  if (auto failed = object->SetConstant("on_trace_events", on_trace_events)) return failed;
  if (auto failed = object->SetConstant("on_exits", options_.on_exits)) return failed;
  bpf_map* map;
  bpf_object__for_each_map(map, object->get()) {
    const char* const map_name = bpf_map__name(map);
    const int shared = bpf_map__is_internal(map)                  ? -1
                       : std::string_view(map_name) == "programs" ? Table()
                                                                  : map_(map_name);
    if (shared >= 0 && bpf_map__reuse_fd(map, shared) != 0) return LoadError("Sharing the maps", errno);
    if (shared < 0 && IsForEnforcement(map_name)) bpf_map__set_autocreate(map, false);
  }
  bpf_program* program;
  bpf_object__for_each_program(program, object->get()) {
    const std::string_view name = bpf_program__name(program);
    bpf_program__set_autoload(program, programs.contains(name));
    if (auto failed = SetType(program)) return failed;
  }
  return std::nullopt;
}

/** Programs on tracepoints are of the type of raw ones in the object file. */
Status ProgramSet::SetType(bpf_program* program) const {
  const std::string_view name = bpf_program__name(program);
  if (bpf_program__type(program) != BPF_PROG_TYPE_RAW_TRACEPOINT || IsRunByReader(name)) return std::nullopt;
  if (options_.attachment == Attachment::kTraceEvents) bpf_program__set_type(program, BPF_PROG_TYPE_TRACEPOINT);
  if (options_.functions.empty() || !bpf_program__autoload(program)) return std::nullopt;
  bpf_program__set_type(program, BPF_PROG_TYPE_TRACING);
  bpf_program__set_expected_attach_type(program, BPF_TRACE_FEXIT);
  const std::string& function = options_.functions.front().name;
  if (bpf_program__set_attach_target(program, 0, function.c_str()) != 0)
    return LoadError("Finding the function " + function, errno);
  return std::nullopt;
}

/** The verifier has written to the log of the last program that it checked; to no log if it did not start. */
ProgramSet::Attempt ProgramSet::NoteRefusal(const BpfObject& object, int error) {
  const bpf_program* refused = nullptr;
  std::string log;
  bpf_program* program;
  bpf_object__for_each_program(program, object.get()) {
    size_t size = 0;
    const char* const text = bpf_program__log_buf(program, &size);
    if (text == nullptr || text[0] == '\0') continue;
    refused = program;
    log.assign(text, strnlen(text, size));
  }
  const bool is_passing = error == ENOMEM || error == EINTR || error == EAGAIN;
  if (refused == nullptr || is_passing) return {LoadError("Loading the BPF programs", error), ""};
  const std::string name = bpf_program__name(refused);
  const std::string verdict = VerdictOf(log);
  const std::string detail = verdict.empty() ? BpfErrorText(error) : BpfErrorText(error) + ": " + verdict;
  const std::lock_guard lock(mutex_);
  refused_.insert_or_assign(name, RefusedProgram{name, bpf_program__section_name(refused), detail});
  return {RefusalError(name, error, log), name};
}

/** Keeps the descriptors of the programs of an object that is loaded. */
Status ProgramSet::Keep(const BpfObject& object) {
  const std::lock_guard lock(mutex_);
  bpf_program* program;
  bpf_object__for_each_program(program, object.get()) {
    if (!bpf_program__autoload(program)) continue;
    if (!options_.functions.empty() && bpf_program__name(program) == kOnCall) {
      if (auto failed = KeepCode(program)) return failed;
    }
    FileDescriptor fd(fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0));
    if (!fd) return LoadError("Keeping the BPF programs", errno);
    programs_.insert_or_assign(bpf_program__name(program), LoadedProgram{std::move(fd), bpf_program__type(program)});
  }
  return std::nullopt;
}

/** The maps of the object are closed with it. */
Status ProgramSet::KeepCode(const bpf_program* program) {
  const bpf_insn* const begin = bpf_program__insns(program);
  ProgramCode code;
  code.instructions.assign(begin, begin + bpf_program__insn_cnt(program));
  for (size_t i = 0; i < code.instructions.size(); i++) {
    bpf_insn& instruction = code.instructions[i];
    const bool is_wide = instruction.code == (BPF_LD | BPF_IMM | BPF_DW);
    if (is_wide && (instruction.src_reg == BPF_PSEUDO_MAP_FD || instruction.src_reg == BPF_PSEUDO_MAP_VALUE)) {
      FileDescriptor map(fcntl(instruction.imm, F_DUPFD_CLOEXEC, 0));
      if (!map) return LoadError("Keeping the BPF programs", errno);
      instruction.imm = map.get();
      code.maps.push_back(std::move(map));
    }
    i += is_wide;
  }
  on_call_ = std::move(code);
  return std::nullopt;
}

Status ProgramSet::Load(const BpfObject& all, const std::set<uint64_t>& event_types, const ProgramConstants& constants,
                        size_t threads) {
  std::vector<Background> loading;
  for (auto& part : Split(all, event_types, threads)) {
    loading.emplace_back([this, &constants, part = std::move(part)] { return LoadPart(part, constants); });
  }
  Status failed;
  for (Background& part : loading) {
    if (auto status = part.Take()) failed = std::move(status);
  }
  return failed;
}

Status ProgramSet::LoadAll(const std::set<std::string_view>& programs, const ProgramConstants& constants) {
  std::set<std::string_view> ours;
  std::copy_if(programs.begin(), programs.end(), std::inserter(ours, ours.end()),
               [&](std::string_view name) { return Belongs(name) && Find(name) < 0; });
  return LoadPart(std::move(ours), constants);
}

void ProgramSet::Clear() {
  const std::lock_guard lock(mutex_);
  programs_.clear();
  refused_.clear();
  table_ = FileDescriptor();
}

void ProgramSet::ForgetEnforcers() {
  const std::lock_guard lock(mutex_);
  std::erase_if(programs_, [](const auto& program) { return IsForEnforcement(program.first); });
  std::erase_if(refused_, [](const auto& program) { return IsForEnforcement(program.first); });
}

bool ProgramSet::Has(const BpfObject& all, const std::set<uint64_t>& event_types) const {
  bpf_program* program;
  bpf_object__for_each_program(program, all.get()) {
    const std::string_view name = bpf_program__name(program);
    if (Needs(name, event_types) && !IsSettled(name)) return false;
  }
  return true;
}

/** It is loaded, or the kernel refuses it and would do so again. */
bool ProgramSet::IsSettled(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return programs_.contains(name) || refused_.contains(name);
}

std::vector<RefusedProgram> ProgramSet::Refused() const {
  const std::lock_guard lock(mutex_);
  std::vector<RefusedProgram> refused;
  for (const auto& [name, program] : refused_) refused.push_back(program);
  return refused;
}

int ProgramSet::Find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = programs_.find(name);
  return found == programs_.end() ? -1 : found->second.fd.get();
}

void ProgramSet::ForEach(const std::function<void(const std::string&, const LoadedProgram&)>& visit) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, program] : programs_) visit(name, program);
}

}  // namespace wasprey
