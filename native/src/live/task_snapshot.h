// The processes that are there when a capture starts.
#pragma once

#include <functional>

#include "loading/bpf_programs.h"
#include "records/kernel_layout.h"
#include "system/result.h"

namespace wasprey {

/** Reads the task iterator to its end, which has the kernel make an image of each process. Calls `drain` for images so
 * far. */
Status TakeSnapshot(const BpfPrograms& programs, capture_shared* shared, const std::function<void()>& drain);

}  // namespace wasprey
