// Which BPF program serves which event type, on which tracepoint: the tables of native/bpf/hooks.h as data.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "bpf/hooks.h"

namespace wasprey {

inline constexpr std::string_view kOnChange = "on_change";
inline constexpr std::string_view kOnCompat = "on_compat";
inline constexpr std::string_view kWritePassed = "write_passed";

/** A program and the tracepoint it is attached to, for events of a type; the cookie tells it what it is run for. */
struct Hook {
  uint64_t type;
  uint64_t cookie;
  const char* tracepoint;
  std::string_view program;
};

/** A tracepoint that several types want is in more than one, with the same cookie. */
inline constexpr Hook kHooks[] = {
#define WASPREY_HOOK(type, tracepoint, program) {type, type, tracepoint, #program},
#define WASPREY_FURTHER(type, cookie, tracepoint, program) {type, cookie, tracepoint, #program},
    WASPREY_HOOKS(WASPREY_HOOK) WASPREY_ALSO(WASPREY_FURTHER)
#undef WASPREY_FURTHER
#undef WASPREY_HOOK
};

/** What changes a process's image; always attached, and before the hooks of events. */
inline constexpr Hook kChanges[] = {
#define WASPREY_CHANGE(kind, tracepoint) {0, kind, tracepoint, kOnChange},
    WASPREY_CHANGES(WASPREY_CHANGE)
#undef WASPREY_CHANGE
};

struct RawHook {
  const char* tracepoint;
  std::string_view program;
};

/** Programs on raw tracepoints; attached always. */
inline constexpr RawHook kRawHooks[] = {
#define WASPREY_RAW_HOOK(tracepoint, program) {tracepoint, #program},
    WASPREY_RAW(WASPREY_RAW_HOOK)
#undef WASPREY_RAW_HOOK
};

struct Slot {
  uint32_t key;
  std::string_view program;
};

/** The table of programs for tail calls. */
inline constexpr Slot kSlots[] = {
#define WASPREY_SLOT(key, program) {key, #program},
    WASPREY_SLOTS(WASPREY_SLOT)
#undef WASPREY_SLOT
};

/** Whether a program serves event types: such a one is loaded only when one of its types is wanted. */
inline bool ServesEvents(std::string_view program) {
  return std::any_of(std::begin(kHooks), std::end(kHooks), [&](const Hook& hook) { return hook.program == program; });
}

}  // namespace wasprey
