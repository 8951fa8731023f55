// Returns memory to the kernel that only the start of the agent needed.
#pragma once

namespace wasprey {

/**
 * Returns freed memory of the C library to the kernel, and removes pages of the program's own files from the
 * resident set: those that are needed come back from the page cache, 16 at a time, as they are touched. Takes some 10
 * ms.
 */
void ReleaseMemory();

/** Has further threads share the allocator's arenas, and large blocks not stay in them. */
void BoundArenas();

}  // namespace wasprey
