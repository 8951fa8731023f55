#include "capture/counters.h"

namespace wasprey {
namespace {

uint64_t Load(const __u64& word) { return __atomic_load_n(&word, __ATOMIC_RELAXED); }

}  // namespace

CpuCounts CountsOf(const ring_control& control) {
  CpuCounts counts;
  counts.numbered = Load(control.sequence);
  for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
    counts.dropped += Load(control.dropped[type]);
    counts.filtered += Load(control.filtered[type]);
  }
  return counts;
}

uint64_t UnreadOf(uint64_t type, const ring_control* controls, uint32_t cpus) {
  uint64_t count = 0;
  for (uint32_t cpu = 0; cpu < cpus; cpu++) {
    count += Load(controls[cpu].dropped[type]) + Load(controls[cpu].filtered[type]);
  }
  return count;
}

void AddRings(const ring_control* controls, uint32_t cpus, EventCounts* counts) {
  for (uint32_t cpu = 0; cpu < cpus; cpu++) {
    const CpuCounts cpu_counts = CountsOf(controls[cpu]);
    counts->produced.push_back(cpu_counts.numbered + cpu_counts.filtered);
    counts->dropped_by_cpu.push_back(cpu_counts.dropped);
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
      counts->dropped[type] += Load(controls[cpu].dropped[type]);
      counts->filtered[type] += Load(controls[cpu].filtered[type]);
    }
  }
}

}  // namespace wasprey
