// Each part of the programs is an object of its own, opened from the same file, that shares the maps of the first. Of a
// part the descriptors of its programs are kept: libbpf's own memory of it is 2 MB.
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
#include <thread>

#include "background.h"
#include "bpf_error.h"
#include "bpf_hooks.h"

namespace wasprey {
namespace {

constexpr size_t kMostParts = 3;

bool IsWanted(std::string_view program, const std::set<uint64_t>& event_types) {
  return !ServesEvents(program) || std::any_of(std::begin(kHooks), std::end(kHooks), [&](const Hook& hook) {
    return hook.program == program && event_types.contains(hook.wanted);
  });
}

}  // namespace

Status BpfPrograms::MakeMaps(const ProgramConstants& constants, const std::function<Status(BpfObject*)>& size) {
  constants_ = constants;
  auto object = BpfObject::Open(path_);
  if (!object) return std::move(object.error());
  if (auto failed = size(&*object)) return failed;
  bpf_program* program;
  bpf_object__for_each_program(program, object->get()) bpf_program__set_autoload(program, false);
  const int error = bpf_object__load(object->get());
  if (error != 0) return LoadError("Making the BPF maps", -error);
  maps_ = std::move(*object);
  return std::nullopt;
}

void BpfPrograms::Clear() {
  const std::lock_guard lock(mutex_);
  programs_.clear();
  maps_.reset();
}

/** What is to be loaded, the longest first, each to the part that has least. */
std::vector<std::set<std::string_view>> BpfPrograms::Split(const std::set<uint64_t>& event_types) const {
  std::vector<std::pair<size_t, std::string_view>> programs;
  bpf_program* program;
  bpf_object__for_each_program(program, maps().get()) {
    const std::string_view name = bpf_program__name(program);
    if (IsWanted(name, event_types) && Find(name) < 0) programs.emplace_back(bpf_program__insn_cnt(program), name);
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

Status BpfPrograms::LoadPart(const std::set<std::string_view>& programs) {
  BeginBpfLog();
  auto object = BpfObject::Open(path_);
  if (!object) return std::move(object.error());
  if (auto failed = object->SetConstant("ring_size", constants_.ring_size)) return failed;
  if (auto failed = object->SetConstant("ring_secret", constants_.ring_secret)) return failed;
  if (auto failed = object->SetConstant("page_kb", sysconf(_SC_PAGESIZE) / 1024)) return failed;
  bpf_map* map;
  bpf_object__for_each_map(map, object->get()) {
    const int shared = bpf_map__is_internal(map) ? -1 : maps().MapFd(bpf_map__name(map));
    if (shared >= 0 && bpf_map__reuse_fd(map, shared) != 0) return LoadError("Sharing the maps", errno);
  }
  bpf_program* program;
  bpf_object__for_each_program(program, object->get()) {
    bpf_program__set_autoload(program, programs.contains(bpf_program__name(program)));
  }
  const int error = bpf_object__load(object->get());
  if (error != 0) return LoadError("Loading the BPF programs", -error);
  const std::lock_guard lock(mutex_);
  bpf_object__for_each_program(program, object->get()) {
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

bool BpfPrograms::Has(const std::set<uint64_t>& event_types) const {
  return std::all_of(std::begin(kHooks), std::end(kHooks),
                     [&](const Hook& hook) { return !event_types.contains(hook.wanted) || Find(hook.program) >= 0; });
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
