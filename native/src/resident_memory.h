// Giving memory back that the start of the agent has taken and its work does not need.
#pragma once

namespace wasprey {

/**
 * Gives freed memory of the C library back to the kernel, and takes pages of the program's own files out of the
 * resident set: those that are needed come back from the page cache, 16 at a time, as they are touched. Takes some 10
 * ms.
 */
void ReleaseMemory();

}  // namespace wasprey
