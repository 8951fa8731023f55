/* The programs of lifecycle.bpf.c and changes.bpf.c for kernels that run programs on raw tracepoints preemptibly (see
 * on_trace_events in maps.h). Raw tracepoints pass tasks, trace events pass their numbers: the child of a fork, and a
 * task that is moved to another cgroup, are looked up by number. */

#include "syscall.h"

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *task) __ksym __weak;

struct trace_event_raw_sched_process_fork {
  s32 child_pid;
} RELOCATED;

struct trace_event_raw_cgroup_migrate {
  int pid;
} RELOCATED;

SEC("tp") int on_fork_event(const struct trace_event_raw_sched_process_fork *event) {
  struct task_struct *child = bpf_task_from_pid(event->child_pid);
  if (!child)
    return PASS_ON;
  note_fork(bpf_get_current_task_btf(), child);
  if (CHILD_RETURN_UNSEEN)
    note_forked(child);
  bpf_task_release(child);
  return PASS_ON;
}

SEC("tp") int on_exec_event(void *event) {
  note_exec(bpf_get_current_task_btf());
  return PASS_ON;
}

SEC("tp") int on_exit_event(void *event) {
  note_exit(bpf_get_current_task_btf());
  return PASS_ON;
}

SEC("tp") int on_cgroup_attach_event(const struct trace_event_raw_cgroup_migrate *event) {
  struct task_struct *task = bpf_task_from_pid(event->pid);
  if (!task)
    return PASS_ON;
  note_cgroup_attach(task);
  bpf_task_release(task);
  return PASS_ON;
}
