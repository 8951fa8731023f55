// The live source: BPF programs that write into rings mapped into the sandbox.
#pragma once

#include <memory>
#include <string>

#include "event_source.h"

namespace wasprey {

/** `object` is the path of the BPF object file. Nothing is loaded before Open(). */
std::unique_ptr<EventSource> MakeBpfSource(const Plan& plan, std::byte* sandbox, std::string object);

}  // namespace wasprey
