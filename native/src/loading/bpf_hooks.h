// Which BPF program serves which event type, after which system call: the tables of native/bpf/hooks.h as data.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>

#include "bpf/hooks.h"

namespace wasprey {

/** A system call by its number, and the program that reports it as an event of a type. */
struct Hook {
  /** If this type is needed, the call is captured. */
  uint64_t wanted;
  /** The type that the call is reported as. */
  uint8_t type;
  uint32_t call;
  std::string_view program;
};

/** Run by the reader, on no tracepoint. */
inline constexpr std::string_view kTellReader = "tell_reader";
inline constexpr std::string_view kSettleLate = "on_requests_settled_late";

inline bool IsRunByReader(std::string_view program) { return program == kTellReader || program == kSettleLate; }

/** A call that several types need has several entries, with the same reported type. */
inline constexpr Hook kHooks[] = {
#define WASPREY_HOOK(type, call, number, program) {type, type, number, #program},
#define WASPREY_SISTER(sister, type, number, program) {sister, type, number, #program},
    WASPREY_HOOKS(WASPREY_HOOK) WASPREY_SISTERS(WASPREY_SISTER)
#undef WASPREY_SISTER
#undef WASPREY_HOOK
};

/** A system call by its name. */
struct NamedCall {
  std::string_view name;
  uint32_t number;
};

/** All native calls that programs look at; some are there twice. */
inline constexpr NamedCall kNativeCalls[] = {
#define WASPREY_HOOK(type, call, number, program) {#call, number},
#define WASPREY_CHANGE(kind, call, number) {#call, number},
    WASPREY_HOOKS(WASPREY_HOOK) WASPREY_CHANGES(WASPREY_CHANGE){"io_uring_enter", IO_URING_ENTER},
#undef WASPREY_CHANGE
#undef WASPREY_HOOK
};

/** A 32-bit call. Of socketcall the type is that of one of its calls. */
struct CompatCall {
  std::string_view name;
  uint32_t number;
  uint64_t type;
  uint8_t change;
};

inline constexpr CompatCall kCompatCalls[] = {
#define WASPREY_CALL(call, number, type, change, short_ids) {#call, number, type, change},
    WASPREY_COMPAT_CALLS(WASPREY_CALL)
#undef WASPREY_CALL
        {"io_uring_enter", IO_URING_ENTER, EVENT_NONE, CHANGE_NONE},
};

/** A system call that may change something of its process's image. */
struct Change {
  uint8_t kind;
  uint32_t call;
};

inline constexpr Change kChanges[] = {
#define WASPREY_CHANGE(kind, call, number) {kind, number},
    WASPREY_CHANGES(WASPREY_CHANGE)
#undef WASPREY_CHANGE
};

/** A tracepoint: its trace event is `system:name`. */
struct Tracepoint {
  const char* system;
  const char* name;
  std::string_view program;
  /** The event type that its program is needed for; nothing: it is always attached. */
  std::optional<uint64_t> type = std::nullopt;
};

/** The tracepoints of programs other than those that follow processes. */
inline constexpr Tracepoint kTracepoints[] = {
#define WASPREY_TRACEPOINT(system, name, program) {#system, #name, #program},
#define WASPREY_EVENT_TRACEPOINT(type, system, name, program) {#system, #name, #program, type},
    WASPREY_TRACEPOINTS(WASPREY_TRACEPOINT) WASPREY_EVENT_TRACEPOINTS(WASPREY_EVENT_TRACEPOINT)
#undef WASPREY_EVENT_TRACEPOINT
#undef WASPREY_TRACEPOINT
};

/** Those that follow processes: one on the raw tracepoint, or its twin on the trace event. */
struct TaskHook {
  Tracepoint event;
  std::string_view raw;
};

inline constexpr TaskHook kTaskHooks[] = {
#define WASPREY_TASK(system, name, program, twin) {{#system, #name, #twin}, #program},
    WASPREY_TASKS(WASPREY_TASK)
#undef WASPREY_TASK
};

/** From where the programs of a slot are reached: see WASPREY_SLOTS. */
enum class Reached { kFromCalls, kFromTracepoints, kFromBoth };

struct Slot {
  uint32_t key;
  std::string_view program;
  Reached reached;
};

#define CALLS_ONLY Reached::kFromCalls
#define TRACEPOINTS Reached::kFromTracepoints
#define BOTH Reached::kFromBoth

/** The table of programs for tail calls. */
inline constexpr Slot kSlots[] = {
#define WASPREY_SLOT(key, program, reached) {key, #program, reached},
    WASPREY_SLOTS(WASPREY_SLOT)
#undef WASPREY_SLOT
};

/** Key of a program in that table; 0 if it has no entry. */
constexpr uint8_t SlotOf(std::string_view program) {
  for (const Slot& slot : kSlots) {
    if (slot.program == program) return static_cast<uint8_t>(slot.key);
  }
  return SLOT_NONE;
}

/** What is in these slots while rules are enforced. */
inline constexpr Slot kEnforcerSlots[] = {
#define WASPREY_SLOT(key, program, reached) {key, #program, reached},
    WASPREY_ENFORCERS(WASPREY_SLOT)
#undef WASPREY_SLOT
};

#undef BOTH
#undef TRACEPOINTS
#undef CALLS_ONLY

/** The program on the tracepoint of all calls, or on the exits of single ones. */
inline constexpr std::string_view kOnCall = "on_call";

/** From where a program is reached; one without a slot, but on_call itself, is on a tracepoint of its own. */
constexpr Reached ReachedFrom(std::string_view program) {
  for (const Slot& slot : kSlots) {
    if (slot.program == program) return slot.reached;
  }
  for (const Slot& slot : kEnforcerSlots) {
    if (slot.program == program) return slot.reached;
  }
  return program == kOnCall ? Reached::kFromCalls : Reached::kFromTracepoints;
}

/** Whether a program, or a map, is for enforcement alone: loaded and made while rules are enforced. */
inline bool IsForEnforcement(std::string_view name) { return name.starts_with("enforce"); }

/** Whether a program serves event types, so that others are reported without it. */
inline bool ServesEvents(std::string_view program) {
  return std::any_of(std::begin(kHooks), std::end(kHooks), [&](const Hook& hook) { return hook.program == program; });
}

/** Whether requests of io_uring that end silently are looked at when a process enters the ring. */
inline bool SettlesRequests(const std::set<uint64_t>& event_types) {
  return event_types.contains(EVENT_OPENAT) || event_types.contains(EVENT_OPENAT2) ||
         event_types.contains(EVENT_ACCEPT4);
}

/** Whether a program is needed if events of these types are. */
inline bool IsNeeded(std::string_view program, const std::set<uint64_t>& event_types) {
  if (IsForEnforcement(program)) return false;
  for (const Tracepoint& tracepoint : kTracepoints) {
    if (tracepoint.program == program && tracepoint.type) return event_types.contains(*tracepoint.type);
  }
  return !ServesEvents(program) || std::any_of(std::begin(kHooks), std::end(kHooks), [&](const Hook& hook) {
    return hook.program == program && event_types.contains(hook.wanted);
  });
}

}  // namespace wasprey
