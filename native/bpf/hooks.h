/* Which program serves which event type, and which system call: for the addon to load, and to fill in the table by
 * which on_call() (calls.bpf.c) finds them. Included by both sides.
 *
 * Types of the same shape share one program, since each program loaded costs the verifier 5 to 20 ms. */

#ifndef WASPREY_HOOKS_H
#define WASPREY_HOOKS_H

#include "schema.h"

/* HOOK(event type, system call, program) */
#define WASPREY_HOOKS(HOOK)                             \
  HOOK(EVENT_OPEN, open, on_open)                            \
  HOOK(EVENT_OPENAT, openat, on_open)                        \
  HOOK(EVENT_OPENAT2, openat2, on_open)                      \
  HOOK(EVENT_CREAT, creat, on_open)                          \
  HOOK(EVENT_EXECVE, execve, on_execve)                      \
  HOOK(EVENT_EXECVEAT, execveat, on_execve)                  \
  HOOK(EVENT_SOCKET, socket, on_socket)                      \
  HOOK(EVENT_BIND, bind, on_socket)                          \
  HOOK(EVENT_LISTEN, listen, on_socket)                      \
  HOOK(EVENT_CONNECT, connect, on_socket)                    \
  HOOK(EVENT_ACCEPT, accept, on_socket)                      \
  HOOK(EVENT_ACCEPT4, accept4, on_socket)                    \
  HOOK(EVENT_SENDTO, sendto, on_send)                        \
  HOOK(EVENT_SENDMSG, sendmsg, on_send)                      \
  HOOK(EVENT_UNLINK, unlink, on_path)                        \
  HOOK(EVENT_UNLINKAT, unlinkat, on_path)                    \
  HOOK(EVENT_RMDIR, rmdir, on_path)                          \
  HOOK(EVENT_MKDIR, mkdir, on_path)                          \
  HOOK(EVENT_MKDIRAT, mkdirat, on_path)                      \
  HOOK(EVENT_CHMOD, chmod, on_path)                          \
  HOOK(EVENT_FCHMODAT, fchmodat, on_path)                    \
  HOOK(EVENT_UMOUNT2, umount2, on_path)                      \
  HOOK(EVENT_RENAME, rename, on_paths)                       \
  HOOK(EVENT_RENAMEAT, renameat, on_paths)                   \
  HOOK(EVENT_RENAMEAT2, renameat2, on_paths)                 \
  HOOK(EVENT_LINK, link, on_paths)                           \
  HOOK(EVENT_LINKAT, linkat, on_paths)                       \
  HOOK(EVENT_SYMLINK, symlink, on_paths)                     \
  HOOK(EVENT_SYMLINKAT, symlinkat, on_paths)                 \
  HOOK(EVENT_MOUNT, mount, on_paths)                         \
  HOOK(EVENT_FCHMOD, fchmod, on_descriptor)                  \
  HOOK(EVENT_DUP, dup, on_descriptor)                        \
  HOOK(EVENT_DUP2, dup2, on_descriptor)                      \
  HOOK(EVENT_DUP3, dup3, on_descriptor)                      \
  HOOK(EVENT_MEMFD_CREATE, memfd_create, on_descriptor)      \
  HOOK(EVENT_SETNS, setns, on_descriptor)                    \
  HOOK(EVENT_FINIT_MODULE, finit_module, on_descriptor)      \
  HOOK(EVENT_BPF, bpf, on_descriptor)                        \
  HOOK(EVENT_SETUID, setuid, on_process)                     \
  HOOK(EVENT_SETGID, setgid, on_process)                     \
  HOOK(EVENT_SETRESUID, setresuid, on_process)               \
  HOOK(EVENT_PTRACE, ptrace, on_process)                     \
  HOOK(EVENT_UNSHARE, unshare, on_process)                   \
  HOOK(EVENT_INIT_MODULE, init_module, on_process)           \
  HOOK(EVENT_CLONE, clone, on_process)                       \
  HOOK(EVENT_CLONE3, clone3, on_process)                     \
  HOOK(EVENT_FORK, fork, on_process)                         \
  HOOK(EVENT_VFORK, vfork, on_process)                       \
  HOOK(EVENT_RECVFROM, recvfrom, on_receive)                 \
  HOOK(EVENT_RECVMSG, recvmsg, on_receive)                   \
  HOOK(EVENT_USERFAULTFD, userfaultfd, on_descriptor)        \
  HOOK(EVENT_SENDMMSG, sendmmsg, on_send_many)               \
  HOOK(EVENT_RECVMMSG, recvmmsg, on_receive_many)            \
  HOOK(EVENT_OPEN_BY_HANDLE_AT, open_by_handle_at, on_open)  \
  HOOK(EVENT_KILL, kill, on_process)                         \
  HOOK(EVENT_TKILL, tkill, on_process)                       \
  HOOK(EVENT_TGKILL, tgkill, on_process)                     \
  HOOK(EVENT_SETSID, setsid, on_process)                     \
  HOOK(EVENT_SETPGID, setpgid, on_process)                   \
  HOOK(EVENT_KEXEC_LOAD, kexec_load, on_process)             \
  HOOK(EVENT_KEXEC_FILE_LOAD, kexec_file_load, on_process)   \
  HOOK(EVENT_PERF_EVENT_OPEN, perf_event_open, on_process)   \
  HOOK(EVENT_PIVOT_ROOT, pivot_root, on_process)             \
  HOOK(EVENT_KEYCTL, keyctl, on_process)

/* A successful execveat is reported as an execve (type_of_exec()); on x86-64 it has the number of one. */
#if defined(__TARGET_ARCH_arm64) || defined(__aarch64__)
#define WASPREY_ALSO_EXEC(ALSO) ALSO(EVENT_EXECVE, EVENT_EXECVEAT, execveat, on_execve)
#else
#define WASPREY_ALSO_EXEC(ALSO)
#endif

/* ALSO(event type, type of the call, system call, program): where else events of a type come from. A send may connect; a file
 * opened by its handle is told as such, and rules see an openat in it too; so they do a sendmsg or recvmsg in each
 * message of many. */
#define WASPREY_ALSO(ALSO)                                       \
  WASPREY_ALSO_EXEC(ALSO)                                        \
  ALSO(EVENT_DUP, EVENT_DUP, fcntl, on_descriptor)               \
  ALSO(EVENT_FCHMODAT, EVENT_FCHMODAT, fchmodat2, on_path)       \
  ALSO(EVENT_CONNECT, EVENT_SENDTO, sendto, on_send)             \
  ALSO(EVENT_CONNECT, EVENT_SENDMSG, sendmsg, on_send)           \
  ALSO(EVENT_CONNECT, EVENT_SENDMMSG, sendmmsg, on_send_many)    \
  ALSO(EVENT_SENDMSG, EVENT_SENDMMSG, sendmmsg, on_send_many)    \
  ALSO(EVENT_RECVMSG, EVENT_RECVMMSG, recvmmsg, on_receive_many) \
  ALSO(EVENT_OPENAT, EVENT_OPEN_BY_HANDLE_AT, open_by_handle_at, on_open)

/* What a system call may have changed in its process. */
#define CHANGE_CREDENTIALS 1 /* sends a record only where they differ: each thread makes the call */
#define CHANGE_GROUP 2       /* process group or session */
#define CHANGE_PLACE 3       /* current directory, root, namespaces: the record names the directory */

/* CHANGE(kind, system call): on_change runs on all of these, always, and before the program of the event, so that an
 * event carries the image that its own call has led to. */
#define WASPREY_CHANGES(CHANGE)         \
  CHANGE(CHANGE_CREDENTIALS, setuid)    \
  CHANGE(CHANGE_CREDENTIALS, setgid)    \
  CHANGE(CHANGE_CREDENTIALS, setreuid)  \
  CHANGE(CHANGE_CREDENTIALS, setregid)  \
  CHANGE(CHANGE_CREDENTIALS, setresuid) \
  CHANGE(CHANGE_CREDENTIALS, setresgid) \
  CHANGE(CHANGE_CREDENTIALS, capset)    \
  CHANGE(CHANGE_GROUP, setsid)          \
  CHANGE(CHANGE_GROUP, setpgid)         \
  CHANGE(CHANGE_PLACE, chdir)           \
  CHANGE(CHANGE_PLACE, fchdir)          \
  CHANGE(CHANGE_PLACE, chroot)          \
  CHANGE(CHANGE_PLACE, pivot_root)      \
  CHANGE(CHANGE_PLACE, unshare)         \
  CHANGE(CHANGE_PLACE, setns)

/* TRACEPOINT(system, tracepoint, program): programs that are always attached, to raw tracepoints or to the trace events
 * of the same names (see on_trace_events in maps.h). A program with several is attached to the first that the kernel
 * has. */
#define WASPREY_TRACEPOINTS(TRACEPOINT)                                  \
  TRACEPOINT(sched, sched_process_exec, on_traced_exec)                  \
  TRACEPOINT(raw_syscalls, sys_exit, on_call)                            \
  TRACEPOINT(io_uring, io_uring_submit_req, on_request)                  \
  TRACEPOINT(io_uring, io_uring_submit_sqe, on_request) /* before 6.2 */ \
  TRACEPOINT(io_uring, io_uring_complete, on_request_completed)          \
  TRACEPOINT(io_uring, io_uring_cqe_overflow, on_request_overflowed)

/* TASK(system, tracepoint, program, its twin on the trace event): programs that follow processes, always attached. The
 * program names its tracepoint in its SEC and gets the tasks themselves; its twin gets their numbers. */
#define WASPREY_TASKS(TASK)                               \
  TASK(sched, sched_process_fork, on_fork, on_fork_event) \
  TASK(sched, sched_process_exec, on_exec, on_exec_event) \
  TASK(sched, sched_process_exit, on_exit, on_exit_event) \
  TASK(cgroup, cgroup_attach_task, on_cgroup_attach, on_cgroup_attach_event)

/* Programs that others go to by a tail call are always loaded and not attached. snapshot_tasks is read once at the
 * start, when the others are attached.
 *
 * Keys of the map `programs`, which the addon fills with the descriptors of those it has loaded: see WASPREY_SLOTS. */
enum program_slot {
  SLOT_NONE,
  SLOT_SNAPSHOT,
  SLOT_CHANGE,
  SLOT_COMPAT,
  SLOT_PASSED,
  SLOT_PASSED_MANY,
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
#define WASPREY_SLOTS(SLOT)                 \
  SLOT(SLOT_SNAPSHOT, snapshot_current)     \
  SLOT(SLOT_CHANGE, on_change)              \
  SLOT(SLOT_COMPAT, on_compat)              \
  SLOT(SLOT_PASSED, write_passed)           \
  SLOT(SLOT_PASSED_MANY, write_passed_many) \
  SLOT(SLOT_OPEN, on_open)                  \
  SLOT(SLOT_EXECVE, on_execve)              \
  SLOT(SLOT_SOCKET, on_socket)              \
  SLOT(SLOT_SEND, on_send)                  \
  SLOT(SLOT_PATH, on_path)                  \
  SLOT(SLOT_PATHS, on_paths)                \
  SLOT(SLOT_DESCRIPTOR, on_descriptor)      \
  SLOT(SLOT_PROCESS, on_process)            \
  SLOT(SLOT_RECEIVE, on_receive)            \
  SLOT(SLOT_SEND_MANY, on_send_many)        \
  SLOT(SLOT_RECEIVE_MANY, on_receive_many)

#endif
