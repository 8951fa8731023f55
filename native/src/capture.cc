// Making and starting a capture, changing what it tells of, and what it counts. Reading events is in capture_poll.cc.

#include "capture.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace wasprey {
namespace {

Status Watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return std::nullopt;
  return SystemError("CAPTURE_MEMORY", "Cannot watch a descriptor.", errno);
}

Result<SandboxRegion> MakeTable(const char* name, std::byte* memory, uint32_t address, uint32_t bytes) {
  auto file = MakeMemoryFile(name, bytes);
  if (!file) return std::move(file.error());
  return SandboxRegion::Map(memory + address, bytes, file->get(), name);
}

}  // namespace

Result<std::unique_ptr<Capture>> Capture::Make(const Plan& plan, std::byte* memory, Kind kind, BpfOptions options) {
  auto images = MakeTable("wasprey-images", memory, plan.images_address, plan.image_bytes());
  if (!images) return std::move(images.error());
  auto containers = MakeTable("wasprey-containers", memory, plan.containers_address, plan.container_bytes());
  if (!containers) return std::move(containers.error());
  auto hold = MakeTable("wasprey-held", memory, plan.hold_address, plan.hold_bytes());
  if (!hold) return std::move(hold.error());
  auto names = MakeTable("wasprey-names", memory, NAMES_ADDRESS, NAMES_BYTES);
  if (!names) return std::move(names.error());
  auto scratch = MakeTable("wasprey-scratch", memory, plan.scratch_address, kScratchBytes);
  if (!scratch) return std::move(scratch.error());
  FileDescriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  FileDescriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll || !wake) return SystemError("CAPTURE_MEMORY", "Cannot make descriptors to wait on.", errno);
  if (auto failed = Watch(epoll.get(), wake.get())) return std::move(*failed);

  std::unique_ptr<EventSource> source;
  BuilderSource* builder = nullptr;
  if (kind == Kind::kBuilder) {
    auto made = std::make_unique<BuilderSource>(plan, memory);
    builder = made.get();
    source = std::move(made);
  } else {
    source = MakeBpfSource(plan, memory, std::move(options));
  }
  std::unique_ptr<Capture> capture(new Capture(
      plan, std::move(source), builder,
      {std::move(*images), std::move(*containers), std::move(*hold), std::move(*names), std::move(*scratch)},
      std::move(epoll), std::move(wake)));
  if (builder != nullptr) {
    if (auto failed = capture->Open({})) return std::move(*failed);
  }
  return capture;
}

Capture::Capture(const Plan& plan, std::unique_ptr<EventSource> source, BuilderSource* builder, Regions regions,
                 FileDescriptor epoll, FileDescriptor wake)
    : plan_(plan),
      source_(std::move(source)),
      builder_(builder),
      containers_(std::move(regions.containers), plan.containers_address),
      images_(std::move(regions.images), plan.images_address, &containers_),
      names_(std::move(regions.names)),
      scratch_(std::move(regions.scratch)),
      completion_(&images_, Scratch(reinterpret_cast<char*>(scratch_.data()), plan.scratch_address, kScratchBytes)),
      hold_(std::move(regions.hold), plan.hold_address, &images_, &completion_),
      epoll_(std::move(epoll)),
      wake_(std::move(wake)) {}

Capture::~Capture() = default;

Status Capture::Open(const std::vector<std::string>& event_types) {
  if (auto failed = source_->Open(event_types)) return failed;
  SourceMemory& memory = source_->memory();
  reader_ = std::make_unique<RingReader>(plan_, memory.ring_size, memory.ring_stride, memory.rings.data(),
                                         memory.controls, memory.secret);
  SetPauses(memory.ring_size);
  if (wall_clock_.watch() >= 0) {
    if (auto failed = Watch(epoll_.get(), wall_clock_.watch())) return failed;
  }
  return Watch(epoll_.get(), source_->doorbell());
}

Status Capture::Start(const std::vector<std::string>& event_types, const FilterTables* filter) {
  if (reader_ == nullptr) {
    if (auto failed = Open(event_types)) return failed;
  }
  if (filter != nullptr) {
    if (auto failed = SetFilter(filter)) return failed;
  }
  Housekeep();
  auto failed = source_->Start([this] { DrainLifecycle(); });
  DrainLifecycle();
  images_.LinkSnapshots();
  ExpectCalls(event_types);
  return failed;
}

/** Whether the source may be changed now. */
Status Capture::Idle() const {
  if (reader_ == nullptr) return Error{"CAPTURE_STATE", "The capture was not started.", ""};
  if (change_.HasBegun()) return Error{"CAPTURE_STATE", "A change of what is captured is under way.", ""};
  return std::nullopt;
}

Status Capture::SetFilter(const FilterTables* tables) {
  if (auto failed = Idle()) return failed;
  std::unique_ptr<KernelFilter> filter;
  if (tables != nullptr) {
    auto made = KernelFilter::Make(*tables);
    if (!made) return std::move(made.error());
    filter = std::move(*made);
  }
  if (auto failed = source_->UseFilter(filter == nullptr ? -1 : filter->fd())) return failed;
  filters_[0] = std::move(filter);
  images_.Tell(0, filters_[0].get());
  return std::nullopt;
}

Status Capture::Attach(const std::vector<std::string>& event_types) {
  if (auto failed = Idle()) return failed;
  canary_.Expect({});
  if (auto failed = source_->Attach(event_types)) return failed;
  ExpectCalls(event_types);
  return std::nullopt;
}

Status Capture::PrepareFilter(uint32_t bank, const FilterTables* tables) {
  if (auto failed = Idle()) return failed;
  std::unique_ptr<KernelFilter> filter;
  if (tables != nullptr) {
    auto made = KernelFilter::Make(*tables);
    if (!made) return std::move(made.error());
    filter = std::move(*made);
  }
  filters_[bank] = std::move(filter);
  images_.Tell(bank, filters_[bank].get());
  return std::nullopt;
}

Status Capture::BeginChange(Change change) {
  if (auto failed = Idle()) return failed;
  canary_.Expect({});
  expected_ = change.event_types;
  const KernelFilter* const filter = change.filter ? filters_[*change.filter].get() : nullptr;
  change_ = Background([source = source_.get(), types = std::move(change.event_types),
                        map = filter == nullptr ? -1 : filter->fd()]() -> Status {
    // What is wanted newly is told of before the filter may let less through, and the filter is taken away last.
    if (auto failed = source->Attach(types)) return failed;
    return source->UseFilter(map);
  });
  return std::nullopt;
}

Capture::ChangeState Capture::TakeChange() {
  if (!change_.HasBegun()) return {true, std::nullopt};
  if (!change_.IsDone()) return {false, std::nullopt};
  Status failed = change_.Take();
  ExpectCalls(expected_);
  return {true, std::move(failed)};
}

/** Calls of these types are to be seen from now on, but for those whose hooks the kernel does not take. */
void Capture::ExpectCalls(const std::vector<std::string>& event_types) {
  std::vector<std::string> seen = event_types;
  for (const MissingHook& missing : source_->Missing()) {
    if (std::find(missing.ways.begin(), missing.ways.end(), std::string_view("calls")) == missing.ways.end()) continue;
    std::erase_if(seen, [&](const std::string& type) {
      return std::find(missing.blinds.begin(), missing.blinds.end(), type) != missing.blinds.end();
    });
  }
  canary_.Expect(seen);
}

void Capture::Finish() {
  finished_ = true;
  if (reader_ != nullptr) __atomic_store_n(&source_->memory().shared->finished, 1, __ATOMIC_RELAXED);
}

bool Capture::SetNames(std::span<const uint8_t> table) {
  if (table.size() != NAMES_BYTES) return false;
  std::memcpy(names_.data(), table.data(), table.size());
  return true;
}

Result<uint32_t> Capture::SetContainer(std::string_view id, const uint8_t* entry, size_t size) {
  auto replaced = containers_.Replace(id, entry, size);
  if (!replaced) return std::move(replaced.error());
  if (replaced->index == ContainerTable::kGone) return uint32_t{0};
  if (replaced->moved) images_.ContainerMoved(replaced->index);
  return containers_.AddressOf(replaced->index);
}

Counters Capture::Count() const {
  Counters counters;
  counters.dropped.resize(EVENT_TYPE_COUNT);
  counters.filtered.resize(EVENT_TYPE_COUNT);
  counters.images = images_.live();
  counters.images_lost = images_.lost();
  counters.images_evicted = images_.evicted();
  counters.unknown_images = completion_.unknown_images();
  counters.containers = containers_.count();
  counters.held = hold_.events();
  counters.malformed = images_.malformed();
  if (reader_ == nullptr) {
    counters.evaluated.resize(EVENT_TYPE_COUNT);
    return counters;
  }
  counters.evaluated = reader_->evaluated();
  counters.malformed += reader_->malformed();
  counters.ring_high_water = reader_->high_water();
  const SourceMemory& memory = source_->memory();
  counters.images_lost += memory.shared->images_lost;
  counters.programs = source_->Programs();
  for (const ProgramRuns& program : counters.programs) counters.missed_runs += program.missed;
  for (uint32_t cpu = 0; cpu < plan_.cpus; cpu++) {
    const ring_control& control = memory.controls[cpu];
    uint64_t produced = __atomic_load_n(&control.sequence, __ATOMIC_RELAXED);
    uint64_t dropped_here = 0;
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
      const uint64_t dropped = __atomic_load_n(&control.dropped[type], __ATOMIC_RELAXED);
      counters.dropped[type] += dropped;
      dropped_here += dropped;
      const uint64_t filtered = __atomic_load_n(&control.filtered[type], __ATOMIC_RELAXED);
      counters.filtered[type] += filtered;
      produced += filtered;
    }
    counters.produced.push_back(produced);
    counters.dropped_by_cpu.push_back(dropped_here);
  }
  return counters;
}

}  // namespace wasprey
