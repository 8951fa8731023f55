// Loading and attaching. The programs' tables are in bpf_tables.h.

#include "live/bpf_source.h"

#include <bpf/bpf.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <set>
#include <utility>

#include "enforcement/enforcer.h"
#include "live/bpf_mappings.h"
#include "live/task_snapshot.h"
#include "loading/bpf_error.h"
#include "loading/bpf_hooks.h"
#include "loading/bpf_programs.h"
#include "loading/bpf_tables.h"
#include "loading/call_exits.h"
#include "loading/missing_hook_reports.h"
#include "loading/tracepoint_links.h"
#include "records/event_types.h"
#include "system/clocks.h"
#include "system/random.h"

namespace wasprey {
namespace {

/** Smallest ring worth falling back to, where the kernel limits the size of a map (4 MB before Linux 6.12). */
constexpr uint32_t kSmallestFallback = 1 << 20;
/** Between two looks at silent requests of io_uring, while there are any. */
constexpr uint64_t kSettlingPauseNs = 10'000'000;
/** Room for a `struct process` of the programs, which begins with exec_time. */
constexpr size_t kProcessStateWords = 64;

/** Runs a program on no tracepoint, on this thread. */
bool RunOnce(int program) {
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  return bpf_prog_test_run_opts(program, &options) == 0;
}

class BpfSource : public EventSource {
 public:
  BpfSource(const Plan& plan, std::byte* sandbox, BpfOptions options)
      : plan_(plan),
        sandbox_(sandbox),
        on_exits_(options.on_exits),
        programs_({std::move(options.object), options.after_refusal, attachment_}) {}

  Status Open(const std::vector<std::string>& event_types) override;
  Status Prepare(const std::vector<std::string>& event_types) override;
  Status Start(const std::function<void()>& drain) override;
  Status UseFilter(int map) override { return tables_.UseFilter(map); }
  Result<EnforcementMaps> PrepareEnforcement(const PinSettings* pins) override;
  Status Enforce(EnforcementTable* table) override { return table == nullptr ? enforcer_.End() : enforcer_.Use(table); }
  std::vector<MissingEnforcer> MissingEnforcers() const override { return enforcer_.missing(); }
  const UnattendedEnforcement* Unattended() const override { return enforcer_.unattended(); }
  void NoteAttended() override { enforcer_.NoteAttended(); }
  void DisownPins() override { enforcer_.DisownPins(); }
  Status Load(const std::vector<std::string>& event_types) override;
  Status Attach(const std::vector<std::string>& event_types) override;
  void Detach() override { exits_.Detach(wanted_, &tables_); }
  int doorbell() const override { return programs_.has_maps() ? programs_.maps().MapFd("doorbell") : -1; }
  void ClearDoorbell() override { mappings_.ClearDoorbell(); }
  std::vector<ProgramRuns> Programs() const override;
  std::vector<MissingHook> Missing() const override;
  std::vector<std::string> Loaded() const override { return programs_.Names(); }
  void Check(Findings* findings) override { tables_.Check(attachment_, findings); }
  uint32_t ThisThread() override;
  std::optional<uint64_t> ExecTime(int pidfd) const override;
  uint32_t ThisProcess() override;
  void SettleRequests() override;

 private:
  Status Want(const std::vector<std::string>& event_types);
  Status LoadMissing(const std::set<uint64_t>& event_types, LoadPace pace);
  Status LoadFirst(uint32_t ring_size);
  Status MapMemory();
  Status AttachWanted();

  Plan plan_;
  std::byte* sandbox_;
  const Attachment attachment_ = AttachmentHere();
  const bool on_exits_;
  BpfPrograms programs_;
  BpfTables tables_;
  CallExits exits_;
  TracepointLinks tracepoints_{attachment_};
  Enforcer enforcer_{&programs_, &tables_};
  BpfMappings mappings_;
  uint64_t next_settling_ = 0;
  /** The map of the states of processes; -1 until it is there. */
  std::atomic<int> processes_ = -1;
  /** Event type numbers. */
  std::set<uint64_t> wanted_;
};

Result<std::set<uint64_t>> NumbersOf(const std::vector<std::string>& event_types) {
  std::set<uint64_t> numbers;
  for (const std::string& name : event_types) {
    const EventType* const type = FindEventType(name);
    if (type == nullptr) return Error{"CAPTURE_EVENT_TYPE", "Unknown event type " + name + ".", ""};
    numbers.insert(type->number);
  }
  return numbers;
}

/** Stores the wanted event types. */
Status BpfSource::Want(const std::vector<std::string>& event_types) {
  auto wanted = NumbersOf(event_types);
  if (!wanted) return std::move(wanted.error());
  wanted_ = std::move(*wanted);
  return std::nullopt;
}

Status BpfSource::Open(const std::vector<std::string>& event_types) {
  BeginBpfLog();
  if (auto failed = CheckKernel()) return failed;
  if (auto failed = Want(event_types)) return failed;
  if (on_exits_) {
    tracepoints_.LeaveOut(kOnCall);
    auto functions = FunctionsForExits();
    if (!functions) {
      return Error{functions.error().code,
                   "engine.wasprey.hooks is fexit, but " + functions.error().message + ". Use sys_exit.", ""};
    }
    programs_.UseFunctions(*functions);
  }
  uint32_t ring_size = plan_.ring_size;
  Status failed = LoadFirst(ring_size);
  while (failed && failed->code == "CAPTURE_MEMORY" && ring_size > kSmallestFallback) {
    programs_.Clear();
    tables_.Clear();
    ring_size /= 2;
    BeginBpfLog();
    failed = LoadFirst(ring_size);
  }
  return failed ? failed : MapMemory();
}

/** Loads what is always needed, and the hooks of the event types wanted. */
Status BpfSource::LoadFirst(uint32_t ring_size) {
  const uint32_t cpus = PossibleCpus();
  if (cpus > plan_.cpus) {
    return Error{
        "CAPTURE_PLAN",
        "The plan is for " + std::to_string(plan_.cpus) + " CPUs, this machine may have " + std::to_string(cpus) + ".",
        ""};
  }
  const uint32_t ring_stride = RingStride(ring_size);
  memory_.secret = RandomSecret();
  memory_.ring_size = ring_size;
  memory_.ring_stride = ring_stride;
  const auto size = [&](BpfObject* object) -> Status {
    bpf_map* const rings = object->Map("rings");
    bpf_map* const controls = object->Map("ring_control");
    if (rings == nullptr || controls == nullptr) return LoadError("Finding the maps", ENOENT);
    bpf_map__set_value_size(rings, ring_stride);
    bpf_map__set_max_entries(rings, plan_.cpus);
    bpf_map__set_max_entries(controls, plan_.cpus);
    return std::nullopt;
  };
  if (auto failed = programs_.Begin({ring_size, memory_.secret}, wanted_, size)) return failed;
  tables_.NoteMaps(programs_.maps());
  return tables_.FillPrograms(programs_);
}

Result<EnforcementMaps> BpfSource::PrepareEnforcement(const PinSettings* pins) {
  if (auto failed = enforcer_.MakeMaps(pins)) return std::move(*failed);
  return EnforcementMaps{enforcer_.MapFd("enforce_cgroups"), enforcer_.MapFd("enforce_crowd")};
}

uint32_t BpfSource::ThisThread() {
  const int program = programs_.Find(kTellReader);
  if (program < 0 || !RunOnce(program)) return 0;
  return static_cast<uint32_t>(__atomic_load_n(&memory_.shared->reader, __ATOMIC_RELAXED));
}

/** The kernel finds the state of a process by its pidfd. */
std::optional<uint64_t> BpfSource::ExecTime(int pidfd) const {
  const int processes = processes_.load(std::memory_order_acquire);
  if (processes < 0) return std::nullopt;
  std::array<uint64_t, kProcessStateWords> state{};
  if (bpf_map_lookup_elem(processes, &pidfd, state.data()) != 0 || state.front() == 0) return std::nullopt;
  return state.front();
}

uint32_t BpfSource::ThisProcess() {
  if (ThisThread() == 0) return 0;
  return static_cast<uint32_t>(__atomic_load_n(&memory_.shared->reader_process, __ATOMIC_RELAXED));
}

void BpfSource::SettleRequests() {
  if (__atomic_load_n(&memory_.shared->silent_requests, __ATOMIC_RELAXED) == 0) return;
  const uint64_t now = Now(CLOCK_MONOTONIC);
  if (now < next_settling_) return;
  next_settling_ = now + kSettlingPauseNs;
  if (const int program = programs_.Find(kSettleLate); program >= 0) RunOnce(program);
}

Status BpfSource::MapMemory() {
  const BpfObject& object = programs_.maps();
  if (auto failed = mappings_.Map(plan_, sandbox_, object, &memory_)) return failed;
  tables_.Use(memory_.shared, object.MapFd("filters"));
  if (bpf_map__value_size(object.Map("images")) <= kProcessStateWords * sizeof(uint64_t)) {
    processes_.store(object.MapFd("images"), std::memory_order_release);
  }
  return std::nullopt;
}

/** Processes are followed first, so that one that forks during the snapshot is known either way. */
Status BpfSource::Start(const std::function<void()>& drain) {
  BeginBpfLog();
  tables_.WriteCalls({});
  if (auto failed = tracepoints_.AttachTasks(programs_, &tables_)) return failed;
  if (auto failed = AttachWanted()) return failed;
  if (auto failed = TakeSnapshot(programs_, memory_.shared, drain)) return failed;
  tables_.WriteCalls(wanted_);
  return std::nullopt;
}

/** Attaches the programs that the wanted event types need. One that is no longer needed stays. */
Status BpfSource::AttachWanted() {
  if (on_exits_) exits_.Attach(programs_, wanted_, &tables_);
  return tracepoints_.Attach(programs_, wanted_, &tables_);
}

std::vector<MissingHook> BpfSource::Missing() const {
  std::vector<MissingHook> missing = tracepoints_.missing();
  for (RefusedProgram& program : programs_.Refused()) {
    if (IsForEnforcement(program.name)) continue;  // See MissingEnforcers().
    missing.push_back(RefusedHook(program.name, program.section, std::move(program.detail)));
  }
  for (MissingHook& hook : exits_.missing()) missing.push_back(std::move(hook));
  return missing;
}

std::vector<ProgramRuns> BpfSource::Programs() const {
  std::vector<ProgramRuns> runs = programs_.Runs();
  exits_.AddTo(&runs);
  return runs;
}

Status BpfSource::LoadMissing(const std::set<uint64_t>& event_types, LoadPace pace) {
  BeginBpfLog();
  if (programs_.Has(event_types)) return std::nullopt;
  if (auto failed = programs_.LoadForEvents(event_types, pace)) return failed;
  return tables_.FillPrograms(programs_);
}

Status BpfSource::Load(const std::vector<std::string>& event_types) {
  auto numbers = NumbersOf(event_types);
  if (!numbers) return std::move(numbers.error());
  return LoadMissing(*numbers, LoadPace::kSparing);
}

Status BpfSource::Prepare(const std::vector<std::string>& event_types) {
  if (auto failed = Want(event_types)) return failed;
  return LoadMissing(wanted_, LoadPace::kFast);
}

Status BpfSource::Attach(const std::vector<std::string>& event_types) {
  if (auto failed = Prepare(event_types)) return failed;
  if (auto failed = AttachWanted()) return failed;
  tables_.WriteCalls(wanted_);
  return std::nullopt;
}

}  // namespace

std::unique_ptr<EventSource> MakeBpfSource(const Plan& plan, std::byte* sandbox, BpfOptions options) {
  return std::make_unique<BpfSource>(plan, sandbox, std::move(options));
}

}  // namespace wasprey
