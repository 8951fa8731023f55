// The counters of a capture: nothing is lost silently.
#pragma once

#include <cstdint>
#include <vector>

#include "records/kernel_layout.h"
#include "source/event_source.h"

namespace wasprey {

struct EventCounts {
  std::vector<uint64_t> produced, dropped_by_cpu;      // by CPU
  std::vector<uint64_t> evaluated, dropped, filtered;  // by event type
};

struct Counters : EventCounts {
  uint64_t images = 0, images_lost = 0, images_evicted = 0, images_cut = 0, images_unnamed = 0, images_unplaced = 0,
           unknown_images = 0, unnamed_files = 0, missed_runs = 0;
  uint64_t containers = 0, containers_lost = 0, images_in_forged_cgroups = 0, held = 0, malformed = 0;
  double ring_high_water = 0;
  std::vector<ProgramRuns> programs;
};

/** Counters of the programs on one CPU; they only grow. */
struct CpuCounts {
  /** Events written or dropped: header.sequence counts both. */
  uint64_t numbered = 0;
  uint64_t dropped = 0;
  uint64_t filtered = 0;
};

CpuCounts CountsOf(const ring_control& control);

/** Events of a type that were dropped or filtered on any CPU. */
uint64_t UnreadOf(uint64_t type, const ring_control* controls, uint32_t cpus);

/** Adds the counters of the programs on all CPUs. */
void AddRings(const ring_control* controls, uint32_t cpus, EventCounts* counts);

}  // namespace wasprey
