// Where programs are attached: to raw tracepoints, or to trace events (see on_trace_events in native/bpf/maps.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "loading/bpf_hooks.h"
#include "system/file_descriptor.h"
#include "system/result.h"

namespace wasprey {

enum class Attachment {
  kRawTracepoints,
  kTraceEvents,
};

/** The attachment for a kernel, by its release as in uname(2), e.g. `6.12.41+deb13-amd64`. */
Attachment AttachmentFor(std::string_view release);

/** The same for the kernel that is running. */
Attachment AttachmentHere();

/** Whether the program is for that attachment: some have a twin for the other. */
bool IsFor(Attachment attachment, std::string_view program);

/** The program of a hook for that attachment. */
std::string_view ProgramOf(const TaskHook& hook, Attachment attachment);

/**
 * The number of a trace event, from its file `id`. If there is none, 0 with errno: ENOENT if the kernel has no such
 * event, others if the file can't be read.
 */
uint64_t TraceEventNumber(const std::string& path);

/**
 * Attaches a program, by its descriptor, and returns the descriptor of the link, which lasts as long. It is empty if
 * the kernel refuses: errno is ENOENT if it has no such tracepoint. Fails with CAPTURE_TRACEFS where trace events can't
 * be looked up, and CAPTURE_TRACE_EVENTS where they may not be opened.
 */
Result<FileDescriptor> AttachTo(Attachment attachment, const Tracepoint& tracepoint, int program);

/** The same for the program of a hook that follows processes: see ProgramOf(). */
Result<FileDescriptor> AttachTask(Attachment attachment, const TaskHook& hook, int program);

}  // namespace wasprey
