#include "loading/tracepoint_links.h"

#include <cerrno>
#include <string>
#include <utility>

#include "loading/bpf_error.h"
#include "loading/bpf_hooks.h"
#include "loading/io_uring_operations.h"
#include "loading/missing_hook_reports.h"

namespace wasprey {

Status TracepointLinks::AttachTasks(const BpfPrograms& programs, BpfTables* tables) {
  for (const TaskHook& hook : kTaskHooks) {
    const std::string name(ProgramOf(hook, attachment_));
    const int program = programs.Find(name);
    if (program < 0) return LoadError("Finding the program " + name, ENOENT);
    auto link = AttachTask(attachment_, hook, program);
    if (!link) return std::move(link.error());
    if (!*link) return LoadError("Attaching " + name, errno);
    tables->NoteLink(name, attachment_ == Attachment::kTraceEvents ? hook.event.name : "", link->get());
    links_.push_back(std::move(*link));
  }
  return std::nullopt;
}

Status TracepointLinks::Attach(const BpfPrograms& programs, const std::set<uint64_t>& event_types, BpfTables* tables) {
  for (const Tracepoint& tracepoint : kTracepoints) {
    if (!IsNeeded(tracepoint.program, event_types) || !tried_.insert(tracepoint.program).second) continue;
    if (auto failed = AttachToFirst(tracepoint.program, programs, tables)) return failed;
  }
  return std::nullopt;
}

/** Attaches a program to the first of its tracepoints that this kernel has: names differ between kernels. */
Status TracepointLinks::AttachToFirst(std::string_view name, const BpfPrograms& programs, BpfTables* tables) {
  const int program = programs.Find(name);
  if (program < 0) return std::nullopt;  // It was refused, which is reported already.
  std::string tracepoints;
  bool of_io_uring = false;
  int error = ENOENT;
  for (const Tracepoint& tracepoint : kTracepoints) {
    if (tracepoint.program != name) continue;
    of_io_uring = std::string_view(tracepoint.system) == "io_uring";
    auto link = AttachTo(attachment_, tracepoint, program);
    if (!link) return std::move(link.error());
    if (*link) {
      tables->NoteLink(name, tracepoint.name, link->get());
      links_.push_back(std::move(*link));
      return std::nullopt;
    }
    if (errno != ENOENT) error = errno;
    tracepoints.append(tracepoints.empty() ? "" : ", ").append(tracepoint.name);
  }
  if (!IsOptional(name)) return LoadError("Attaching to " + tracepoints, error);
  const std::lock_guard lock(mutex_);
  if (error == ENOENT && of_io_uring && !KernelHasIoUring()) {
    missing_.push_back(NeedlessHook(name, tracepoints));
  } else {
    const char* const reason = error == ENOENT ? "tracepoint-missing" : "attach-failed";
    missing_.push_back(UnattachedHook(name, tracepoints, reason, BpfErrorText(error)));
  }
  return std::nullopt;
}

std::vector<MissingHook> TracepointLinks::missing() const {
  const std::lock_guard lock(mutex_);
  return missing_;
}

}  // namespace wasprey
