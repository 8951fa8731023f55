// Where programs are attached: to raw tracepoints, or to trace events (see on_trace_events in native/bpf/maps.h).
#pragma once

#include <string_view>

#include "bpf_hooks.h"
#include "file_descriptor.h"
#include "result.h"

namespace wasprey {

enum class Attachment {
  kRawTracepoints,
  kTraceEvents,
};

/** What fits a kernel, by its release as uname(2) has it, e.g. `6.12.41+deb13-amd64`. */
Attachment AttachmentFor(std::string_view release);

/** The same for the kernel that is running. */
Attachment AttachmentHere();

/** Whether the object's program is for that attachment: some have a twin for the other. */
bool IsFor(Attachment attachment, std::string_view program);

/**
 * Attaches a program, by its descriptor. The link lasts as long as its descriptor; where that is none, errno says why:
 * ENOENT if the kernel has no such tracepoint. Fails with CAPTURE_TRACEFS where trace events can't be looked up.
 */
Result<FileDescriptor> AttachTo(Attachment attachment, const Tracepoint& tracepoint, int program);

}  // namespace wasprey
