// Each part of the programs is a separate object, opened from the same file, that shares the maps of the first. Only
// the descriptors of a part's programs are kept, because libbpf needs 2 MB for an object.
//
// Nearly all of a start was the verifier (230 ms for the stock rules), which works on one program at a time for each
// thread that loads: two threads on two CPUs take 60 % of the time of one. An object costs 50 ms of CPU time itself,
// which is why there are no more than a few.

#include "bpf_programs.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include "background.h"
#include "bpf_error.h"
#include "bpf_hooks.h"
#include "missing_hook.h"

namespace wasprey {
namespace {

constexpr size_t kMostParts = 3;
/** Room for the verifier's log of a program. Memory only where it is written to, which is on a refusal. */
constexpr size_t kVerifierLog = 4 << 20;

}  // namespace

Status BpfPrograms::MakeMaps(const ProgramConstants& constants, const std::function<Status(BpfObject*)>& size) {
  constants_ = constants;
  auto object = BpfObject::Open(path_);
  if (!object) return std::move(object.error());
  if (auto failed = size(&*object)) return failed;
  bpf_program* program;
  bpf_object__for_each_program(program, object->get()) bpf_program__set_autoload(program, false);
  bpf_map* map;
  bpf_object__for_each_map(map, object->get()) {
    if (IsForEnforcement(bpf_map__name(map))) bpf_map__set_autocreate(map, false);
  }
  const int error = bpf_object__load(object->get());
  if (error != 0) return LoadError("Making the BPF maps", -error);
  maps_ = std::move(*object);
  return std::nullopt;
}

void BpfPrograms::Clear() {
  const std::lock_guard lock(mutex_);
  programs_.clear();
  refused_.clear();
  maps_.reset();
  enforcement_maps_.reset();
}

/** Distributes the programs to load, the longest first, each to the part with the least. */
std::vector<std::set<std::string_view>> BpfPrograms::Split(const std::set<uint64_t>& event_types) const {
  std::vector<std::pair<size_t, std::string_view>> programs;
  bpf_program* program;
  bpf_object__for_each_program(program, maps().get()) {
    const std::string_view name = bpf_program__name(program);
    if (IsFor(attachment_, name) && IsNeeded(name, event_types) && !IsSettled(name))
      programs.emplace_back(bpf_program__insn_cnt(program), name);
  }
  std::sort(programs.rbegin(), programs.rend());
  const size_t threads = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::set<std::string_view>> parts(std::min({programs.size(), threads, kMostParts}));
  std::vector<size_t> lengths(parts.size());
  for (const auto& [length, name] : programs) {
    const size_t least = std::min_element(lengths.begin(), lengths.end()) - lengths.begin();
    parts[least].insert(name);
    lengths[least] += length;
  }
  return parts;
}

/** One program that is refused fails the load of its whole part, which is then loaded again without it. */
Status BpfPrograms::LoadPart(std::set<std::string_view> programs) {
  Status failed;
  while (!programs.empty()) {
    Attempt attempt = TryToLoad(programs);
    if (!attempt.failed) break;
    if (attempt.refused.empty()) return attempt.failed;
    if (!IsOptional(attempt.refused)) {
      failed = std::move(attempt.failed);
      if (after_refusal_ == AfterRefusal::kFail) break;
    }
    programs.erase(attempt.refused);
  }
  return failed;
}

BpfPrograms::Attempt BpfPrograms::TryToLoad(const std::set<std::string_view>& programs) {
  BeginBpfLog();
  auto object = BpfObject::Open(path_);
  if (!object) return {std::move(object.error()), ""};
  if (auto failed = Configure(&*object, programs)) return {std::move(failed), ""};
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
Status BpfPrograms::Configure(BpfObject* object, const std::set<std::string_view>& programs) const {
  if (auto failed = object->SetConstant("ring_size", constants_.ring_size)) return failed;
  if (auto failed = object->SetConstant("ring_secret", constants_.ring_secret)) return failed;
  if (auto failed = object->SetConstant("page_kb", sysconf(_SC_PAGESIZE) / 1024)) return failed;
  const bool on_trace_events = attachment_ == Attachment::kTraceEvents;
  if (auto failed = object->SetConstant("on_trace_events", on_trace_events)) return failed;
  bpf_map* map;
  bpf_object__for_each_map(map, object->get()) {
    const char* const map_name = bpf_map__name(map);
    const int shared = bpf_map__is_internal(map)    ? -1
                       : IsForEnforcement(map_name) ? EnforcementMapFd(map_name)
                                                    : maps().MapFd(map_name);
    if (shared >= 0 && bpf_map__reuse_fd(map, shared) != 0) return LoadError("Sharing the maps", errno);
    if (shared < 0 && IsForEnforcement(map_name)) bpf_map__set_autocreate(map, false);
  }
  bpf_program* program;
  bpf_object__for_each_program(program, object->get()) {
    const std::string_view name = bpf_program__name(program);
    bpf_program__set_autoload(program, programs.contains(name));
    if (on_trace_events && bpf_program__type(program) == BPF_PROG_TYPE_RAW_TRACEPOINT && !IsRunByReader(name))
      bpf_program__set_type(program, BPF_PROG_TYPE_TRACEPOINT);
  }
  return std::nullopt;
}

/** The verifier has written to the log of the last program that it checked; to no log if it did not start. */
BpfPrograms::Attempt BpfPrograms::NoteRefusal(const BpfObject& object, int error) {
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
Status BpfPrograms::Keep(const BpfObject& object) {
  const std::lock_guard lock(mutex_);
  bpf_program* program;
  bpf_object__for_each_program(program, object.get()) {
    if (!bpf_program__autoload(program)) continue;
    FileDescriptor fd(fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0));
    if (!fd) return LoadError("Keeping the BPF programs", errno);
    programs_.insert_or_assign(bpf_program__name(program), LoadedProgram{std::move(fd), bpf_program__type(program)});
  }
  return std::nullopt;
}

Status BpfPrograms::Load(const std::set<uint64_t>& event_types) {
  std::vector<Background> loading;
  for (auto& part : Split(event_types)) {
    loading.emplace_back([this, part = std::move(part)] { return LoadPart(part); });
  }
  Status failed;
  for (Background& part : loading) {
    if (auto status = part.Take()) failed = std::move(status);
  }
  return failed;
}

/** All of them, or none, but for what was said of containers by other settings. */
bool BpfPrograms::ReuseMaps(const BpfObject& object, const PinSettings& settings) {
  const EnforcementPins pins(settings);
  std::vector<std::pair<bpf_map*, FileDescriptor>> found;
  for (const char* const name : kPinnedMaps) {
    if (name == kPinnedPlaces && !pins.IsBySameSettings()) continue;
    bpf_map* const map = object.Map(name);
    FileDescriptor pinned = pins.Map(name);
    bpf_map_info info{};
    uint32_t size = sizeof info;
    if (map == nullptr || !pinned || bpf_map_get_info_by_fd(pinned.get(), &info, &size) != 0) return false;
    if (info.type != static_cast<uint32_t>(bpf_map__type(map)) || info.key_size != bpf_map__key_size(map) ||
        info.value_size != bpf_map__value_size(map) || info.max_entries != bpf_map__max_entries(map))
      return false;
    found.emplace_back(map, std::move(pinned));
  }
  return std::all_of(found.begin(), found.end(),
                     [](const auto& one) { return bpf_map__reuse_fd(one.first, one.second.get()) == 0; });
}

/** An object of its own: the others are made before anybody enforces. */
Result<bool> BpfPrograms::MakeEnforcementMaps(const PinSettings* pins) {
  if (enforcement_maps_) return false;
  BeginBpfLog();
  auto object = BpfObject::Open(path_);
  if (!object) return std::move(object.error());
  bpf_program* program;
  bpf_object__for_each_program(program, object->get()) bpf_program__set_autoload(program, false);
  bpf_map* map;
  bpf_object__for_each_map(map, object->get()) {
    if (!IsForEnforcement(bpf_map__name(map))) bpf_map__set_autocreate(map, false);
  }
  const bool reused = pins != nullptr && ReuseMaps(*object, *pins);
  const int error = bpf_object__load(object->get());
  if (error != 0) return LoadError("Making the maps of enforcement", -error);
  enforcement_maps_ = std::move(*object);
  return reused;
}

Status BpfPrograms::LoadEnforcers(const std::set<std::string_view>& programs) { return LoadPart(programs); }

void BpfPrograms::ForgetEnforcers() {
  const std::lock_guard lock(mutex_);
  std::erase_if(programs_, [](const auto& program) { return IsForEnforcement(program.first); });
  std::erase_if(refused_, [](const auto& program) { return IsForEnforcement(program.first); });
  enforcement_maps_.reset();
}

std::optional<std::string> BpfPrograms::RefusalOf(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = refused_.find(name);
  if (found == refused_.end()) return std::nullopt;
  return found->second.detail;
}

bool BpfPrograms::Has(const std::set<uint64_t>& event_types) const {
  const auto settled = [&](std::string_view name) { return !IsNeeded(name, event_types) || IsSettled(name); };
  return std::all_of(std::begin(kHooks), std::end(kHooks), [&](const Hook& hook) { return settled(hook.program); }) &&
         std::all_of(std::begin(kTracepoints), std::end(kTracepoints),
                     [&](const Tracepoint& tracepoint) { return settled(tracepoint.program); });
}

/** It is loaded, or the kernel refuses it and would do so again. */
bool BpfPrograms::IsSettled(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return programs_.contains(name) || refused_.contains(name);
}

std::vector<RefusedProgram> BpfPrograms::Refused() const {
  const std::lock_guard lock(mutex_);
  std::vector<RefusedProgram> refused;
  for (const auto& [name, program] : refused_) refused.push_back(program);
  return refused;
}

int BpfPrograms::Find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = programs_.find(name);
  return found == programs_.end() ? -1 : found->second.fd.get();
}

void BpfPrograms::ForEach(const std::function<void(const std::string&, const LoadedProgram&)>& visit) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, program] : programs_) visit(name, program);
}

std::vector<ProgramRuns> BpfPrograms::Runs() const {
  std::vector<ProgramRuns> runs;
  ForEach([&](const std::string& name, const LoadedProgram& program) {
    bpf_prog_info info = {};
    uint32_t size = sizeof info;
    if (bpf_prog_get_info_by_fd(program.fd.get(), &info, &size) != 0) return;
    runs.push_back({name, info.run_cnt, info.run_time_ns, info.recursion_misses});
  });
  return runs;
}

}  // namespace wasprey
