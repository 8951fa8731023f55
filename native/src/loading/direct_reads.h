// How programs read kernel memory (native/bpf/kernel.h).
#pragma once

namespace wasprey {

/** Whether the kernel has bpf_rdonly_cast, by which programs read its memory without probes. */
bool HasDirectReads();

}  // namespace wasprey
