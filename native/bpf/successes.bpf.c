/* Execs and forks that succeed. A tracer of the process may wake within the call (PTRACE_EVENT_EXEC, _FORK, _VFORK,
 * _VFORK_DONE, _CLONE) and overwrite its number, which on_call() depends on. So all of them are reported where they
 * happen, before that, and only failed calls at their end. */

#include "compat_calls.h"
#include "passed.h"

#define EXEC_SUCCESS_LONGEST (EXEC_RAW_LIMIT + LONGEST_TEXT + 1)

/* On sched_process_exec, after on_exec(). The registers and the memory they pointed to are gone: directory and flags
 * are not known, nor is an execveat from an execve. But the kernel has put a copy of the path (bprm->filename, what
 * AT_EXECFN points to) on the new stack, right behind the environment, and no code of the new program has run yet. For
 * execveat on a descriptor that copy is /dev/fd/N/PATH. */
inline_always bool begin_exec_success(struct record *record) {
  if (!open_record(record) || !is_wanted(record->capture, EVENT_EXECVE))
    return false;
  record->image = current_image();
  record->type = EVENT_EXECVE;
  record->result = 0;
  return passes(record, FILTER_EXEC);
}

/* Makes the record of an exec that begin_exec_success() has begun. */
inline_always void tell_exec(struct record *record, u32 enforced) {
  struct task_struct *task = bpf_get_current_task_btf();
  if (!reserve(record, task, EXEC_SUCCESS_LONGEST, sizeof(struct event_exec)))
    return;
  struct event_exec *event = (void *)record->header;
  struct call call = call_of(task);
  u32 number = LOAD(pt_regs, PINNED((u64)call.registers), CALL_NUMBER);
  u64 path = LOAD(mm_struct, LOAD_WORD(task_struct, task, mm), env_end);
  if (number == COMPAT_execve || number == COMPAT_execveat)
    record->flags |= EVENT_FLAG_COMPAT;
  event->header.reserved = enforced;
  begin_exec(event, AT_FDCWD, 0);
  event->raw = append_text(record, &call, path, EXEC_RAW_LIMIT);
  commit(record);
}

/* Goes on in enforce_exec() while that is loaded. */
SEC("raw_tp") int on_exec_success(void *ctx) {
  struct record record;
  bpf_tail_call(ctx, &programs, SLOT_ENFORCE_EXEC);
  if (begin_exec_success(&record))
    tell_exec(&record, 0);
  return PASS_ON;
}

/* The number of a new task as its parent sees it: what the call returns. */
inline_always s64 child_number(u64 child, struct task_struct *parent) {
  u64 own = LOAD_WORD(task_struct, parent, thread_pid);
  return pid_at(LOAD_WORD(task_struct, child, thread_pid), LOAD(pid, own, level));
}

/* Makes the record of a clone in which `task`, given by its address, is the parent or the child. */
inline_always void tell_clone(struct record *record, u64 task, const struct call *call) {
  struct task_struct *parent = bpf_get_current_task_btf();
  u32 pid = LOAD(task_struct, task, pid), tgid = LOAD(task_struct, task, tgid);
  if (!passes(record, FILTER_OTHER) || !reserve(record, parent, PROCESS_LONGEST, sizeof(struct event_process)))
    return;
  record->header->tid = pid;
  record->flags = pid == tgid ? 0 : EVENT_FLAG_THREAD;
  if (call->passed)
    record->flags |= EVENT_FLAG_COMPAT;
  write_process(record, (struct task_struct *)task, call);
}

/* The events of a clone: of the parent, and of the child where its return is not seen. */
inline_always void tell_fork(u64 child) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  struct passed_call *passed = passed_space();
  if (task->flags & KERNEL_THREAD || !passed || !open_record(&record))
    return;
  struct call call = call_of(task);
  bool compat = is_compat_thread(task);
  if (compat) {
    fill_arguments(passed, call.registers);
    call.passed = passed->passed;
  }
  u64 number = compat ? compat_number(call.registers) : LOAD(pt_regs, PINNED((u64)call.registers), CALL_NUMBER);
  u32 type = compat ? compat_type(number) : hook_at(record.capture, number).type;
  if (!is_clone(type) || !is_wanted(record.capture, type))
    return;
  record.image = current_image();
  record.type = PINNED(type); /* or the number checked is not the one that is used */
  record.result = child_number(child, task);
  tell_clone(&record, (u64)task, &call);
  if (CHILD_RETURN_UNSEEN) {
    record.image = record.ring->forked;
    record.result = 0;
    tell_clone(&record, child, &call);
  }
}

/* On sched_process_fork, after on_fork(). */
SEC("raw_tp") int on_fork_success(struct bpf_raw_tracepoint_args *ctx) {
  if (!on_trace_events) {
    tell_fork(PINNED(ctx->args[1]));
    return PASS_ON;
  }
  struct task_struct *child = bpf_task_from_pid(((const struct trace_event_raw_sched_process_fork *)ctx)->child_pid);
  if (child) {
    tell_fork((u64)child);
    bpf_task_release(child);
  }
  return PASS_ON;
}
