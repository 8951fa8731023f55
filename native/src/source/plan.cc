// Dividing the budgets into regions, and checking a plan before it is mapped.

#include "source/plan.h"

#include <unistd.h>

#include <algorithm>
#include <bit>

namespace wasprey {
namespace {

constexpr uint64_t kLargestMemory = uint64_t{1} << 32;
constexpr uint64_t kSmallestTable = 1 << 20;
constexpr uint64_t kMegabyte = 1 << 20;
/* The verifier takes offsets into a map's value below 1 << 29 (BPF_MAX_VAR_OFF): with rings of that size it refuses the
 * programs, for "unbounded memory access". */
constexpr uint64_t kLargestRing = uint64_t{1} << 28;

uint64_t PageSize() { return static_cast<uint64_t>(sysconf(_SC_PAGESIZE)); }

uint64_t RoundUp(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

Result<Plan> MakePlan(const Sizes& sizes) {
  if (sizes.cpus == 0 || sizes.cpus > 65536) {
    return Error{"CAPTURE_PLAN", "The number of CPUs must be between 1 and 65536.", ""};
  }
  const uint64_t needed = uint64_t{kSmallestRing} * sizes.cpus;
  const uint64_t budget = sizes.ring_budget == 0 ? std::max(kRingBytes, needed) : sizes.ring_budget;
  if (budget < needed) {
    return Error{"CAPTURE_BUDGET",
                 "The memory for rings (engine.wasprey.ring_memory_mb, --ring-memory) is too small: set at least " +
                     std::to_string((needed + kMegabyte - 1) / kMegabyte) + " MB, which this machine's " +
                     std::to_string(sizes.cpus) + " CPUs need, or leave it out.",
                 ""};
  }
  const uint64_t share = budget / sizes.cpus;
  Plan plan;
  plan.cpus = sizes.cpus;
  plan.ring_size = static_cast<uint32_t>(std::bit_floor(std::min(share, kLargestRing)));
  plan.ring_stride = static_cast<uint32_t>(RoundUp(plan.ring_size + LONGEST_RECORD, PageSize()));

  const uint64_t rings = NAMES_ADDRESS + NAMES_BYTES;
  const uint64_t images = RoundUp(rings + plan.ring_bytes(), kWasmPage);
  const uint64_t containers = images + RoundUp(std::max(sizes.image_budget, kSmallestTable), kWasmPage);
  const uint64_t hold = containers + RoundUp(std::max(sizes.container_budget, kSmallestTable), kWasmPage);
  const uint64_t scratch = hold + RoundUp(std::max(sizes.hold_budget, kSmallestTable), kWasmPage);
  // One page stays free at the end: rule modules read up to 16 bytes past a string.
  const uint64_t end = scratch + kScratchBytes + kWasmPage;
  const uint64_t largest = std::max({sizes.image_budget, sizes.container_budget, sizes.hold_budget});
  if (end > kLargestMemory || largest > kLargestMemory) {
    return Error{"CAPTURE_BUDGET", "Rings, images, containers and held events together must stay below 4 GiB.", ""};
  }
  plan.rings_address = static_cast<uint32_t>(rings);
  plan.images_address = static_cast<uint32_t>(images);
  plan.containers_address = static_cast<uint32_t>(containers);
  plan.hold_address = static_cast<uint32_t>(hold);
  plan.scratch_address = static_cast<uint32_t>(scratch);
  plan.memory_bytes = end;
  return plan;
}

Status CheckPlan(const Plan& plan, size_t memory_bytes) {
  const uint64_t page = PageSize();
  const bool aligned = plan.rings_address % page == 0 && plan.images_address % page == 0 &&
                       plan.containers_address % page == 0 && plan.hold_address % page == 0 &&
                       plan.scratch_address % page == 0 && plan.ring_stride % page == 0;
  const bool ring = plan.cpus > 0 && plan.ring_size >= kSmallestRing && std::has_single_bit(plan.ring_size) &&
                    plan.ring_stride >= uint64_t{plan.ring_size} + LONGEST_RECORD;
  const bool ordered = plan.rings_address >= NAMES_ADDRESS + NAMES_BYTES &&
                       plan.rings_address + plan.ring_bytes() <= plan.images_address &&
                       plan.images_address + kSmallestTable <= plan.containers_address &&
                       plan.containers_address + kSmallestTable <= plan.hold_address &&
                       plan.hold_address + kSmallestTable <= plan.scratch_address &&
                       uint64_t{plan.scratch_address} + kScratchBytes <= memory_bytes;
  if (aligned && ring && ordered && memory_bytes >= plan.memory_bytes) return std::nullopt;
  return Error{"CAPTURE_PLAN", "The memory does not fit the plan: make both from one call of plan().", ""};
}

}  // namespace wasprey
