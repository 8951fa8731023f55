// The capture: a source, its rings, the tables, and waiting for events. All of it is used by one thread, but for
// Wake().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "background.h"
#include "bpf_source.h"
#include "builder_source.h"
#include "canary.h"
#include "completion.h"
#include "container_table.h"
#include "event_source.h"
#include "finding.h"
#include "heartbeat.h"
#include "hold_area.h"
#include "image_table.h"
#include "kernel_filter.h"
#include "ring_reader.h"
#include "tracer.h"
#include "wall_clock.h"

namespace wasprey {

struct Counters {
  std::vector<uint64_t> produced, dropped_by_cpu;      // by CPU
  std::vector<uint64_t> evaluated, dropped, filtered;  // by event type
  uint64_t images = 0, images_lost = 0, images_evicted = 0, unknown_images = 0, missed_runs = 0;
  uint64_t containers = 0, held = 0, malformed = 0;
  double ring_high_water = 0;
  std::vector<ProgramRuns> programs;
};

/** See CaptureIntegrity in host/capture/integrity.ts. */
struct Integrity {
  Findings findings;
  uint64_t dropped = 0;
  std::vector<Heartbeat::Gap> gaps;
};

class Capture {
 public:
  enum class Kind { kBpf, kBuilder };

  /** `memory` is the WebAssembly.Memory, of at least plan.memory_bytes. */
  static Result<std::unique_ptr<Capture>> Make(const Plan& plan, std::byte* memory, Kind kind, BpfOptions options);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /** `filter` is what SetFilter() takes; it is there before the first event. */
  Status Start(const std::vector<std::string>& event_types, const FilterTables* filter);
  /**
   * Replaces the kernel filter, or takes it away if null. What processes can match is not known to a new one before
   * SetCandidates(), so that it filters by events alone at first.
   */
  Status SetFilter(const FilterTables* tables);
  Status Attach(const std::vector<std::string>& event_types);

  /** A kernel filter for the rules whose candidates are in that bank: it learns of processes, and filters nothing yet.
   */
  Status PrepareFilter(uint32_t bank, const FilterTables* tables);
  /** What the kernel filters by: the filter of a bank, or nothing. */
  struct Change {
    std::vector<std::string> event_types;
    std::optional<uint32_t> filter;
  };
  /**
   * Changes what is told of and the filter on another thread: loading programs takes its time, and so does the kernel
   * until none looks at the filter before. One at a time.
   */
  Status BeginChange(Change change);
  /** Whether that is done, with what went wrong. */
  struct ChangeState {
    bool done;
    Status failed;
  };
  ChangeState TakeChange();

  /** See Capture.poll() in host/capture/native.ts. */
  size_t Poll(std::span<uint32_t> segments, int64_t timeout_ms);
  void Release();
  /** No further event is made from now on, so that those there are can all be read and the counters add up. */
  void Finish();
  /** From any thread. */
  void Wake();

  /** Keeps a log of the process images from now on; see Capture.takeImageLog() in host/capture/native.ts. */
  void LogImages() { images_.LogTo(&image_log_); }
  std::vector<uint8_t> TakeImageLog() { return image_log_.Take(); }

  /** A step of a recording, for a builder: see Capture.replay() in host/capture/native.ts. */
  struct ReplayStep {
    uint64_t clock;
    bool snapshot_complete;
    std::span<const uint8_t> images;
    std::span<const uint8_t> events;
  };
  Status Replay(const ReplayStep& step);

  ImageTable& images() { return images_; }
  ContainerTable& containers() { return containers_; }
  /** Null but for a builder. */
  BuilderSource* builder() { return builder_; }
  /** Replaces the table of names, struct named_address after the other; false if it has another size. */
  bool SetNames(std::span<const uint8_t> table);
  Result<uint32_t> SetContainer(std::string_view id, const uint8_t* entry, size_t size);

  /** Events of that container are held back from now on. False when there is none of that id. */
  bool AwaitContainer(std::string_view id);
  struct HoldFull {
    /** The container that holds most, by its id. */
    std::string container;
    HoldArea::Lack lack;
  };
  /**
   * Copies what the last Poll() gave of awaited containers. Where there is no room for all, tells which container has
   * to give way: after EndWait() and what belongs to it, the next call goes on.
   */
  std::optional<HoldFull> Hold(uint32_t most_events);
  /** Returns how many events of it are held; they are Take()n next. */
  uint32_t EndWait(std::string_view id);
  HoldArea& held() { return hold_; }
  Counters Count() const;

  /** See Capture.missing() and Capture.loadedPrograms() in host/capture/native.ts. */
  std::vector<MissingHook> Missing() const { return source_->Missing(); }
  std::vector<std::string> LoadedPrograms() const { return source_->Loaded(); }

  Integrity CheckIntegrity();
  /** What the calling thread is known by in records; 0 where that is not to be had. */
  uint32_t ThisThread() { return thread_ = source_->ThisThread(); }

 private:
  struct Regions {
    SandboxRegion images, containers, hold, names, scratch;
  };
  Capture(const Plan& plan, std::unique_ptr<EventSource> source, BuilderSource* builder, Regions regions,
          FileDescriptor epoll, FileDescriptor wake);

  Status Open(const std::vector<std::string>& event_types);
  Status Idle() const;
  void ExpectCalls(const std::vector<std::string>& event_types);
  void SetPauses(uint32_t ring_size);
  size_t Collect(std::span<uint32_t> segments);
  void DrainLifecycle();
  uint64_t HousekeepingTime() const;
  void Housekeep();
  void CheckWords(Findings* findings);
  uint64_t CheckCounters(Findings* findings);
  void StepCanary(Findings* findings);
  uint64_t CountOf(uint64_t type) const;
  enum class Woken { kByTime, kByDoorbell, kCalled };
  Woken Sleep(int64_t timeout_ns);
  bool Wait(int64_t timeout_ns);

  Plan plan_;
  std::unique_ptr<EventSource> source_;
  BuilderSource* builder_;
  ContainerTable containers_;
  ImageLog image_log_;
  ImageTable images_;
  SandboxRegion names_;
  SandboxRegion scratch_;
  Completion completion_;
  HoldArea hold_;
  std::unique_ptr<RingReader> reader_;
  /** By bank of candidates. */
  std::unique_ptr<KernelFilter> filters_[IMAGE_CANDIDATE_BANKS];
  FileDescriptor epoll_;
  FileDescriptor wake_;
  WallClock wall_clock_;

  bool polled_ = false;
  /** What was polled and not looked at by Hold() yet, as pairs of addresses, the last one first. */
  std::vector<uint32_t> unheld_;
  /** Events came at the last look: more are likely to come soon. */
  bool busy_ = false;
  /** How long events gather before the next look while they keep coming; and the most that the rings have room for. */
  int64_t pause_ = 0;
  int64_t longest_pause_ = 0;
  /** The kernel was asked to ring, and the rings were looked at long enough after that. */
  bool armed_ = false;
  /** The recorded time that replay has come to; 0 when it is the machine's. */
  uint64_t replay_clock_ = 0;
  uint64_t grace_since_ = 0;
  uint64_t next_sweep_ = 0;
  std::vector<uint64_t> grace_heads_;

  Canary canary_;
  /** That the canary's calls are known by; 0: they are not made. */
  uint32_t thread_ = 0;
  Heartbeat heartbeat_;
  TracerWatch tracer_;
  bool finished_ = false;
  /** What the words that only this thread writes, and those that only grow, were at the last look. */
  uint64_t clock_offset_ = 0;
  /** By how much somebody else has moved it (mod 2^64) since the last check; 0: not. */
  uint64_t clock_moved_ = 0;
  uint64_t moved_positions_ = 0;
  uint64_t last_image_ = 0;
  std::vector<uint64_t> last_counts_;
  uint64_t checks_ = 0;
  /** Of the last look at what takes calls of the kernel. */
  Findings standing_;
  /** The last member: its thread uses the others, and is waited for before they go. */
  Background change_;
  /** Event types that are wanted when it is done. */
  std::vector<std::string> expected_;
};

}  // namespace wasprey
