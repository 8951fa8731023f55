// The live source: BPF programs that write into rings mapped into the sandbox.
#pragma once

#include <memory>
#include <string>

#include "loading/bpf_programs.h"
#include "source/event_source.h"

namespace wasprey {

struct BpfOptions {
  /** Path of the BPF object file. */
  std::string object;
  AfterRefusal after_refusal = AfterRefusal::kFail;
  /** Whether the hooks of calls are on the exits of single ones (call_exits.h), not on the tracepoint of all. */
  bool on_exits = false;
};

/** Nothing is loaded before Open(). */
std::unique_ptr<EventSource> MakeBpfSource(const Plan& plan, std::byte* sandbox, BpfOptions options);

}  // namespace wasprey
