// Whether the capture is as it was made: what others may have changed from outside, with root's rights, by the bpf(2)
// of their own, by ptrace or by signals. test/live/EVASIONS.md has the ways.

#include <cstdlib>
#include <utility>

#include "capture.h"

namespace wasprey {
namespace {

uint64_t Load(const __u64* word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }

}  // namespace

Integrity Capture::CheckIntegrity() {
  Integrity result;
  if (reader_ == nullptr) return result;
  result.gaps = heartbeat_.Take();
  Findings& findings = result.findings;
  if (const uint32_t tracer = tracer_.Find()) findings.push_back({"traced", "", tracer});
  // Every other time: it takes a hundred system calls, which may be events themselves.
  if (checks_++ % 2 == 0) {
    standing_.clear();
    source_->Check(&standing_);
    for (const auto& filter : filters_) {
      if (filter != nullptr) filter->Check(&standing_);
    }
  }
  findings.insert(findings.end(), standing_.begin(), standing_.end());
  std::erase_if(standing_, [](const Finding& finding) { return finding.repaired; });
  CheckWords(&findings);
  result.dropped = CheckCounters(&findings);
  StepCanary(&findings);
  return result;
}

/** Words that only this thread writes. */
void Capture::CheckWords(Findings* findings) {
  capture_shared* const shared = source_->memory().shared;
  if (!finished_ && __atomic_exchange_n(&shared->finished, 0, __ATOMIC_RELAXED) != 0) {
    findings->push_back({"finished", "", 0, true});
  }
  const uint64_t there = __atomic_exchange_n(&shared->clock_offset, clock_offset_, __ATOMIC_RELAXED);
  if (there != clock_offset_) clock_moved_ = there - clock_offset_;
  if (const auto clock = static_cast<int64_t>(std::exchange(clock_moved_, 0))) {
    findings->push_back({"clock", "", static_cast<uint64_t>(std::abs(clock)) / 1'000'000, true});
  }
  const uint64_t moved = reader_->moved() + source_->memory().lifecycle->moved();
  if (moved != moved_positions_) {
    findings->push_back({"position", "", moved - moved_positions_, true});
    moved_positions_ = moved;
  }
}

/** What BPF programs count, which only grows. Returns the number of events dropped. */
uint64_t Capture::CheckCounters(Findings* findings) {
  uint64_t all_dropped = 0;
  const SourceMemory& memory = source_->memory();
  const uint64_t image = Load(&memory.shared->next_image);
  if (image < last_image_) findings->push_back({"image-numbers", ""});
  last_image_ = image;
  last_counts_.resize(plan_.cpus);
  for (uint32_t cpu = 0; cpu < plan_.cpus; cpu++) {
    const ring_control& control = memory.controls[cpu];
    uint64_t dropped = 0;
    uint64_t filtered = 0;
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
      dropped += Load(&control.dropped[type]);
      filtered += Load(&control.filtered[type]);
    }
    all_dropped += dropped;
    const uint64_t count = Load(&control.sequence) + dropped + filtered;
    if (count < last_counts_[cpu]) findings->push_back({"counters", std::to_string(cpu)});
    last_counts_[cpu] = count;
  }
  return all_dropped;
}

void Capture::StepCanary(Findings* findings) {
  // While other rules take over, calls may or may not be seen.
  if (thread_ == 0 || finished_ || change_.HasBegun()) {
    canary_.Skip();
    return;
  }
  canary_.Step(*reader_, [this](uint64_t type) { return CountOf(type); }, findings);
}

/** Events of a type that were read, filtered or dropped so far. */
uint64_t Capture::CountOf(uint64_t type) const {
  uint64_t count = reader_->evaluated()[type];
  for (uint32_t cpu = 0; cpu < plan_.cpus; cpu++) {
    const ring_control& control = source_->memory().controls[cpu];
    count += Load(&control.dropped[type]) + Load(&control.filtered[type]);
  }
  return count;
}

}  // namespace wasprey
