/* Which program serves which event type, and on which tracepoint: for the addon to load and attach. Included by both
 * sides.
 *
 * Types of the same shape share one program, since each program loaded costs the verifier 5 to 20 ms. The addon
 * attaches it to each tracepoint of category "syscalls" that is asked for, with bpf_cookie = the event type (or the
 * kind of change): that is how the program knows what it is run for. on_change is attached first, so that an event
 * carries the image that its own call has led to. */

#ifndef WASPREY_HOOKS_H
#define WASPREY_HOOKS_H

#include "schema.h"

/* HOOK(event type, tracepoint, program) */
#define WASPREY_HOOKS(HOOK)                                        \
  HOOK(EVENT_OPEN, "sys_exit_open", on_open)                       \
  HOOK(EVENT_OPENAT, "sys_exit_openat", on_open)                   \
  HOOK(EVENT_OPENAT2, "sys_exit_openat2", on_open)                 \
  HOOK(EVENT_CREAT, "sys_exit_creat", on_open)                     \
  HOOK(EVENT_EXECVE, "sys_exit_execve", on_execve)                 \
  HOOK(EVENT_EXECVEAT, "sys_exit_execveat", on_execve)             \
  HOOK(EVENT_SOCKET, "sys_exit_socket", on_socket)                 \
  HOOK(EVENT_BIND, "sys_exit_bind", on_socket)                     \
  HOOK(EVENT_LISTEN, "sys_exit_listen", on_socket)                 \
  HOOK(EVENT_CONNECT, "sys_exit_connect", on_socket)               \
  HOOK(EVENT_ACCEPT, "sys_exit_accept", on_socket)                 \
  HOOK(EVENT_ACCEPT4, "sys_exit_accept4", on_socket)               \
  HOOK(EVENT_SENDTO, "sys_exit_sendto", on_send)                   \
  HOOK(EVENT_SENDMSG, "sys_exit_sendmsg", on_send)                 \
  HOOK(EVENT_UNLINK, "sys_exit_unlink", on_path)                   \
  HOOK(EVENT_UNLINKAT, "sys_exit_unlinkat", on_path)               \
  HOOK(EVENT_RMDIR, "sys_exit_rmdir", on_path)                     \
  HOOK(EVENT_MKDIR, "sys_exit_mkdir", on_path)                     \
  HOOK(EVENT_MKDIRAT, "sys_exit_mkdirat", on_path)                 \
  HOOK(EVENT_CHMOD, "sys_exit_chmod", on_path)                     \
  HOOK(EVENT_FCHMODAT, "sys_exit_fchmodat", on_path)               \
  HOOK(EVENT_UMOUNT2, "sys_exit_umount", on_path)                  \
  HOOK(EVENT_RENAME, "sys_exit_rename", on_paths)                  \
  HOOK(EVENT_RENAMEAT, "sys_exit_renameat", on_paths)              \
  HOOK(EVENT_RENAMEAT2, "sys_exit_renameat2", on_paths)            \
  HOOK(EVENT_LINK, "sys_exit_link", on_paths)                      \
  HOOK(EVENT_LINKAT, "sys_exit_linkat", on_paths)                  \
  HOOK(EVENT_SYMLINK, "sys_exit_symlink", on_paths)                \
  HOOK(EVENT_SYMLINKAT, "sys_exit_symlinkat", on_paths)            \
  HOOK(EVENT_MOUNT, "sys_exit_mount", on_paths)                    \
  HOOK(EVENT_FCHMOD, "sys_exit_fchmod", on_descriptor)             \
  HOOK(EVENT_DUP, "sys_exit_dup", on_descriptor)                   \
  HOOK(EVENT_DUP2, "sys_exit_dup2", on_descriptor)                 \
  HOOK(EVENT_DUP3, "sys_exit_dup3", on_descriptor)                 \
  HOOK(EVENT_MEMFD_CREATE, "sys_exit_memfd_create", on_descriptor) \
  HOOK(EVENT_SETNS, "sys_exit_setns", on_descriptor)               \
  HOOK(EVENT_FINIT_MODULE, "sys_exit_finit_module", on_descriptor) \
  HOOK(EVENT_BPF, "sys_exit_bpf", on_descriptor)                   \
  HOOK(EVENT_SETUID, "sys_exit_setuid", on_process)                \
  HOOK(EVENT_SETGID, "sys_exit_setgid", on_process)                \
  HOOK(EVENT_SETRESUID, "sys_exit_setresuid", on_process)          \
  HOOK(EVENT_PTRACE, "sys_exit_ptrace", on_process)                \
  HOOK(EVENT_UNSHARE, "sys_exit_unshare", on_process)              \
  HOOK(EVENT_INIT_MODULE, "sys_exit_init_module", on_process)      \
  HOOK(EVENT_CLONE, "sys_exit_clone", on_process)                  \
  HOOK(EVENT_CLONE3, "sys_exit_clone3", on_process)                \
  HOOK(EVENT_FORK, "sys_exit_fork", on_process)                    \
  HOOK(EVENT_VFORK, "sys_exit_vfork", on_process)                  \
  HOOK(EVENT_RECVFROM, "sys_exit_recvfrom", on_receive)            \
  HOOK(EVENT_RECVMSG, "sys_exit_recvmsg", on_receive)              \
  HOOK(EVENT_USERFAULTFD, "sys_exit_userfaultfd", on_descriptor)   \
  HOOK(EVENT_SENDMMSG, "sys_exit_sendmmsg", on_send_many)          \
  HOOK(EVENT_RECVMMSG, "sys_exit_recvmmsg", on_receive_many)       \
  HOOK(EVENT_OPEN_BY_HANDLE_AT, "sys_exit_open_by_handle_at", on_open)

/* ALSO(event type, cookie, tracepoint, program): where else events of a type come from. A send may connect; a file
 * opened by its handle is told as such, and rules see an openat in it too; so they do a sendmsg or recvmsg in each
 * message of many. */
#define WASPREY_ALSO(ALSO)                                                  \
  ALSO(EVENT_DUP, EVENT_DUP, "sys_exit_fcntl", on_descriptor)               \
  ALSO(EVENT_FCHMODAT, EVENT_FCHMODAT, "sys_exit_fchmodat2", on_path)       \
  ALSO(EVENT_CONNECT, EVENT_SENDTO, "sys_exit_sendto", on_send)             \
  ALSO(EVENT_CONNECT, EVENT_SENDMSG, "sys_exit_sendmsg", on_send)           \
  ALSO(EVENT_CONNECT, EVENT_SENDMMSG, "sys_exit_sendmmsg", on_send_many)    \
  ALSO(EVENT_SENDMSG, EVENT_SENDMMSG, "sys_exit_sendmmsg", on_send_many)    \
  ALSO(EVENT_RECVMSG, EVENT_RECVMMSG, "sys_exit_recvmmsg", on_receive_many) \
  ALSO(EVENT_OPENAT, EVENT_OPEN_BY_HANDLE_AT, "sys_exit_open_by_handle_at", on_open)

/* What a system call may have changed in its process. */
#define CHANGE_CREDENTIALS 1 /* sends a record only where they differ: each thread makes the call */
#define CHANGE_GROUP 2       /* process group or session */
#define CHANGE_PLACE 3       /* current directory, root, namespaces: the record names the directory */

/* CHANGE(kind, tracepoint): on_change is attached to all of these, always. */
#define WASPREY_CHANGES(CHANGE)                    \
  CHANGE(CHANGE_CREDENTIALS, "sys_exit_setuid")    \
  CHANGE(CHANGE_CREDENTIALS, "sys_exit_setgid")    \
  CHANGE(CHANGE_CREDENTIALS, "sys_exit_setreuid")  \
  CHANGE(CHANGE_CREDENTIALS, "sys_exit_setregid")  \
  CHANGE(CHANGE_CREDENTIALS, "sys_exit_setresuid") \
  CHANGE(CHANGE_CREDENTIALS, "sys_exit_setresgid") \
  CHANGE(CHANGE_CREDENTIALS, "sys_exit_capset")    \
  CHANGE(CHANGE_GROUP, "sys_exit_setsid")          \
  CHANGE(CHANGE_GROUP, "sys_exit_setpgid")         \
  CHANGE(CHANGE_PLACE, "sys_exit_chdir")           \
  CHANGE(CHANGE_PLACE, "sys_exit_fchdir")          \
  CHANGE(CHANGE_PLACE, "sys_exit_chroot")          \
  CHANGE(CHANGE_PLACE, "sys_exit_pivot_root")      \
  CHANGE(CHANGE_PLACE, "sys_exit_unshare")         \
  CHANGE(CHANGE_PLACE, "sys_exit_setns")

/* RAW(tracepoint, program): programs on raw tracepoints, attached always, where the kernel has them. They look at what
 * is wanted themselves, and go to write_passed for it. */
#define WASPREY_RAW(RAW)                         \
  RAW("sys_exit", on_compat)                     \
  RAW("io_uring_submit_req", on_request)         \
  RAW("io_uring_complete", on_request_completed) \
  RAW("io_uring_cqe_overflow", on_request_overflowed)

/* Attached always, each by its own SEC: on_fork, on_exec, on_exit, on_cgroup_attach. Loaded always, not attached:
 * snapshot_current. Read once at the start, when the others are attached: snapshot_tasks.
 *
 * Keys of the map `programs`, which the addon fills with the descriptors of those it has loaded: see WASPREY_SLOTS. */
enum program_slot {
  SLOT_SNAPSHOT,
  SLOT_OPEN,
  SLOT_EXECVE,
  SLOT_SOCKET,
  SLOT_SEND,
  SLOT_PATH,
  SLOT_PATHS,
  SLOT_DESCRIPTOR,
  SLOT_PROCESS,
  SLOT_RECEIVE,
  SLOT_SEND_MANY,
  SLOT_RECEIVE_MANY,
  SLOT_COUNT,
};

/* SLOT(key, program) */
#define WASPREY_SLOTS(SLOT)             \
  SLOT(SLOT_SNAPSHOT, snapshot_current) \
  SLOT(SLOT_OPEN, on_open)              \
  SLOT(SLOT_EXECVE, on_execve)          \
  SLOT(SLOT_SOCKET, on_socket)          \
  SLOT(SLOT_SEND, on_send)              \
  SLOT(SLOT_PATH, on_path)              \
  SLOT(SLOT_PATHS, on_paths)            \
  SLOT(SLOT_DESCRIPTOR, on_descriptor)  \
  SLOT(SLOT_PROCESS, on_process)        \
  SLOT(SLOT_RECEIVE, on_receive)        \
  SLOT(SLOT_SEND_MANY, on_send_many)    \
  SLOT(SLOT_RECEIVE_MANY, on_receive_many)

#endif
