// Measured on the runtime of x86-64, which has 57 MB of its code and constants mapped after the start: 20 MB of them
// are what the work needs. The others (parsing its own scripts, deserializing its heap, libbpf) are needed once.
//
// Only segments of program files that are read or run: the loader writes to the others before it makes them read-only,
// and another thread may be loading something right now.

#include "system/resident_memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace wasprey {
namespace {

struct Range {
  uintptr_t from = 0;
  uintptr_t to = 0;
};

/** Segments of the program and its libraries that are never written to, in whole pages. */
std::vector<Range> UnwrittenSegments() {
  std::vector<Range> segments;
  const auto add = [](dl_phdr_info* object, size_t, void* into) {
    const uintptr_t in_page = getpagesize() - 1;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
      const auto& header = object->dlpi_phdr[i];
      if (header.p_type != PT_LOAD || (header.p_flags & PF_W) != 0) continue;
      const uintptr_t from = object->dlpi_addr + header.p_vaddr;
      static_cast<std::vector<Range>*>(into)->push_back(
          {from & ~in_page, (from + header.p_memsz + in_page) & ~in_page});
    }
    return 0;
  };
  dl_iterate_phdr(add, &segments);
  return segments;
}

/** A line of smaps that begins a mapping: `from` is 0 unless it maps a file, is private, and was never written to. */
Range ReadMapping(const std::string& line) {
  Range mapping;
  char rights[5] = {};
  uint64_t inode = 0;
  if (sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s %*x %*s %" SCNu64, &mapping.from, &mapping.to, rights,
             &inode) != 4 ||
      inode == 0 || (strcmp(rights, "r--p") != 0 && strcmp(rights, "r-xp") != 0)) {
    return {};
  }
  return mapping;
}

}  // namespace

// Without these, arenas of threads that have loaded programs or compiled modules kept 8 MB with 0.4 in use, and the
// engine's thread 13 with 9. The second is the allocator's default until a large block is freed: then it would grow, to
// the size of the kernel's types.
void BoundArenas() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

void ReleaseMemory() {
  malloc_trim(0);
  const std::vector<Range> segments = UnwrittenSegments();
  const auto is_unwritten = [&](const Range& mapping) {
    return std::any_of(segments.begin(), segments.end(),
                       [&](const Range& segment) { return mapping.from >= segment.from && mapping.to <= segment.to; });
  };
  std::ifstream maps("/proc/self/smaps");
  Range mapping;
  std::string line;
  while (std::getline(maps, line)) {
    if (!line.empty() && (line[0] < 'A' || line[0] > 'Z')) {
      mapping = ReadMapping(line);
    } else if (line.starts_with("Anonymous:") && is_unwritten(mapping)) {
      // Pages that were written to before the mapping was made read-only (relocations, breakpoints) have no copy in the
      // file.
      unsigned long kilobytes = 1;
      if (sscanf(line.c_str(), "Anonymous: %lu", &kilobytes) != 1 || kilobytes != 0) continue;
      auto* const begin = reinterpret_cast<void*>(mapping.from);
      // Where memory is short they are the first to go: what Kubernetes calls the working set does not count them.
      madvise(begin, mapping.to - mapping.from, MADV_COLD);
      madvise(begin, mapping.to - mapping.from, MADV_DONTNEED);
    }
  }
}

}  // namespace wasprey
