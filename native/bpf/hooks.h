/* Which program serves which event type and which system call. The addon loads the programs by these tables, and fills
 * the table in which on_call() (calls.bpf.c) finds them. Included by both sides.
 *
 * Types of the same shape share one program, because the verifier takes 5 to 20 ms for each. */

#ifndef WASPREY_HOOKS_H
#define WASPREY_HOOKS_H

#include "schema.h"

/* WASPREY_HOOKS, WASPREY_SISTERS, WASPREY_CHANGES and WASPREY_COMPAT_CALLS: generated from host/schema/events/, for
 * the target processor. Sisters are further calls that produce events of a type: a send may connect; a file opened by
 * its handle is also an openat to rules, and each message of sendmmsg or recvmmsg is also a sendmsg or recvmsg. */
#if defined(__TARGET_ARCH_x86) || defined(__x86_64__)
#include "calls_x86.h"
#else
#include "calls_arm64.h"
#endif

/* NATIVE_openat and so on: numbers of calls that programs compare with. */
#define NATIVE_NUMBER(type, call, number, program) NATIVE_##call = number,
#define COMPAT_NUMBER(call, number, type, change, short_ids) COMPAT_##call = number,
enum native_call_number { WASPREY_HOOKS(NATIVE_NUMBER) };
enum compat_call_number { WASPREY_COMPAT_CALLS(COMPAT_NUMBER) };
#undef NATIVE_NUMBER
#undef COMPAT_NUMBER

/* What a system call may have changed in its process. on_change always runs on these, before the program of the event,
 * so that an event carries the image that its own call produced. */
#define CHANGE_NONE 0
#define CHANGE_CREDENTIALS 1 /* sends a record only if they differ: each thread makes the call */
#define CHANGE_GROUP 2       /* process group or session */
#define CHANGE_PLACE 3       /* current directory, root, namespaces: the record names the directory */

/* TRACEPOINT(system, tracepoint, program): programs that are always attached, to raw tracepoints or to the trace events
 * of the same names (see on_trace_events in maps.h). A program with several is attached to the first one that exists in
 * the kernel. */
#define WASPREY_TRACEPOINTS(TRACEPOINT)                                  \
  TRACEPOINT(sched, sched_process_exec, on_exec_success)                 \
  TRACEPOINT(sched, sched_process_fork, on_fork_success)                 \
  TRACEPOINT(raw_syscalls, sys_exit, on_call)                            \
  TRACEPOINT(io_uring, io_uring_submit_req, on_request)                  \
  TRACEPOINT(io_uring, io_uring_submit_sqe, on_request) /* before 6.2 */ \
  TRACEPOINT(io_uring, io_uring_complete, on_request_completed)          \
  TRACEPOINT(io_uring, io_uring_cqe_overflow, on_request_overflowed)

/* TRACEPOINT(type, system, tracepoint, program): programs that are attached once events of the type are needed. */
#define WASPREY_EVENT_TRACEPOINTS(TRACEPOINT) TRACEPOINT(EVENT_CONNECT, sock, inet_sock_set_state, on_connecting)

/* TASK(system, tracepoint, program, its twin on the trace event): programs that follow processes, always attached. The
 * program names its tracepoint in its SEC and gets the tasks; its twin gets their numbers. */
#define WASPREY_TASKS(TASK)                               \
  TASK(sched, sched_process_fork, on_fork, on_fork_event) \
  TASK(sched, sched_process_exec, on_exec, on_exec_event) \
  TASK(sched, sched_process_exit, on_exit, on_exit_event) \
  TASK(cgroup, cgroup_attach_task, on_cgroup_attach, on_cgroup_attach_event)

/* Targets of tail calls are always loaded and never attached. snapshot_tasks is read once at the start, when the
 * others are attached.
 *
 * Keys of the map `programs`, which the addon fills with the descriptors of loaded programs: see WASPREY_SLOTS. */
enum program_slot {
  SLOT_NONE,
  SLOT_SNAPSHOT,
  SLOT_SNAPSHOT_REQUESTER,
  SLOT_REQUEST,
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
  SLOT_SETTLE,
  SLOT_ENFORCE_EXEC,
  SLOT_WRITE_PASSED,
  SLOT_WRITE_PASSED_MANY,
  SLOT_COUNT,
};

/* SLOT(key, program, reached from): while rules are enforced, these are in the slots in place of those above. The first
 * is reached from on_exec_success() alone; enforce_passed() goes on to write_passed(), and so does
 * enforce_passed_many(). */
#define WASPREY_ENFORCERS(SLOT)                               \
  SLOT(SLOT_ENFORCE_EXEC, enforce_exec, TRACEPOINTS)          \
  SLOT(SLOT_WRITE_PASSED, write_passed, BOTH)                 \
  SLOT(SLOT_WRITE_PASSED_MANY, write_passed_many, CALLS_ONLY) \
  SLOT(SLOT_SEND_MANY, enforce_send_many, CALLS_ONLY)         \
  SLOT(SLOT_PASSED, enforce_passed, BOTH)                     \
  SLOT(SLOT_PASSED_MANY, enforce_passed_many, CALLS_ONLY)     \
  SLOT(SLOT_OPEN, enforce_open, CALLS_ONLY)                   \
  SLOT(SLOT_SOCKET, enforce_socket, CALLS_ONLY)               \
  SLOT(SLOT_SEND, enforce_send, CALLS_ONLY)

/* PROGRAM(name, attach type): attached to the root cgroup while rules are enforced that concern sockets. */
#define WASPREY_CGROUP_ENFORCERS(PROGRAM)             \
  PROGRAM(enforce_connect4, BPF_CGROUP_INET4_CONNECT) \
  PROGRAM(enforce_connect6, BPF_CGROUP_INET6_CONNECT) \
  PROGRAM(enforce_sendmsg4, BPF_CGROUP_UDP4_SENDMSG)  \
  PROGRAM(enforce_sendmsg6, BPF_CGROUP_UDP6_SENDMSG)

/* io_uring_enter: its number is the same in all tables. Requests may have completed silently within it. */
#define IO_URING_ENTER 426

/* SLOT(key, program, reached from): from on_call() alone (CALLS_ONLY), from other tracepoints alone (TRACEPOINTS), or
 * from BOTH. Where on_call() is on exits (see on_exits in maps.h), the former are loaded for these, and those of both
 * twice. */
#define WASPREY_SLOTS(SLOT)                                      \
  SLOT(SLOT_SNAPSHOT, snapshot_current, CALLS_ONLY)              \
  SLOT(SLOT_SNAPSHOT_REQUESTER, snapshot_requester, TRACEPOINTS) \
  SLOT(SLOT_REQUEST, on_request, TRACEPOINTS)                    \
  SLOT(SLOT_CHANGE, on_change, CALLS_ONLY)                       \
  SLOT(SLOT_COMPAT, on_compat, CALLS_ONLY)                       \
  SLOT(SLOT_PASSED, write_passed, BOTH)                          \
  SLOT(SLOT_PASSED_MANY, write_passed_many, CALLS_ONLY)          \
  SLOT(SLOT_OPEN, on_open, CALLS_ONLY)                           \
  SLOT(SLOT_EXECVE, on_execve, CALLS_ONLY)                       \
  SLOT(SLOT_SOCKET, on_socket, CALLS_ONLY)                       \
  SLOT(SLOT_SEND, on_send, CALLS_ONLY)                           \
  SLOT(SLOT_PATH, on_path, CALLS_ONLY)                           \
  SLOT(SLOT_PATHS, on_paths, CALLS_ONLY)                         \
  SLOT(SLOT_DESCRIPTOR, on_descriptor, CALLS_ONLY)               \
  SLOT(SLOT_PROCESS, on_process, CALLS_ONLY)                     \
  SLOT(SLOT_RECEIVE, on_receive, CALLS_ONLY)                     \
  SLOT(SLOT_SEND_MANY, on_send_many, CALLS_ONLY)                 \
  SLOT(SLOT_RECEIVE_MANY, on_receive_many, CALLS_ONLY)           \
  SLOT(SLOT_SETTLE, on_requests_settled, BOTH)

#endif
