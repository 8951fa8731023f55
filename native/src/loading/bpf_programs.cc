// The verifier takes longest of all parts of a start. It works on one program at a time for each thread that loads: two
// threads on two CPUs take 60 % of the time of one. An object costs 90 ms of CPU time itself, nearly all of it for
// reading the kernel's types, so there is one: libbpf makes its programs ready, and the threads load them
// (ready_program.h).

#include "loading/bpf_programs.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <iterator>
#include <map>
#include <thread>
#include <utility>

#include "loading/bpf_error.h"
#include "loading/bpf_hooks.h"
#include "system/background.h"

namespace wasprey {
namespace {

constexpr size_t kMostThreads = 3;

auto LacksFor(const std::set<uint64_t>& event_types) {
  return [&](const ProgramSet& set, std::string_view program) { return set.Lacks(program, event_types); };
}

}  // namespace

/** The first set has the programs of the tracepoints, others those of the exits of functions of a prototype. */
void BpfPrograms::UseFunctions(const std::vector<CallFunction>& functions) {
  Clear();
  sets_.clear();
  options_.on_exits = !functions.empty();
  const auto add = [&](std::vector<CallFunction> of) {
    SetOptions options = options_;
    options.functions = std::move(of);
    sets_.push_back(
        std::make_unique<ProgramSet>(std::move(options), [this](const char* name) { return SharedMap(name); }));
  };
  add({});
  std::map<uint32_t, std::vector<CallFunction>> of_prototypes;
  for (const CallFunction& function : functions) of_prototypes[function.prototype].push_back(function);
  for (auto& [prototype, of] : of_prototypes) add(std::move(of));
}

/** Descriptor of a map that the programs of all sets share; -1: it is not made. */
int BpfPrograms::SharedMap(const char* name) const {
  if (IsForEnforcement(name)) return EnforcementMapFd(name);
  return maps().MapFd(name);
}

/** Names of the programs that any set lacks. They last as long as the object. */
std::set<std::string_view> BpfPrograms::Lacking(const BpfObject& object, const std::set<uint64_t>& event_types) const {
  std::set<std::string_view> lacking;
  bpf_program* program;
  bpf_object__for_each_program(program, object.get()) {
    const std::string_view name = bpf_program__name(program);
    if (std::any_of(sets_.begin(), sets_.end(), [&](const auto& set) { return set->Lacks(name, event_types); }))
      lacking.insert(name);
  }
  return lacking;
}

Status BpfPrograms::Begin(const ProgramConstants& constants, const std::set<uint64_t>& event_types,
                          const std::function<Status(BpfObject*)>& size) {
  constants_ = constants;
  auto object = BpfObject::Open(options_.path);
  if (!object) return std::move(object.error());
  if (auto failed = size(&*object)) return failed;
  if (auto failed = sets_.front()->Configure(&*object, Lacking(*object, event_types), constants_)) return failed;
  bpf_map* map;
  bpf_object__for_each_map(map, object->get()) {
    if (IsForEnforcement(bpf_map__name(map))) bpf_map__set_autocreate(map, false);
  }
  std::vector<ReadyProgram> ready;
  const int error = LoadObject(*object, &ready);
  if (error != 0) return LoadError("Making the BPF maps", -error);
  bpf_program* program;
  bpf_object__for_each_program(program, object->get()) bpf_program__unload(program);
  maps_ = std::move(*object);
  for (const auto& set : sets_) {
    if (auto failed = set->MakeTable()) return failed;
  }
  return LoadIntoSets(*maps_, ready, LacksFor(event_types), LoadPace::kFast);
}

void BpfPrograms::Clear() {
  for (const auto& set : sets_) set->Clear();
  maps_.reset();
  enforcement_maps_.reset();
}

Status BpfPrograms::LoadForEvents(const std::set<uint64_t>& event_types, LoadPace pace) {
  return LoadNamed(Lacking(maps(), event_types), LacksFor(event_types), pace);
}

/** Loads programs by their names. Those that libbpf loads itself belong to the first set. If one of them is
 * refused, libbpf loads all programs, one set after the other. */
Status BpfPrograms::LoadNamed(const std::set<std::string_view>& programs, const Chooser& chooses, LoadPace pace) {
  BeginBpfLog();
  ProgramSet& first = *sets_.front();
  auto object = BpfObject::Open(options_.path);
  if (!object) return std::move(object.error());
  if (auto failed = first.Configure(&*object, programs, constants_)) return failed;
  if (auto failed = first.ShareMaps(&*object)) return failed;
  std::vector<ReadyProgram> ready;
  if (LoadObject(*object, &ready) != 0) {
    Status failed;
    for (const auto& set : sets_) {
      if (auto status = set->LoadMissing(programs, constants_)) failed = std::move(status);
    }
    return failed;
  }
  if (auto failed = first.Keep(*object, ready)) return failed;
  return LoadIntoSets(*object, ready, chooses, pace);
}

/** Each program into all sets that are to have it, the longest first. */
Status BpfPrograms::LoadIntoSets(const BpfObject& object, const std::vector<ReadyProgram>& ready,
                                 const Chooser& chooses, LoadPace pace) {
  std::vector<LoadJob> jobs;
  for (const auto& set : sets_) {
    for (const ReadyProgram& program : ready) {
      if (chooses(*set, program.name())) jobs.push_back({&program, set.get()});
    }
  }
  std::sort(jobs.begin(), jobs.end(), [](const LoadJob& one, const LoadJob& other) {
    return one.program->instructions().size() > other.program->instructions().size();
  });
  return RunJobs(jobs, object.MapFd("programs"), pace);
}

Status BpfPrograms::RunJobs(const std::vector<LoadJob>& jobs, int table, LoadPace pace) {
  const size_t processors = pace == LoadPace::kSparing ? 1 : std::max(1U, std::thread::hardware_concurrency());
  std::atomic<size_t> next = 0;
  const auto work = [&]() -> Status {
    BeginBpfLog();
    Status failed;
    for (size_t i = next++; i < jobs.size(); i = next++) {
      auto status = jobs[i].set->LoadReady(*jobs[i].program, table, constants_);
      if (!status) continue;
      failed = std::move(status);
      if (options_.after_refusal == AfterRefusal::kFail) next = jobs.size();
    }
    return failed;
  };
  std::vector<Background> loading;
  for (size_t i = 1; i < std::min({processors, kMostThreads, jobs.size()}); i++) loading.emplace_back(work);
  Status failed = work();
  for (Background& one : loading) {
    if (auto status = one.Take()) failed = std::move(status);
  }
  return failed;
}

/** All of them, or none, except permits of other settings. */
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
  auto object = BpfObject::Open(options_.path);
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

Status BpfPrograms::LoadEnforcers(const std::set<std::string_view>& programs) {
  // What was refused would be again, each time that rules are replaced.
  const auto lacks = [](const ProgramSet& set, std::string_view name) {
    return set.IsMissing(name) && !set.IsSettled(name);
  };
  std::set<std::string_view> ours;
  std::copy_if(programs.begin(), programs.end(), std::inserter(ours, ours.end()), [&](std::string_view name) {
    return std::any_of(sets_.begin(), sets_.end(), [&](const auto& set) { return lacks(*set, name); });
  });
  return ours.empty() ? std::nullopt : LoadNamed(ours, lacks, LoadPace::kFast);
}

void BpfPrograms::ForgetEnforcers() {
  for (const auto& set : sets_) set->ForgetEnforcers();
  enforcement_maps_.reset();
}

std::optional<std::string> BpfPrograms::RefusalOf(std::string_view name) const {
  for (RefusedProgram& program : Refused()) {
    if (program.name == name) return std::move(program.detail);
  }
  return std::nullopt;
}

std::vector<RefusedProgram> BpfPrograms::Refused() const {
  std::map<std::string, RefusedProgram> refused;
  for (const auto& set : sets_) {
    for (RefusedProgram& program : set->Refused()) refused.try_emplace(program.name, program);
  }
  std::vector<RefusedProgram> all;
  for (auto& [name, program] : refused) all.push_back(std::move(program));
  return all;
}

int BpfPrograms::Find(std::string_view name) const {
  for (const auto& set : sets_) {
    if (const int fd = set->Find(name); fd >= 0) return fd;
  }
  return -1;
}

std::vector<std::string> BpfPrograms::Names() const {
  std::set<std::string> names;
  for (const auto& set : sets_) {
    set->ForEach([&](const std::string& name, const LoadedProgram&) { names.insert(name); });
  }
  return {names.begin(), names.end()};
}

std::vector<ProgramRuns> BpfPrograms::Runs() const {
  std::map<std::string, ProgramRuns> runs;
  for (const auto& set : sets_) {
    set->ForEach([&](const std::string& name, const LoadedProgram& program) {
      AddRuns(program.fd.get(), &runs.try_emplace(name, ProgramRuns{name}).first->second);
    });
  }
  std::vector<ProgramRuns> all;
  for (auto& [name, of] : runs) all.push_back(std::move(of));
  return all;
}

void AddRuns(int program, ProgramRuns* runs) {
  bpf_prog_info info = {};
  uint32_t size = sizeof info;
  if (bpf_prog_get_info_by_fd(program, &info, &size) != 0) return;
  runs->runs += info.run_cnt;
  runs->nanoseconds += info.run_time_ns;
  runs->missed += info.recursion_misses;
}

}  // namespace wasprey
