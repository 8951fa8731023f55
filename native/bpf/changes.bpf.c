/* Calls that change a process, and changes of its cgroup: its image is out of date from then on. */

#include "make_image.h"

/* Marks the image as out of date. Returns whether a new one must be made at once. */
inline_always bool note_outdated(struct process *process, struct capture_shared *control) {
  /* The generation is incremented afterwards: see store_image_id(). */
  if (!__sync_lock_test_and_set(&process->changed, 1))
    __sync_fetch_and_add(&control->generation, 1);
  u64 now = bpf_ktime_get_boot_ns();
  if (now - process->changed_at < CHANGES_APART_NS)
    return false;
  process->changed_at = now;
  return true;
}

/* The same for a call of the current process, if it has changed something. `kind` is the kind of change (hooks.h). */
inline_always bool note_change(struct process *process, struct task_struct *task, u64 kind,
                               struct capture_shared *control) {
  if (unlikely(process->watched || parts_threads(process, task, kind))) {
    watch(process, control);
    process = state_apart(task, process);
    return (kind == CHANGE_PLACE || process->changed) && note_outdated(process, control);
  }
  if (kind == CHANGE_CREDENTIALS && same_credentials(process, task))
    return false; /* each thread makes the call */
  if (kind == CHANGE_GROUP && same_group(process, task))
    return false;
  return note_outdated(process, control);
}

/* Runs after each system call that may change the process image; hooks.h has the list. Continues in the program that
 * captures the call, which has the image made if it is out of date. */
HOOK_PROGRAM(on_change) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct capture_shared *control = capture();
  if (!control)
    return PASS_ON;
  struct call_hook hook = hook_of(ctx, control);
  struct process *process = result_of(ctx) < 0 ? 0 : state_of_process(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (unlikely(!process && result_of(ctx) >= 0))
    count_lost_state(control);
  bool lacks = process && (!process->id || note_change(process, task, hook.change, control));
  if (hook.slot)
    bpf_tail_call(ctx, &programs, hook.slot);
  if (lacks)
    bpf_tail_call(ctx, &programs, SLOT_SNAPSHOT);
  return PASS_ON;
}

/* On v1 and hybrid hosts there is one for each hierarchy: only those count that change the cgroup we name. */
inline_always void note_cgroup_attach(struct task_struct *task) {
  struct process *process = process_of(task, 0);
  if (!process || !process->id || task->pid != task->tgid)
    return;
  struct capture_shared *control = capture();
  if (!control || cgroup_number(cgroup_of_task(task)) == process->cgroup)
    return;
  if (note_outdated(process, control))
    make_image(process, task, 0, false);
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_cgroup_attach, struct cgroup *cgroup, const char *path, struct task_struct *task, bool group) {
  note_cgroup_attach(task);
  return 0;
}
