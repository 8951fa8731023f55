#include "source/ring_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace wasprey {
namespace {

/** What the windows of all rings have together, unless there are many. */
constexpr uint32_t kWindows = 1 << 20;
/** Whatever record is in it, the next one mostly is too. */
constexpr uint32_t kSmallestWindow = 2 * LONGEST_RECORD;

/** Bytes of a ring's window, whole pages. It begins at a page, and holds the longest record wherever in that it begins.
 */
constexpr uint32_t WindowBytes(uint32_t cpus, uint32_t page) {
  const uint32_t needed = std::max({std::bit_floor(kWindows / cpus), kSmallestWindow, page + LONGEST_RECORD});
  return (needed + page - 1) / page * page;
}
static_assert(WindowBytes(2, 4096) == 512 << 10 && WindowBytes(256, 4096) == 64 << 10);
static_assert(WindowBytes(256, 64 << 10) == 128 << 10);

}  // namespace

Result<RingMemory> RingMemory::Map(const Plan& plan, uint32_t ring_stride, std::byte* sandbox, int fd, Writes writes) {
  RingMemory rings;
  auto view = SandboxView::Map(sandbox + plan.rings_address, size_t{ring_stride} * plan.cpus, fd, "event rings");
  if (!view) return std::move(view.error());
  rings.view_ = std::move(*view);
  rings.address_ = plan.rings_address;
  rings.stride_ = ring_stride;
  const uint32_t bytes =
      writes == Writes::kAnywhere ? ring_stride : WindowBytes(plan.cpus, static_cast<uint32_t>(sysconf(_SC_PAGESIZE)));
  for (uint32_t cpu = 0; cpu < plan.cpus; cpu++) {
    auto window = MappedWindow::Map(fd, size_t{ring_stride} * cpu, ring_stride, bytes, PROT_READ | PROT_WRITE,
                                    "event rings to write");
    if (!window) return std::move(window.error());
    rings.windows_.push_back(std::move(*window));
  }
  return rings;
}

}  // namespace wasprey
