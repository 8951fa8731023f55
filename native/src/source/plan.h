// The layout of the regions in the sandbox's memory: rings, process images, containers, held events, scratch.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "records/kernel_layout.h"
#include "system/result.h"

namespace wasprey {

/** The area from address 0 on stays unused, so that a null address reads zeros and never a record. */
inline constexpr uint32_t kNullArea = 65536;
inline constexpr uint32_t kWasmPage = 65536;

/** The table of names has the fixed address that rule modules expect; regions that differ by plan follow. */
static_assert(NAMES_ADDRESS == kNullArea && NAMES_BYTES % kWasmPage == 0);

/** A ring must hold some of the longest records. In one of 128 KB a flood would leave others only 5 KB above the
 * reserve (ring_share.h). */
inline constexpr uint32_t kSmallestRing = std::bit_ceil(uint32_t{8 * LONGEST_RECORD});

/** What all rings have together, unless more CPUs need more. 16 MB are 32 ms of a million events a second. */
inline constexpr uint64_t kRingBytes = 16 << 20;

/** Text made by completion, a batch at a time; a batch ends early when it is full. */
inline constexpr uint32_t kScratchBytes = 1 << 20;

/** Default budget for events that are held until their container is known. */
inline constexpr uint64_t kHoldBytes = 8 << 20;

struct Sizes {
  /** 0: kRingBytes, or what the CPUs need at least, if that is more. */
  uint64_t ring_budget = 0;
  uint64_t image_budget = 0;
  uint64_t container_budget = 0;
  uint64_t hold_budget = 0;
  uint32_t cpus = 0;
};

struct Plan {
  uint32_t cpus = 0;
  uint32_t ring_size = 0;
  uint32_t ring_stride = 0;
  uint32_t rings_address = 0;
  uint32_t images_address = 0;
  uint32_t containers_address = 0;
  uint32_t hold_address = 0;
  uint32_t scratch_address = 0;
  uint64_t memory_bytes = 0;

  uint64_t ring_bytes() const { return uint64_t{ring_stride} * cpus; }
  uint32_t image_bytes() const { return containers_address - images_address; }
  uint32_t container_bytes() const { return hold_address - containers_address; }
  uint32_t hold_bytes() const { return scratch_address - hold_address; }
};

/**
 * Divides the budgets. A ring is the largest power of two of which `cpus` fit into the ring budget; the room behind
 * each for a record that begins before its end comes on top.
 */
Result<Plan> MakePlan(const Sizes& sizes);

/** Whether a plan that came back from JavaScript fits `memory_bytes` of memory. */
Status CheckPlan(const Plan& plan, size_t memory_bytes);

}  // namespace wasprey
