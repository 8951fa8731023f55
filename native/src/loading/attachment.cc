#include "loading/attachment.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>

#include "generated/schema.h"

namespace wasprey {
namespace {

/** The folder with the descriptions of trace events; nothing if tracefs is not mounted. */
std::optional<std::string> EventsFolder() {
  for (const std::string folder : {TRACE_FOLDERS}) {
    if (access((folder + "/events/raw_syscalls").c_str(), F_OK) == 0) return folder + "/events/";
  }
  return std::nullopt;
}

/** Kernels of Debian and Ubuntu refuse events of perf to CAP_PERFMON where the setting is higher, which it is by
 * default. */
constexpr int kParanoiaOfPerfmon = 2;

/** kernel.perf_event_paranoid; 0 if it can't be read. */
int PerfParanoia() {
  const FileDescriptor file(open("/proc/sys/kernel/perf_event_paranoid", O_RDONLY | O_CLOEXEC));
  char text[16];
  const ssize_t length = file ? read(file.get(), text, sizeof text) : -1;
  int value = 0;
  if (length > 0) std::from_chars(text, text + length, value);
  return value;
}

/**
 * The event of one CPU is enough: a program on it runs on all CPUs. CPU 0 may be offline. It is disabled, so that perf
 * does not count on that CPU what nobody reads; the program runs anyway.
 */
FileDescriptor OpenEvent(uint64_t number) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.size = sizeof attributes;
  attributes.config = number;
  attributes.disabled = 1;
  const long cpus = sysconf(_SC_NPROCESSORS_CONF);
  for (int cpu = 0; cpu < cpus; cpu++) {
    const long fd = syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd >= 0 || errno != ENODEV) return FileDescriptor(static_cast<int>(fd));
  }
  return FileDescriptor();
}

Result<FileDescriptor> AttachToTraceEvent(const Tracepoint& event, int program) {
  const auto events = EventsFolder();
  if (!events) {
    return Error{
        "CAPTURE_TRACEFS",
        "The kernel's trace events are missing (/sys/kernel/tracing): from Linux 7.0 on the BPF programs are "
        "attached to them. Mount them: mount -t tracefs tracefs /sys/kernel/tracing; in a container, mount the "
        "host's.",
        ""};
  }
  const uint64_t number = TraceEventNumber(*events + event.system + "/" + event.name + "/id");
  if (number == 0) return FileDescriptor();
  const FileDescriptor opened = OpenEvent(number);
  const int refusal = errno;
  if (!opened && refusal == EACCES && PerfParanoia() > kParanoiaOfPerfmon) {
    return Error{"CAPTURE_TRACE_EVENTS",
                 "The kernel lets only CAP_SYS_ADMIN open trace events, to which the BPF programs are attached from "
                 "Linux 7.0 on. Set kernel.perf_event_paranoid to 2 (sysctl -w kernel.perf_event_paranoid=2), or give "
                 "this capability.",
                 ""};
  }
  if (!opened) {
    errno = refusal;
    return FileDescriptor();
  }
  return FileDescriptor(bpf_link_create(program, opened.get(), BPF_PERF_EVENT, nullptr));
}

}  // namespace

Attachment AttachmentFor(std::string_view release) {
  int major = 0;
  std::from_chars(release.data(), release.data() + release.size(), major);
  return major >= FIRST_ON_TRACE_EVENTS ? Attachment::kTraceEvents : Attachment::kRawTracepoints;
}

Attachment AttachmentHere() {
  utsname name{};
  return uname(&name) == 0 ? AttachmentFor(name.release) : Attachment::kRawTracepoints;
}

bool IsFor(Attachment attachment, std::string_view program) {
  return std::none_of(std::begin(kTaskHooks), std::end(kTaskHooks), [&](const TaskHook& hook) {
    return program == (attachment == Attachment::kTraceEvents ? hook.raw : hook.event.program);
  });
}

std::string_view ProgramOf(const TaskHook& hook, Attachment attachment) {
  return attachment == Attachment::kTraceEvents ? hook.event.program : hook.raw;
}

uint64_t TraceEventNumber(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[24];
  const ssize_t length = file ? read(file.get(), text, sizeof text) : -1;
  if (length < 0) return 0;
  uint64_t number = 0;
  if (std::from_chars(text, text + length, number).ec != std::errc() || number == 0) errno = EINVAL;
  return number;
}

Result<FileDescriptor> AttachTo(Attachment attachment, const Tracepoint& tracepoint, int program) {
  if (attachment == Attachment::kTraceEvents) return AttachToTraceEvent(tracepoint, program);
  return FileDescriptor(bpf_raw_tracepoint_open(tracepoint.name, program));
}

Result<FileDescriptor> AttachTask(Attachment attachment, const TaskHook& hook, int program) {
  if (attachment == Attachment::kTraceEvents) return AttachToTraceEvent(hook.event, program);
  // Tracing programs name their place themselves, in their section.
  return FileDescriptor(bpf_raw_tracepoint_open(nullptr, program));
}

}  // namespace wasprey
