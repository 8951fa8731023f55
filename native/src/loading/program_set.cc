// Programs that are not ready are loaded by an object of their own, opened from the same file, that shares the maps of
// the first. Only the descriptors of its programs are kept, because libbpf needs 2 MB for an object.

#include "loading/program_set.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>

#include "loading/bpf_error.h"
#include "loading/bpf_hooks.h"
#include "loading/missing_hook_reports.h"
#include "system/background.h"

namespace wasprey {
namespace {

/** Room for the verifier's log of a program. Memory only where it is written to, which is on a refusal. */
constexpr size_t kVerifierLog = 4 << 20;

/** The tracepoint or iterator that a program is for, by its section, so that libbpf looks for it before it loads. */
Status SetTarget(bpf_program* program) {
  const std::string_view section = bpf_program__section_name(program);
  const bool is_iterator = section.starts_with("iter.s/");
  if (!is_iterator && !section.starts_with("tp_btf/")) return std::nullopt;
  const std::string target(section.substr(section.find('/') + 1));
  if (is_iterator) bpf_program__set_flags(program, BPF_F_SLEEPABLE);
  if (bpf_program__set_attach_target(program, 0, target.c_str()) != 0)
    return LoadError("Finding the tracepoint " + target, errno);
  return std::nullopt;
}

}  // namespace

Status ProgramSet::MakeTable() {
  if (options_.functions.empty()) return std::nullopt;
  table_ = FileDescriptor(
      bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "programs", sizeof(uint32_t), sizeof(uint32_t), SLOT_COUNT, nullptr));
  if (!table_) return LoadError("Making a table of programs", errno);
  return std::nullopt;
}

/** One program that is refused fails the load of its whole part, which is then loaded again without it. */
Status ProgramSet::LoadPart(std::set<std::string_view> programs, const ProgramConstants& constants) {
  Status failed;
  while (!programs.empty()) {
    Attempt attempt = TryToLoad(programs, constants);
    if (!attempt.failed) break;
    if (attempt.refused.empty()) return attempt.failed;
    if (!std::all_of(attempt.refused.begin(), attempt.refused.end(), IsOptional)) {
      failed = std::move(attempt.failed);
      if (options_.after_refusal == AfterRefusal::kFail) break;
    }
    for (const std::string& name : attempt.refused) programs.erase(name);
  }
  return failed;
}

ProgramSet::Attempt ProgramSet::TryToLoad(const std::set<std::string_view>& programs,
                                          const ProgramConstants& constants) {
  BeginBpfLog();
  auto object = BpfObject::Open(options_.path);
  if (!object) return {std::move(object.error()), {}};
  if (auto failed = Configure(&*object, programs, constants)) return {std::move(failed), {}};
  if (auto failed = ShareMaps(&*object)) return {std::move(failed), {}};
  std::vector<std::unique_ptr<char[]>> logs;
  bpf_program* program;
  bpf_object__for_each_program(program, object->get()) {
    if (!bpf_program__autoload(program)) continue;
    if (auto failed = SetType(program)) return {std::move(failed), {}};
    logs.push_back(std::make_unique_for_overwrite<char[]>(kVerifierLog));
    logs.back()[0] = '\0';
    bpf_program__set_log_buf(program, logs.back().get(), kVerifierLog);
  }
  const int error = bpf_object__load(object->get());
  return error == 0 ? Attempt{Keep(*object, {}), {}} : NoteRefusal(*object, -error);
}

Status ProgramSet::Configure(BpfObject* object, const std::set<std::string_view>& programs,
                             const ProgramConstants& constants) const {
  if (auto failed = object->SetConstant("ring_size", constants.ring_size)) return failed;
  if (auto failed = object->SetConstant("ring_secret", constants.ring_secret)) return failed;
  if (auto failed = object->SetConstant("page_kb", sysconf(_SC_PAGESIZE) / 1024)) return failed;
  const bool on_trace_events = options_.attachment == Attachment::kTraceEvents;
  if (auto failed = object->SetConstant("on_trace_events", on_trace_events)) return failed;
  if (auto failed = object->SetConstant("on_exits", options_.on_exits)) return failed;
  bpf_program* program;
  bpf_object__for_each_program(program, object->get()) {
    const bool is_chosen = programs.contains(bpf_program__name(program));
    bpf_program__set_autoload(program, is_chosen);
    if (!is_chosen) continue;
    if (auto failed = SetTarget(program)) return failed;
  }
  return std::nullopt;
}

Status ProgramSet::ShareMaps(BpfObject* object) const {
  bpf_map* map;
  bpf_object__for_each_map(map, object->get()) {
    const char* const name = bpf_map__name(map);
    const int shared = bpf_map__is_internal(map) ? -1 : std::string_view(name) == "programs" ? Table() : map_(name);
    if (shared >= 0 && bpf_map__reuse_fd(map, shared) != 0) return LoadError("Sharing the maps", errno);
    if (shared < 0 && IsForEnforcement(name)) bpf_map__set_autocreate(map, false);
  }
  return std::nullopt;
}

/** Programs on tracepoints are of the type of raw ones in the object file. */
bpf_prog_type ProgramSet::TypeOf(std::string_view program, bpf_prog_type type) const {
  if (type != BPF_PROG_TYPE_RAW_TRACEPOINT || IsRunByReader(program)) return type;
  if (options_.attachment == Attachment::kTraceEvents) return BPF_PROG_TYPE_TRACEPOINT;
  return options_.functions.empty() ? type : BPF_PROG_TYPE_TRACING;
}

Status ProgramSet::SetType(bpf_program* program) const {
  const bpf_prog_type before = bpf_program__type(program);
  const bpf_prog_type type = TypeOf(bpf_program__name(program), before);
  if (type == before) return std::nullopt;
  bpf_program__set_type(program, type);
  if (type != BPF_PROG_TYPE_TRACING) return std::nullopt;
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
  if (refused == nullptr && error == EPERM) {
    return {LoadError("Loading the BPF programs", error), NoteUnpermitted(object)};
  }
  const bool is_passing = error == ENOMEM || error == EINTR || error == EAGAIN;
  if (refused == nullptr || is_passing) return {LoadError("Loading the BPF programs", error), {}};
  const std::string name = bpf_program__name(refused);
  const std::string verdict = VerdictOf(log);
  const std::string detail = verdict.empty() ? BpfErrorText(error) : BpfErrorText(error) + ": " + verdict;
  const std::lock_guard lock(mutex_);
  refused_.insert_or_assign(name, RefusedProgram{name, bpf_program__section_name(refused), detail});
  return {RefusalError(name, error, log), {name}};
}

/** Programs on control groups need a capability of their own, without which the kernel refuses them before it verifies
 * them. */
std::vector<std::string> ProgramSet::NoteUnpermitted(const BpfObject& object) {
  std::vector<std::string> names;
  const std::string missing = MissingNetworkCapability();
  if (missing.empty()) return names;
  const std::lock_guard lock(mutex_);
  bpf_program* program;
  bpf_object__for_each_program(program, object.get()) {
    if (!bpf_program__autoload(program) || bpf_program__type(program) != BPF_PROG_TYPE_CGROUP_SOCK_ADDR) continue;
    const std::string name = bpf_program__name(program);
    const std::string detail = BpfErrorText(EPERM) + ": " + missing;
    refused_.insert_or_assign(name, RefusedProgram{name, bpf_program__section_name(program), detail});
    names.push_back(name);
  }
  return names;
}

/** One that is refused is loaded once more, by libbpf: its log says why. */
Status ProgramSet::LoadReady(const ReadyProgram& program, int table, const ProgramConstants& constants) {
  bpf_prog_load_opts options = program.Options();
  const bpf_prog_type type = TypeOf(program.name(), program.type());
  if (type == BPF_PROG_TYPE_TRACING && type != program.type()) {
    options.expected_attach_type = BPF_TRACE_FEXIT;
    options.attach_btf_id = options_.functions.front().id;
  }
  std::vector<bpf_insn> code = program.WithMap(table, Table());
  FileDescriptor fd(bpf_prog_load(type, program.name().c_str(), kLicense, code.data(), code.size(), &options));
  if (!fd) return LoadPart({program.name()}, constants);
  return Keep(program.name(), type, std::move(fd), std::move(code));
}

Status ProgramSet::Keep(const BpfObject& object, const std::vector<ReadyProgram>& ready) {
  bpf_program* program;
  bpf_object__for_each_program(program, object.get()) {
    const std::string_view name = bpf_program__name(program);
    const bool is_ready =
        std::any_of(ready.begin(), ready.end(), [&](const ReadyProgram& one) { return one.name() == name; });
    if (!bpf_program__autoload(program) || is_ready) continue;
    FileDescriptor fd(fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0));
    if (!fd) return LoadError("Keeping the BPF programs", errno);
    const bpf_insn* const code = bpf_program__insns(program);
    if (auto failed =
            Keep(name, bpf_program__type(program), std::move(fd), {code, code + bpf_program__insn_cnt(program)}))
      return failed;
  }
  return std::nullopt;
}

Status ProgramSet::Keep(std::string_view program, bpf_prog_type type, FileDescriptor fd,
                        std::vector<bpf_insn> instructions) {
  const std::lock_guard lock(mutex_);
  if (!options_.functions.empty() && program == kOnCall) {
    if (auto failed = KeepCode(std::move(instructions))) return failed;
  }
  programs_.insert_or_assign(std::string(program), LoadedProgram{std::move(fd), type});
  return std::nullopt;
}

/** The maps of the object are closed with it. */
Status ProgramSet::KeepCode(std::vector<bpf_insn> instructions) {
  ProgramCode code{std::move(instructions), {}};
  for (bpf_insn& instruction : code.instructions) {
    if (!NamesMap(instruction)) continue;
    FileDescriptor map(fcntl(instruction.imm, F_DUPFD_CLOEXEC, 0));
    if (!map) return LoadError("Keeping the BPF programs", errno);
    instruction.imm = map.get();
    code.maps.push_back(std::move(map));
  }
  on_call_ = std::move(code);
  return std::nullopt;
}

Status ProgramSet::LoadMissing(const std::set<std::string_view>& programs, const ProgramConstants& constants) {
  std::set<std::string_view> ours;
  std::copy_if(programs.begin(), programs.end(), std::inserter(ours, ours.end()),
               [&](std::string_view name) { return IsMissing(name); });
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
