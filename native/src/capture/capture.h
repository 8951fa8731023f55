// The capture: a source, its rings, and the tables that events refer to. Everything but CountEvents() is used by
// a single thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capture/counters.h"
#include "capture/enforcement.h"
#include "capture/housekeeping.h"
#include "capture/integrity_check.h"
#include "capture/replay.h"
#include "capture/selection.h"
#include "completing/completion.h"
#include "holding/event_hold.h"
#include "images/container_table.h"
#include "images/image_table.h"
#include "integrity/canary.h"
#include "journal/journal_selector.h"
#include "live/bpf_source.h"
#include "reading/batch_reader.h"
#include "reading/event_clock.h"
#include "reading/waiter.h"
#include "source/builder_source.h"
#include "source/event_source.h"

namespace wasprey {

class Capture {
 public:
  enum class Kind { kBpf, kBuilder };

  /** `memory` is the WebAssembly.Memory, of at least plan.memory_bytes. */
  static Result<std::unique_ptr<Capture>> Make(const Plan& plan, std::byte* memory, Kind kind, BpfOptions options);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /** See Capture.load() in host/capture/native.ts. */
  Status Load(const std::vector<std::string>& event_types);
  /** `filter` is the argument of Selection::SetFilter(); it is set before the first event. */
  Status Start(const std::vector<std::string>& event_types, const FilterTables* filter);

  /** See Capture.poll() in host/capture/native.ts. */
  size_t Poll(std::span<uint32_t> segments, int64_t timeout_ms);
  /** See Capture.hasEnforced() in host/capture/native.ts. */
  bool HasEnforced() const { return completion_.has_enforced(); }
  /** See Capture.supposeRefused() in host/capture/native.ts. */
  std::optional<uint32_t> SupposeRefused(uint32_t address);
  /** See Capture.setCandidates() in host/capture/native.ts. */
  bool SetCandidates(uint32_t address, uint32_t bank, std::span<const uint64_t> words);
  void Release();
  /** See EventHold::Hold(). */
  std::optional<EventHold::Full> Hold(uint32_t most_events);
  /** Stops making events, so that all existing ones can be read and the counters add up. */
  void Finish();

  /** Keeps a log of the process images from now on; see Capture.takeImageLog() in host/capture/native.ts. */
  void LogImages() { images_.LogTo(&image_log_); }
  std::vector<uint8_t> TakeImageLog() { return image_log_.Take(); }
  /** See Capture.keepJournal(), allImages() and selectJournal() in host/capture/native.ts. */
  void KeepJournal(JournalUse use, const JournalWants* wants);
  std::vector<uint8_t> AllImages() const;
  std::optional<size_t> SelectJournal(JournalUse use, std::span<uint8_t> into);
  JournalExtent TakeJournalExtent(JournalUse use) { return SelectorOf(use).TakeExtent(); }
  /** See Capture.captureScopes() in host/capture/native.ts. */
  void SetScopes(CaptureScopes scopes) { images_.captured().SetScopes(std::move(scopes)); }
  /** For a builder: its events and its time are those of a recording. */
  Status ReplayRecorded(const ReplayStep& step) { return replay_.Step(step, batches_->rings()); }
  /** The same for a block, from `progress` on: see Capture.replayBlock() in host/capture/native.ts. */
  Status ReplayBlock(std::span<const uint8_t> block, WantedTypes wanted, BlockProgress* progress) {
    return replay_.Block(block, wanted, batches_->rings(), progress);
  }

  /** Replaces the table of names, struct named_address after the other; false if it has another size. */
  bool SetNames(std::span<const uint8_t> table);
  Result<uint32_t> SetContainer(std::string_view id, const uint8_t* entry, size_t size);

  Counters Count() const;
  /** The part of it that is known while the reading thread is busy. From any thread, after Start() has returned. */
  EventCounts CountEvents() const;
  /** See EventSource::ExecTime(). From any thread. */
  std::optional<uint64_t> ExecTime(int pidfd) const { return source_->ExecTime(pidfd); }
  Integrity CheckIntegrity();
  /** The calling thread's id in records; 0 if unknown. */
  uint32_t ThisThread();

  Selection& selection() { return selection_; }
  Enforcement& enforcement() { return enforcement_; }
  const EventSource& source() const { return *source_; }
  ImageTable& images() { return images_; }
  ContainerTable& containers() { return containers_; }
  EventHold& hold() { return hold_; }
  /** Null unless the source is a builder. */
  BuilderSource* builder() { return builder_; }

 private:
  JournalSelector& SelectorOf(JournalUse use) { return use == JournalUse::kCaptures ? captures_ : journal_; }

  struct Regions {
    SandboxRegion images, containers, hold, names, scratch;
  };
  Capture(const Plan& plan, std::unique_ptr<EventSource> source, BuilderSource* builder, Regions regions,
          Waiter waiter);

  Plan plan_;
  std::unique_ptr<EventSource> source_;
  BuilderSource* builder_;
  ContainerTable containers_;
  ImageLog image_log_;
  ImageTable images_;
  SandboxRegion names_;
  SandboxRegion scratch_;
  InodeNames inode_names_;
  Completion completion_;
  EventHold hold_;
  JournalSelector journal_;
  JournalSelector captures_;
  /** Pairs of addresses of the batch, until it is released. */
  std::vector<uint32_t> batch_;
  EventClock clock_;
  Waiter waiter_;
  Housekeeping housekeeping_;
  Replay replay_;
  Canary canary_;
  /** Null before the source is open. */
  std::unique_ptr<BatchReader> batches_;
  /** After all members that the thread of a change uses. */
  Selection selection_;
  IntegrityCheck integrity_;
  Enforcement enforcement_;
};

}  // namespace wasprey
