// A hook that this kernel lacks or refuses, and the events that are missed without it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasprey {

/** See MissingHook in host/capture/missing-hooks.ts. */
struct MissingHook {
  /** Tracepoint that the program is attached to or reached from; empty: only the reader runs it. */
  std::string hook;
  std::string program;
  /** Stable; host/capture/missing-hooks.ts has them all. */
  const char* reason;
  /** The kernel's reason: errno, verdict of the verifier. */
  std::string detail;
  /** Names of the event types that it would have reported. */
  std::vector<std::string_view> blinds;
  /** The ways of those calls that are missed: `calls`, `io_uring`, `32-bit`; `peers`: all are reported, some without
   * the peer. */
  std::vector<const char*> ways;
};

}  // namespace wasprey
