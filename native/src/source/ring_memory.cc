#include "source/ring_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace wasprey {
namespace {

/** What the windows of all rings have together, unless there are many. */
constexpr uint32_t kWindows = 1 << 20;
/** Whatever record is in it, the next one mostly is too. */
constexpr uint32_t kSmallestWindow = 2 * LONGEST_RECORD;

}  // namespace

Result<RingMemory> RingMemory::Map(const Plan& plan, uint32_t ring_stride, std::byte* sandbox, int fd, Writes writes) {
  RingMemory rings;
  auto view = SandboxView::Map(sandbox + plan.rings_address, size_t{ring_stride} * plan.cpus, fd, "event rings");
  if (!view) return std::move(view.error());
  rings.view_ = std::move(*view);
  rings.address_ = plan.rings_address;
  rings.stride_ = ring_stride;
  const uint32_t bytes =
      writes == Writes::kAnywhere ? ring_stride : std::max(std::bit_floor(kWindows / plan.cpus), kSmallestWindow);
  for (uint32_t cpu = 0; cpu < plan.cpus; cpu++) {
    auto window = MappedWindow::Map(fd, size_t{ring_stride} * cpu, ring_stride, bytes, PROT_READ | PROT_WRITE,
                                    "event rings to write");
    if (!window) return std::move(window.error());
    rings.windows_.push_back(std::move(*window));
  }
  return rings;
}

}  // namespace wasprey
