#include "capture/capture.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <utility>

#include "images/image_snapshot.h"
#include "system/clocks.h"

namespace wasprey {
namespace {

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
  auto waiter = Waiter::Make();
  if (!waiter) return std::move(waiter.error());

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
      std::move(*waiter)));
  if (builder != nullptr) {
    if (auto failed = capture->Load({})) return std::move(*failed);
  }
  return capture;
}

Capture::Capture(const Plan& plan, std::unique_ptr<EventSource> source, BuilderSource* builder, Regions regions,
                 Waiter waiter)
    : plan_(plan),
      source_(std::move(source)),
      builder_(builder),
      containers_(std::move(regions.containers), plan.containers_address),
      images_(std::move(regions.images), plan.images_address, &containers_),
      names_(std::move(regions.names)),
      scratch_(std::move(regions.scratch)),
      completion_(&images_, Scratch(reinterpret_cast<char*>(scratch_.data()), plan.scratch_address, kScratchBytes),
                  builder == nullptr ? &inode_names_ : nullptr),
      hold_(HoldArea(std::move(regions.hold), plan.hold_address, &images_, &completion_), &containers_),
      journal_(&images_, &containers_),
      captures_(&images_, &containers_),
      waiter_(std::move(waiter)),
      housekeeping_(source_.get(), &clock_, &images_, &containers_, &hold_),
      replay_(&images_, builder, &housekeeping_),
      selection_(source_.get(), &images_.kernel_tables(), &canary_),
      integrity_(plan.cpus, source_.get(), &clock_, &canary_, &selection_),
      enforcement_(source_.get(), &images_.kernel_tables()) {}

Capture::~Capture() = default;

Status Capture::Load(const std::vector<std::string>& event_types) {
  if (batches_ != nullptr) return source_->Prepare(event_types);
  if (auto failed = source_->Open(event_types)) return failed;
  batches_ = std::make_unique<BatchReader>(plan_, &source_->memory(), &completion_, &images_);
  return waiter_.Watch(source_.get(), &clock_.wall());
}

Status Capture::Start(const std::vector<std::string>& event_types, const FilterTables* filter) {
  if (auto failed = Load(event_types)) return failed;
  if (filter != nullptr) {
    if (auto failed = selection_.SetFilter(*filter)) return failed;
  }
  housekeeping_.Run(batches_->rings());
  auto failed = source_->Start([this] { batches_->DrainImages(); });
  batches_->DrainImages();
  images_.LinkSnapshots();
  selection_.ExpectCalls(event_types);
  return failed;
}

size_t Capture::Poll(std::span<uint32_t> segments, int64_t timeout_ms) {
  if (batches_ == nullptr) return 0;
  if (batches_->HasBatch()) Release();
  const uint64_t begun = Now(CLOCK_MONOTONIC);
  integrity_.NoteReader(begun);
  const int64_t timeout = timeout_ms * 1'000'000;
  const uint64_t deadline = begun + static_cast<uint64_t>(timeout);
  waiter_.Gather(timeout, batches_->rings());
  for (;;) {
    housekeeping_.Run(batches_->rings());
    const size_t pairs = batches_->Read(segments);
    hold_.Offer(segments.first(2 * pairs));
    batch_.assign(segments.begin(), segments.begin() + static_cast<ptrdiff_t>(2 * pairs));
    if (pairs > 0) {
      waiter_.NoteEvents();
      return pairs;
    }
    const uint64_t now = Now(CLOCK_MONOTONIC);
    integrity_.NoteReader(now);
    if (now >= deadline) return 0;
    waiter_.Wait(static_cast<int64_t>(deadline - now), batches_->rings());
  }
}

std::optional<uint32_t> Capture::SupposeRefused(uint32_t address) {
  const std::byte* const sandbox = batches_ == nullptr ? nullptr : source_->memory().rings.sandbox();
  for (size_t pair = 0; pair + 1 < batch_.size(); pair += 2) {
    if (address < batch_[pair] || address >= batch_[pair + 1]) continue;
    return completion_.Suppose(*reinterpret_cast<const event_header*>(sandbox + address), address);
  }
  return std::nullopt;
}

bool Capture::SetCandidates(uint32_t address, uint32_t bank, std::span<const uint64_t> words) {
  return images_.candidates().Set(address, bank, words) || completion_.SetSupposedCandidates(address, bank, words);
}

void Capture::Release() {
  if (batches_ == nullptr) return;
  batches_->Release();
  hold_.Forget();
  batch_.clear();
}

std::optional<EventHold::Full> Capture::Hold(uint32_t most_events) {
  if (batches_ == nullptr) return std::nullopt;
  return hold_.Hold(&source_->memory().rings, most_events);
}

void Capture::Finish() {
  integrity_.Finish();
  if (batches_ != nullptr) __atomic_store_n(&source_->memory().shared->finished, 1, __ATOMIC_RELAXED);
}

void Capture::KeepJournal(JournalUse use, const JournalWants* wants) {
  const bool logged = journal_.IsUsed() || captures_.IsUsed();
  SelectorOf(use).Want(wants);
  SelectorOf(use).TakeExtent();
  const bool logs = journal_.IsUsed() || captures_.IsUsed();
  if (logs == logged) return;
  images_.LogTo(logs ? &image_log_ : nullptr);
  image_log_.Take();
}

std::vector<uint8_t> Capture::AllImages() const {
  ImageLog log;
  LogAllImages(images_.store(), &log);
  return log.Take();
}

std::optional<size_t> Capture::SelectJournal(JournalUse use, std::span<uint8_t> into) {
  if (batches_ == nullptr) return size_t{0};
  return SelectorOf(use).Select(batch_, source_->memory().rings.sandbox(), into);
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

EventCounts Capture::CountEvents() const {
  EventCounts counts;
  counts.evaluated.resize(EVENT_TYPE_COUNT);
  counts.dropped.resize(EVENT_TYPE_COUNT);
  counts.filtered.resize(EVENT_TYPE_COUNT);
  if (batches_ == nullptr) return counts;
  // Before those of the programs: an event is produced before it is read.
  counts.evaluated = batches_->rings().CopyEvaluated();
  AddRings(source_->memory().controls, plan_.cpus, &counts);
  return counts;
}

Counters Capture::Count() const {
  Counters counters;
  static_cast<EventCounts&>(counters) = CountEvents();
  counters.images = images_.live();
  counters.images_lost = images_.lost();
  counters.images_evicted = images_.evicted();
  counters.images_cut = images_.cut();
  counters.images_unnamed = images_.unnamed();
  counters.unknown_images = completion_.unknown_images();
  counters.unnamed_files = inode_names_.unnamed();
  counters.images_unplaced = images_.kernel_tables().unplaced();
  counters.containers = containers_.count();
  counters.containers_lost = containers_.lost();
  counters.images_in_forged_cgroups = containers_.forged();
  counters.held = hold_.area().events();
  if (batches_ == nullptr) return counters;
  const RingReader& rings = batches_->rings();
  counters.malformed = rings.malformed();
  counters.ring_high_water = rings.high_water();
  counters.images_lost += source_->memory().shared->images_lost;
  counters.programs = source_->Programs();
  for (const ProgramRuns& program : counters.programs) counters.missed_runs += program.missed;
  return counters;
}

Integrity Capture::CheckIntegrity() { return batches_ == nullptr ? Integrity{} : integrity_.Run(batches_->rings()); }

uint32_t Capture::ThisThread() {
  const uint32_t thread = source_->ThisThread();
  integrity_.SetThread(thread);
  return thread;
}

}  // namespace wasprey
