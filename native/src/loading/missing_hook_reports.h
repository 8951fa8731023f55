// What is missed without a hook that this kernel lacks or refuses.
#pragma once

#include <string>
#include <string_view>

#include "loading/call_functions.h"
#include "source/missing_hook.h"

namespace wasprey {

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
