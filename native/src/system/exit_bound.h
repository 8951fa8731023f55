// Ends the process within a time, whatever its threads do: Node waits for threads that wait for a file system.
#pragma once

#include <chrono>

namespace wasprey {

/** After that time the process ends at once, with the status. Nothing happens if it has ended before. */
void EndWithin(std::chrono::milliseconds time, int status);

}  // namespace wasprey
