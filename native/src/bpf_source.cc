// Loading and attaching. Programs are loaded when an event type needs them first; those that come later are loaded as a
// second object that shares the maps of the first.

#include "bpf_source.h"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <future>
#include <map>
#include <set>

#include "bpf_error.h"
#include "bpf_object.h"
#include "event_types.h"

namespace wasprey {
namespace {

constexpr std::string_view kHookPrefix = "sys_exit_";
constexpr const char* kSnapshot = "snapshot_tasks";
constexpr const char* kSnapshotCurrent = "snapshot_current";
/** Smallest ring worth falling back to, where the kernel limits the size of a map (4 MB before Linux 6.12). */
constexpr uint32_t kSmallestFallback = 1 << 20;

size_t RoundUpToPage(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

/** The event type whose program this is, or null: then it is one that is always needed. */
const EventType* TypeOfProgram(std::string_view name) {
  if (!name.starts_with(kHookPrefix)) return nullptr;
  name.remove_prefix(kHookPrefix.size());
  const auto* const found = std::find_if(std::begin(kEventTypes), std::end(kEventTypes),
                                         [&](const EventType& type) { return type.name == name; });
  return found == std::end(kEventTypes) ? nullptr : found;
}

class BpfSource : public EventSource {
 public:
  BpfSource(const Plan& plan, std::byte* sandbox, std::string object)
      : plan_(plan), sandbox_(sandbox), path_(std::move(object)) {}

  Status Open(const std::vector<std::string>& event_types) override;
  Status Start(const std::function<void()>& drain) override;
  Status Attach(const std::vector<std::string>& event_types) override;
  int doorbell() const override { return objects_.empty() ? -1 : objects_.front().MapFd("doorbell"); }
  void ClearDoorbell() override {
    doorbell_.Drain([](const uint8_t*, size_t) {});
  }

 private:
  Status LoadFirst(uint32_t ring_size);
  Status LoadMore(const std::set<std::string>& names);
  Status Load(BpfObject* object, const std::set<std::string>& names, bool all_needed);
  Status MapMemory();
  Status RunSnapshot(const std::function<void()>& drain);
  Status AttachProgram(bpf_program* program);
  Status AttachTypes();

  Plan plan_;
  std::byte* sandbox_;
  std::string path_;
  std::vector<BpfObject> objects_;
  Mapping controls_;
  Mapping shared_;
  BpfRingBuffer lifecycle_;
  BpfRingBuffer doorbell_;
  std::set<std::string> wanted_;
  std::set<std::string> loaded_;
  std::map<std::string, BpfLink> links_;
};

Status BpfSource::Open(const std::vector<std::string>& event_types) {
  BeginBpfLog();
  if (auto failed = CheckKernel()) return failed;
  wanted_ = {event_types.begin(), event_types.end()};
  uint32_t ring_size = plan_.ring_size;
  Status failed = LoadFirst(ring_size);
  while (failed && failed->code == "CAPTURE_MEMORY" && ring_size > kSmallestFallback) {
    objects_.clear();
    ring_size /= 2;
    BeginBpfLog();
    failed = LoadFirst(ring_size);
  }
  return failed ? failed : MapMemory();
}

/** Loads what is always needed, and the hooks of the event types wanted. */
Status BpfSource::LoadFirst(uint32_t ring_size) {
  auto object = BpfObject::Open(path_);
  if (!object) return std::move(object.error());
  const uint32_t cpus = PossibleCpus();
  if (cpus > plan_.cpus) {
    return Error{
        "CAPTURE_PLAN",
        "The plan is for " + std::to_string(plan_.cpus) + " CPUs, this machine may have " + std::to_string(cpus) + ".",
        ""};
  }
  const auto ring_stride = static_cast<uint32_t>(RoundUpToPage(size_t{ring_size} + LONGEST_RECORD));
  memory_.secret = RandomSecret();
  memory_.ring_size = ring_size;
  memory_.ring_stride = ring_stride;
  if (auto failed = object->SetConstant("ring_size", ring_size)) return failed;
  if (auto failed = object->SetConstant("ring_secret", memory_.secret)) return failed;
  bpf_map* const rings = object->Map("rings");
  bpf_map* const controls = object->Map("ring_control");
  if (rings == nullptr || controls == nullptr) return LoadError("Finding the maps", ENOENT);
  bpf_map__set_value_size(rings, ring_stride);
  bpf_map__set_max_entries(rings, plan_.cpus);
  bpf_map__set_max_entries(controls, plan_.cpus);
  if (auto failed = Load(&*object, wanted_, true)) return failed;
  objects_.push_back(std::move(*object));
  return std::nullopt;
}

/** Loads hooks that were not wanted before, on the maps there are. */
Status BpfSource::LoadMore(const std::set<std::string>& names) {
  BeginBpfLog();
  auto object = BpfObject::Open(path_);
  if (!object) return std::move(object.error());
  if (auto failed = object->SetConstant("ring_size", memory_.ring_size)) return failed;
  if (auto failed = object->SetConstant("ring_secret", memory_.secret)) return failed;
  bpf_map* map;
  bpf_object__for_each_map(map, object->get()) {
    const char* const name = bpf_map__name(map);
    const int shared = bpf_map__is_internal(map) ? -1 : objects_.front().MapFd(name);
    if (shared >= 0 && bpf_map__reuse_fd(map, shared) != 0) return LoadError("Sharing the maps", errno);
  }
  if (auto failed = Load(&*object, names, false)) return failed;
  objects_.push_back(std::move(*object));
  return std::nullopt;
}

Status BpfSource::Load(BpfObject* object, const std::set<std::string>& names, bool all_needed) {
  bpf_program* program;
  bpf_object__for_each_program(program, object->get()) {
    const EventType* const type = TypeOfProgram(bpf_program__name(program));
    const bool load = type != nullptr ? names.contains(std::string(type->name)) : all_needed;
    bpf_program__set_autoload(program, load);
  }
  const int error = bpf_object__load(object->get());
  if (error != 0) return LoadError("Loading the BPF programs", -error);

  // The table for tail calls: a snapshot of the current process on the spot, and the way back to the hook it came from.
  const int table = object->MapFd("programs");
  bpf_object__for_each_program(program, object->get()) {
    if (!bpf_program__autoload(program)) continue;
    const std::string_view name = bpf_program__name(program);
    const EventType* const type = TypeOfProgram(name);
    if (type != nullptr) loaded_.insert(std::string(type->name));
    if (type == nullptr && name != kSnapshotCurrent) continue;
    const uint32_t key = type == nullptr ? 0 : type->number;
    const int fd = bpf_program__fd(program);
    if (table >= 0 && bpf_map_update_elem(table, &key, &fd, BPF_ANY) != 0) {
      return LoadError("Filling the table of programs", errno);
    }
  }
  return std::nullopt;
}

Status BpfSource::MapMemory() {
  const BpfObject& object = objects_.front();
  const size_t ring_bytes = RoundUpToPage(size_t{memory_.ring_stride} * plan_.cpus);
  auto rings = SandboxRegion::Map(sandbox_ + plan_.rings_address, ring_bytes, object.MapFd("rings"), "event rings");
  if (!rings) return std::move(rings.error());
  auto controls = Mapping::Map(object.MapFd("ring_control"), RoundUpToPage(sizeof(ring_control) * plan_.cpus),
                               PROT_READ | PROT_WRITE, 0, "control words of the rings");
  if (!controls) return std::move(controls.error());
  auto shared = Mapping::Map(object.MapFd("control"), RoundUpToPage(sizeof(capture_shared)), PROT_READ | PROT_WRITE, 0,
                             "control words of the capture");
  if (!shared) return std::move(shared.error());
  auto lifecycle =
      BpfRingBuffer::Map(object.MapFd("lifecycle"), bpf_map__max_entries(object.Map("lifecycle")), "lifecycle ring");
  if (!lifecycle) return std::move(lifecycle.error());
  auto doorbell =
      BpfRingBuffer::Map(object.MapFd("doorbell"), bpf_map__max_entries(object.Map("doorbell")), "doorbell");
  if (!doorbell) return std::move(doorbell.error());
  memory_.rings = std::move(*rings);
  controls_ = std::move(*controls);
  shared_ = std::move(*shared);
  lifecycle_ = std::move(*lifecycle);
  doorbell_ = std::move(*doorbell);
  memory_.controls = reinterpret_cast<ring_control*>(controls_.data());
  memory_.shared = reinterpret_cast<capture_shared*>(shared_.data());
  memory_.lifecycle = &lifecycle_;
  return std::nullopt;
}

/** Processes are followed first, so that one that forks during the snapshot is known either way. */
Status BpfSource::Start(const std::function<void()>& drain) {
  BeginBpfLog();
  bpf_program* program;
  bpf_object__for_each_program(program, objects_.front().get()) {
    const std::string_view name = bpf_program__name(program);
    if (!bpf_program__autoload(program) || TypeOfProgram(name) != nullptr) continue;
    if (name == kSnapshot || name == kSnapshotCurrent) continue;
    if (auto failed = AttachProgram(program)) return failed;
  }
  if (auto failed = RunSnapshot(drain)) return failed;
  return AttachTypes();
}

/** Reads the task iterator to its end, which runs its program on each process. */
Status BpfSource::RunSnapshot(const std::function<void()>& drain) {
  bpf_program* const program = bpf_object__find_program_by_name(objects_.front().get(), kSnapshot);
  if (program == nullptr) return LoadError("Finding the task iterator", ENOENT);
  const BpfLink link(bpf_program__attach_iter(program, nullptr));
  if (!link) return LoadError("Attaching the task iterator", errno);
  const FileDescriptor iterator(bpf_iter_create(bpf_link__fd(link.get())));
  if (!iterator) return LoadError("Starting the task iterator", errno);
  // One read may run the program on all processes, and their images may be more than the lifecycle ring holds: another
  // thread reads, this one drains.
  auto reading = std::async(std::launch::async, [fd = iterator.get()] {
    char nothing[64];
    ssize_t got;
    do {
      got = read(fd, nothing, sizeof nothing);
    } while (got > 0 || (got < 0 && errno == EAGAIN));
    return got < 0 ? errno : 0;
  });
  while (reading.wait_for(std::chrono::microseconds(200)) != std::future_status::ready) drain();
  const int error = reading.get();
  if (error != 0) return LoadError("Reading the task iterator", error);
  return std::nullopt;
}

Status BpfSource::AttachProgram(bpf_program* program) {
  BpfLink link(bpf_program__attach(program));
  const int error = errno;
  const std::string name = bpf_program__name(program);
  // A syscall that this architecture or kernel does not have can't be made either.
  const bool is_hook = name.starts_with(kHookPrefix);
  if (!link && !(is_hook && error == ENOENT && access("/sys/kernel/tracing/events/syscalls", F_OK) == 0)) {
    return LoadError("Attaching " + name, error);
  }
  if (link) links_[name] = std::move(link);
  return std::nullopt;
}

/** Attaches the hooks of the types wanted, and detaches those of others. */
Status BpfSource::AttachTypes() {
  for (const BpfObject& object : objects_) {
    bpf_program* program;
    bpf_object__for_each_program(program, object.get()) {
      const std::string name = bpf_program__name(program);
      const EventType* const type = TypeOfProgram(name);
      if (type == nullptr || !bpf_program__autoload(program)) continue;
      if (!wanted_.contains(std::string(type->name))) {
        links_.erase(name);
      } else if (!links_.contains(name)) {
        if (auto failed = AttachProgram(program)) return failed;
      }
    }
  }
  return std::nullopt;
}

Status BpfSource::Attach(const std::vector<std::string>& event_types) {
  wanted_ = {event_types.begin(), event_types.end()};
  std::set<std::string> missing;
  std::set_difference(wanted_.begin(), wanted_.end(), loaded_.begin(), loaded_.end(),
                      std::inserter(missing, missing.begin()));
  if (!missing.empty()) {
    if (auto failed = LoadMore(missing)) return failed;
  }
  return AttachTypes();
}

}  // namespace

std::unique_ptr<EventSource> MakeBpfSource(const Plan& plan, std::byte* sandbox, std::string object) {
  return std::make_unique<BpfSource>(plan, sandbox, std::move(object));
}

}  // namespace wasprey
