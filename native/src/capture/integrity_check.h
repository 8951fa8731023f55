// Checks whether others have changed the capture from outside, with root's rights, by their own bpf(2) calls, by ptrace
// or by signals. test/live/EVASIONS.md lists the ways.
#pragma once

#include <cstdint>
#include <vector>

#include "capture/selection.h"
#include "integrity/canary.h"
#include "integrity/heartbeat.h"
#include "integrity/tracer.h"
#include "reading/event_clock.h"
#include "reading/ring_reader.h"
#include "source/event_source.h"
#include "source/finding.h"

namespace wasprey {

/** See CaptureIntegrity in host/capture/integrity.ts. */
struct Integrity {
  Findings findings;
  uint64_t dropped = 0;
  std::vector<Heartbeat::Gap> gaps;
};

class IntegrityCheck {
 public:
  IntegrityCheck(uint32_t cpus, EventSource* source, EventClock* clock, Canary* canary, const Selection* selection)
      : cpus_(cpus), source_(source), clock_(clock), canary_(canary), selection_(selection) {}

  /** @param now CLOCK_MONOTONIC, in ns. On the thread that reads events, many times a second while all is well. */
  void NoteReader(uint64_t now) { heartbeat_.NoteReader(now); }
  /** Id in records of the thread that reads events; 0: the canary makes no calls. */
  void SetThread(uint32_t thread) {
    thread_ = thread;
    heartbeat_.Begin();
  }
  /** No events are made from now on. */
  void Finish() { finished_ = true; }

  /** Of a source that is open. */
  Integrity Run(const RingReader& rings);

 private:
  void CheckWords(const RingReader& rings, Findings* findings);
  uint64_t CheckCounters(Findings* findings);
  void StepCanary(const RingReader& rings, Findings* findings);

  uint32_t cpus_;
  EventSource* source_;
  EventClock* clock_;
  Canary* canary_;
  const Selection* selection_;
  Heartbeat heartbeat_;
  TracerWatch tracer_;
  uint32_t thread_ = 0;
  bool finished_ = false;
  /** Values at the last check of the words that only this thread writes, and of those that only grow. */
  uint64_t moved_positions_ = 0;
  uint64_t last_image_ = 0;
  std::vector<uint64_t> last_counts_;
  uint64_t checks_ = 0;
  /** Time of the last check that takes system calls. */
  Findings standing_;
};

}  // namespace wasprey
