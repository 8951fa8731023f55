// Detaching many tracepoints without waiting for it.
#pragma once

#include <vector>

#include "bpf_object.h"

namespace wasprey {

/**
 * Destroys the links. The kernel waits for a grace period of RCU for each tracepoint that is left, one after the other:
 * 2 s for all of ours. So a process of its own holds them a moment longer, and it is that process that waits.
 */
void DetachInBackground(std::vector<BpfLink> links);

}  // namespace wasprey
