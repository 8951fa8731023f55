#include "capture/integrity_check.h"

#include <cstdlib>
#include <string>

#include "capture/counters.h"

namespace wasprey {

Integrity IntegrityCheck::Run(const RingReader& rings) {
  Integrity result;
  result.gaps = heartbeat_.Take();
  Findings& findings = result.findings;
  if (const uint32_t tracer = tracer_.Find()) findings.push_back({"traced", "", tracer});
  // Every other time: it takes a hundred system calls, which may be events themselves.
  if (checks_++ % 2 == 0) {
    standing_.clear();
    source_->Check(&standing_);
    selection_->CheckFilters(&standing_);
  }
  findings.insert(findings.end(), standing_.begin(), standing_.end());
  std::erase_if(standing_, [](const Finding& finding) { return finding.repaired; });
  CheckWords(rings, &findings);
  result.dropped = CheckCounters(&findings);
  StepCanary(rings, &findings);
  return result;
}

/** Words that only this thread writes. */
void IntegrityCheck::CheckWords(const RingReader& rings, Findings* findings) {
  capture_shared* const shared = source_->memory().shared;
  if (!finished_ && __atomic_exchange_n(&shared->finished, 0, __ATOMIC_RELAXED) != 0) {
    findings->push_back({"finished", "", 0, true});
  }
  if (const int64_t moved = clock_->TakeMoved(shared)) {
    findings->push_back({"clock", "", static_cast<uint64_t>(std::abs(moved)) / 1'000'000, true});
  }
  const uint64_t moved = rings.moved() + source_->memory().lifecycle->moved();
  if (moved != moved_positions_) {
    findings->push_back({"position", "", moved - moved_positions_, true});
    moved_positions_ = moved;
  }
}

/** Counters of BPF programs, which only grow. Returns the number of dropped events. */
uint64_t IntegrityCheck::CheckCounters(Findings* findings) {
  uint64_t all_dropped = 0;
  const SourceMemory& memory = source_->memory();
  const uint64_t image = __atomic_load_n(&memory.shared->next_image, __ATOMIC_RELAXED);
  if (image < last_image_) findings->push_back({"image-numbers", ""});
  last_image_ = image;
  last_counts_.resize(cpus_);
  for (uint32_t cpu = 0; cpu < cpus_; cpu++) {
    const CpuCounts counts = CountsOf(memory.controls[cpu]);
    all_dropped += counts.dropped;
    const uint64_t count = counts.numbered + counts.dropped + counts.filtered;
    if (count < last_counts_[cpu]) findings->push_back({"counters", std::to_string(cpu)});
    last_counts_[cpu] = count;
  }
  return all_dropped;
}

void IntegrityCheck::StepCanary(const RingReader& rings, Findings* findings) {
  // While other rules take over, calls may or may not be seen.
  if (thread_ == 0 || finished_ || selection_->IsChanging()) {
    canary_->Skip();
    return;
  }
  const auto seen = [&](uint64_t type) {
    return rings.evaluated()[type] + UnreadOf(type, source_->memory().controls, cpus_);
  };
  canary_->Step(rings, seen, findings);
}

}  // namespace wasprey
