// Hooks that this kernel lacks or refuses, and the events that are missed without them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "loading/call_functions.h"

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

/** A program that the kernel refuses. `section` is its section in the object file. */
MissingHook RefusedHook(std::string_view program, std::string_view section, std::string detail);
/** A program that can not be attached to `tracepoint`. */
MissingHook UnattachedHook(std::string_view program, std::string_view tracepoint, const char* reason,
                           std::string detail);
/** A function whose exit on_call() can not be attached to. */
MissingHook UnattachedExit(const CallFunction& function, std::string detail);
/** The same without missed events: the kernel has no io_uring. */
MissingHook NeedlessHook(std::string_view program, std::string_view tracepoint);

/**
 * Whether the capture starts without a program that the kernel refuses. Without a program that serves events, only
 * events of its types are unseen, which can be reported. All other programs make or change process images, or lead to
 * all the rest. Without them, events would have the wrong user, directory, container or ancestors, or would not come at
 * all: no rule could be relied on.
 */
bool IsOptional(std::string_view program);

}  // namespace wasprey
