// The event types by name and number, and which fixed part each has, as host/schema/events.ts says (a unit test
// compares).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernel_layout.h"

namespace wasprey {

enum class Shape : uint8_t { kNone, kOpen, kExec, kDescriptor, kNetwork, kPath, kPaths, kProcess };

struct EventType {
  std::string_view name;
  uint16_t number;
  Shape shape;
};

inline constexpr EventType kEventTypes[] = {
    {"open", EVENT_OPEN, Shape::kOpen},
    {"openat", EVENT_OPENAT, Shape::kOpen},
    {"openat2", EVENT_OPENAT2, Shape::kOpen},
    {"creat", EVENT_CREAT, Shape::kOpen},
    {"execve", EVENT_EXECVE, Shape::kExec},
    {"execveat", EVENT_EXECVEAT, Shape::kExec},
    {"socket", EVENT_SOCKET, Shape::kNetwork},
    {"bind", EVENT_BIND, Shape::kNetwork},
    {"listen", EVENT_LISTEN, Shape::kNetwork},
    {"connect", EVENT_CONNECT, Shape::kNetwork},
    {"accept", EVENT_ACCEPT, Shape::kNetwork},
    {"accept4", EVENT_ACCEPT4, Shape::kNetwork},
    {"sendto", EVENT_SENDTO, Shape::kNetwork},
    {"sendmsg", EVENT_SENDMSG, Shape::kNetwork},
    {"unlink", EVENT_UNLINK, Shape::kPath},
    {"unlinkat", EVENT_UNLINKAT, Shape::kPath},
    {"rmdir", EVENT_RMDIR, Shape::kPath},
    {"mkdir", EVENT_MKDIR, Shape::kPath},
    {"mkdirat", EVENT_MKDIRAT, Shape::kPath},
    {"rename", EVENT_RENAME, Shape::kPaths},
    {"renameat", EVENT_RENAMEAT, Shape::kPaths},
    {"renameat2", EVENT_RENAMEAT2, Shape::kPaths},
    {"link", EVENT_LINK, Shape::kPaths},
    {"linkat", EVENT_LINKAT, Shape::kPaths},
    {"symlink", EVENT_SYMLINK, Shape::kPaths},
    {"symlinkat", EVENT_SYMLINKAT, Shape::kPaths},
    {"chmod", EVENT_CHMOD, Shape::kPath},
    {"fchmod", EVENT_FCHMOD, Shape::kDescriptor},
    {"fchmodat", EVENT_FCHMODAT, Shape::kPath},
    {"dup", EVENT_DUP, Shape::kDescriptor},
    {"dup2", EVENT_DUP2, Shape::kDescriptor},
    {"dup3", EVENT_DUP3, Shape::kDescriptor},
    {"setuid", EVENT_SETUID, Shape::kProcess},
    {"setgid", EVENT_SETGID, Shape::kProcess},
    {"setresuid", EVENT_SETRESUID, Shape::kProcess},
    {"ptrace", EVENT_PTRACE, Shape::kProcess},
    {"mount", EVENT_MOUNT, Shape::kPaths},
    {"umount2", EVENT_UMOUNT2, Shape::kPath},
    {"memfd_create", EVENT_MEMFD_CREATE, Shape::kDescriptor},
    {"unshare", EVENT_UNSHARE, Shape::kProcess},
    {"setns", EVENT_SETNS, Shape::kDescriptor},
    {"init_module", EVENT_INIT_MODULE, Shape::kProcess},
    {"finit_module", EVENT_FINIT_MODULE, Shape::kDescriptor},
    {"bpf", EVENT_BPF, Shape::kDescriptor},
    {"clone", EVENT_CLONE, Shape::kProcess},
    {"clone3", EVENT_CLONE3, Shape::kProcess},
    {"fork", EVENT_FORK, Shape::kProcess},
    {"vfork", EVENT_VFORK, Shape::kProcess},
    {"recvfrom", EVENT_RECVFROM, Shape::kNetwork},
    {"recvmsg", EVENT_RECVMSG, Shape::kNetwork},
    {"userfaultfd", EVENT_USERFAULTFD, Shape::kDescriptor},
    {"open_by_handle_at", EVENT_OPEN_BY_HANDLE_AT, Shape::kOpen},
    {"sendmmsg", EVENT_SENDMMSG, Shape::kNetwork},
    {"recvmmsg", EVENT_RECVMMSG, Shape::kNetwork},
    {"kill", EVENT_KILL, Shape::kProcess},
    {"tkill", EVENT_TKILL, Shape::kProcess},
    {"tgkill", EVENT_TGKILL, Shape::kProcess},
    {"setsid", EVENT_SETSID, Shape::kProcess},
    {"setpgid", EVENT_SETPGID, Shape::kProcess},
    {"kexec_load", EVENT_KEXEC_LOAD, Shape::kProcess},
    {"kexec_file_load", EVENT_KEXEC_FILE_LOAD, Shape::kProcess},
    {"perf_event_open", EVENT_PERF_EVENT_OPEN, Shape::kProcess},
    {"pivot_root", EVENT_PIVOT_ROOT, Shape::kProcess},
    {"keyctl", EVENT_KEYCTL, Shape::kProcess},
};

namespace event_types_internal {

struct Shapes {
  Shape by_number[EVENT_TYPE_COUNT] = {};
};

constexpr Shapes MakeShapes() {
  Shapes shapes;
  for (const EventType& type : kEventTypes) shapes.by_number[type.number] = type.shape;
  return shapes;
}

inline constexpr Shapes kShapes = MakeShapes();

}  // namespace event_types_internal

/** The event type of that name, or null. */
constexpr const EventType* FindEventType(std::string_view name) {
  for (const EventType& type : kEventTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

/** kNone for a number that stands for no type. */
constexpr Shape ShapeOf(uint16_t type) {
  return type < EVENT_TYPE_COUNT ? event_types_internal::kShapes.by_number[type] : Shape::kNone;
}

/** Bytes of the fixed part, header included. */
constexpr uint32_t FixedSize(Shape shape) {
  constexpr uint32_t kSizes[] = {sizeof(event_header),     sizeof(event_open),    sizeof(event_exec),
                                 sizeof(event_descriptor), sizeof(event_network), sizeof(event_path),
                                 sizeof(event_paths),      sizeof(event_process)};
  return kSizes[static_cast<size_t>(shape)];
}

}  // namespace wasprey
