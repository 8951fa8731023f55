#include "loading/missing_hook_reports.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "loading/bpf_hooks.h"
#include "loading/io_uring_operations.h"
#include "records/event_types.h"

namespace wasprey {
namespace {

constexpr std::string_view kCompat = "on_compat";
/** Makes the events of 32-bit calls and of requests of io_uring; the next one only those of some 32-bit calls. */
constexpr std::string_view kWritePassed = "write_passed";
constexpr std::string_view kWritePassedMany = "write_passed_many";
constexpr std::string_view kRequests = "on_request";
/** Without it connects are reported by what their descriptor is when they return. */
constexpr std::string_view kConnecting = "on_connecting";

std::vector<std::string_view> NamesOf(const std::set<uint64_t>& types) {
  std::vector<std::string_view> names;
  for (const EventType& type : kEventTypes) {
    if (types.contains(type.number)) names.push_back(type.name);
  }
  return names;
}

/** What a program reports: types of the calls that it serves, of all calls, or of requests of io_uring. */
void NoteBlindness(MissingHook* missing) {
  const std::string_view program = missing->program;
  const bool requests = program.starts_with(kRequests) || program == kWritePassed;
  const bool compat = program == kCompat || program == kWritePassed || program == kWritePassedMany;
  const bool all = !IsOptional(program) || compat;
  std::set<uint64_t> types;
  if (program == kConnecting) types.insert(EVENT_CONNECT);
  for (const Hook& hook : kHooks) {
    if (all || hook.program == program) types.insert(hook.wanted);
  }
  if (requests) {
    for (const IoUringOperation& operation : kIoUringOperations) types.insert(operation.type);
  }
  missing->blinds = NamesOf(types);
  if (missing->blinds.empty()) return;
  if (requests) missing->ways.push_back("io_uring");
  if (compat) missing->ways.push_back("32-bit");
  if (program == kConnecting) missing->ways.push_back("peers");
  if (missing->ways.empty()) missing->ways.push_back("calls");
}

/** A section without an entry is on a raw tracepoint, or reached from the one of all calls. */
std::string PlaceOf(std::string_view program, std::string_view section) {
  if (const size_t slash = section.find('/'); slash != std::string_view::npos)
    return std::string(section.substr(slash + 1));
  for (const Tracepoint& tracepoint : kTracepoints) {
    if (tracepoint.program == program) return tracepoint.name;
  }
  for (const TaskHook& hook : kTaskHooks) {
    if (hook.event.program == program) return hook.event.name;
  }
  return IsRunByReader(program) ? "" : "sys_exit";
}

}  // namespace

bool IsOptional(std::string_view program) {
  return ServesEvents(program) || program == kCompat || program == kWritePassed || program == kWritePassedMany ||
         program == kTellReader || program == kConnecting || program.starts_with(kRequests) ||
         IsForEnforcement(program);
}

MissingHook RefusedHook(std::string_view program, std::string_view section, std::string detail) {
  MissingHook missing{PlaceOf(program, section), std::string(program), "program-refused", std::move(detail), {}, {}};
  NoteBlindness(&missing);
  return missing;
}

MissingHook UnattachedHook(std::string_view program, std::string_view tracepoint, const char* reason,
                           std::string detail) {
  MissingHook missing{std::string(tracepoint), std::string(program), reason, std::move(detail), {}, {}};
  NoteBlindness(&missing);
  return missing;
}

MissingHook UnattachedExit(const CallFunction& function, std::string detail) {
  std::set<uint64_t> types;
  const bool changes = function.ChangesProcess();
  for (const Hook& hook : kHooks) {
    // Without the image that a change makes, the process is another one in all its events.
    if (changes || hook.call == function.native) types.insert(hook.wanted);
  }
  for (const CompatCall& call : kCompatCalls) {
    if (call.number == function.compat) types.insert(call.type);
  }
  MissingHook missing{function.name, std::string(kOnCall), "attach-failed", std::move(detail), NamesOf(types), {}};
  if (function.native != kNoCall) missing.ways.push_back("calls");
  if (function.compat != kNoCall) missing.ways.push_back("32-bit");
  return missing;
}

MissingHook NeedlessHook(std::string_view program, std::string_view tracepoint) {
  return {std::string(tracepoint), std::string(program), "no-io-uring", "", {}, {}};
}

}  // namespace wasprey
