// The live source: BPF programs that write into rings mapped into the sandbox.
#pragma once

#include <memory>
#include <string>

#include "bpf_programs.h"
#include "event_source.h"

namespace wasprey {

struct BpfOptions {
  /** Path of the BPF object file. */
  std::string object;
  AfterRefusal after_refusal = AfterRefusal::kFail;
};

/** Nothing is loaded before Open(). */
std::unique_ptr<EventSource> MakeBpfSource(const Plan& plan, std::byte* sandbox, BpfOptions options);

}  // namespace wasprey
