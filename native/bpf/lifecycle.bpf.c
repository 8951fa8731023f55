/* Fork, exec, exit, change of cgroup, and the snapshot of running processes: a record for each image of a process.
 * The record is sent before its id is stored, so that no event has an id whose record the reader lacks. */

#include "syscall.h"

/* Makes an image of a task that has none. `parent` is 0 if unknown: the addon links it by ppid. */
inline_always u64 snapshot(struct process *process, struct task_struct *task, u64 parent, bool other) {
  struct draft draft;
  if (!open_draft(&draft))
    return 0;
  struct image *image = &draft.space->image;
  u64 id = new_image_id(draft.capture);
  image->id = id;
  image->parent = parent;
  image->previous = 0;
  fill_image(&draft, task, IMAGE_SNAPSHOT);
  append_all(&draft, task, other);
  struct process facts;
  remember(&facts, image);
  if (!send_draft(&draft))
    return 0;
  /* fork or exec may have given it one since: that is the newer */
  if (__sync_val_compare_and_swap(&process->id, 0, id))
    return process->id;
  __sync_fetch_and_add(&draft.capture->generation, 1);
  process->parent = facts.parent;
  process->cgroup = facts.cgroup;
  process->cap_inheritable = facts.cap_inheritable;
  process->cap_permitted = facts.cap_permitted;
  process->cap_effective = facts.cap_effective;
  process->uid = facts.uid;
  process->gid = facts.gid;
  process->comm[0] = facts.comm[0];
  process->comm[1] = facts.comm[1];
  return id;
}

/* The image id of the task's parent; 0 where it has none. */
inline_always u64 parent_image(struct task_struct *task) {
  struct task_struct *parent = task->real_parent;
  struct process *process = parent ? process_of(parent, 0) : 0;
  return process ? process->id : 0;
}

inline_always void note_fork(struct task_struct *parent, struct task_struct *child) {
  if (child->pid != child->tgid)
    return; /* threads share the image of their process */
  struct process *mother = process_of(parent, BPF_LOCAL_STORAGE_GET_F_CREATE);
  struct process *process = process_of(child, BPF_LOCAL_STORAGE_GET_F_CREATE);
  u64 origin = mother ? mother->id : 0;
  if (mother && !origin)
    origin = snapshot(mother, parent, parent_image(parent), false);
  struct draft draft;
  if (!process || !open_draft(&draft))
    return;
  struct image *image = &draft.space->image;
  u64 id = new_image_id(draft.capture);
  image->id = id;
  image->parent = origin;
  image->previous = 0;
  fill_image(&draft, child, IMAGE_FORK);
  if (mother)
    keep_comm(image, mother);
  image->ppid = parent->tgid; /* the process that forks it, though CLONE_PARENT gives it another parent */
  if (!mother || image->cgroup_id != mother->cgroup)
    append_cgroup(&draft, child); /* CLONE_INTO_CGROUP */
  remember(process, image);
  store_image_id(process, send_draft(&draft) ? id : 0, draft.capture);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child) {
  note_fork(parent, child);
  return 0;
}

inline_always void note_exec(struct task_struct *task) {
  struct process *process = process_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
  struct draft draft;
  if (!process || !open_draft(&draft))
    return;
  struct image *image = &draft.space->image;
  u32 tgid = task->tgid;
  u64 *orphaned = process->id ? 0 : bpf_map_lookup_elem(&orphaned_images, &tgid);
  u64 id = new_image_id(draft.capture);
  image->id = id;
  image->parent = process->id ? process->parent : parent_image(task);
  image->previous = orphaned ? *orphaned : process->id;
  fill_image(&draft, task, IMAGE_EXEC);
  append_all(&draft, task, false);
  remember(process, image);
  store_image_id(process, send_draft(&draft) ? id : 0, draft.capture);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm) {
  note_exec(task);
  return 0;
}

inline_always void note_exit(struct task_struct *task) {
  struct process *process = process_of(task, 0);
  if (!process || !process->id)
    return;
  if (LOAD(signal_struct, LOAD_WORD(task_struct, task, signal), live.counter)) {
    u32 tgid = task->tgid;
    if (task->pid == task->tgid)
      bpf_map_update_elem(&orphaned_images, &tgid, &process->id, BPF_ANY);
    return;
  }
  /* Two threads that end at once both see that none lives. */
  struct draft draft;
  if (__sync_lock_test_and_set(&process->ended, 1) || !open_draft(&draft))
    return;
  struct image *image = &draft.space->image;
  __builtin_memset(image, 0, offsetof(struct image, parent_address));
  image->kind = IMAGE_EXIT;
  image->id = process->id;
  image->parent = process->parent;
  image->time = wall_time(draft.capture);
  image->pid = task->tgid;
  image->exit_code = task->exit_code;
  send_draft(&draft);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task) {
  note_exit(task);
  return 0;
}

/* Sends a change of a process: all numbers, and the strings that `append` adds; the reader copies the others
 * from the previous image. */
inline_always void begin_change(struct draft *draft, struct process *process, struct task_struct *task) {
  struct image *image = &draft->space->image;
  image->id = new_image_id(draft->capture);
  image->parent = process->parent;
  image->previous = process->id;
  fill_image(draft, task, IMAGE_CHANGE);
  keep_comm(image, process);
}

inline_always void end_change(struct draft *draft, struct process *process) {
  u64 id = draft->space->image.id;
  remember(process, &draft->space->image);
  store_image_id(process, send_draft(draft) ? id : 0, draft->capture);
}

inline_always bool same_credentials(const struct process *process, const struct image *image) {
  return process->uid == image->uid && process->gid == image->gid &&
         process->cap_inheritable == image->cap_inheritable && process->cap_permitted == image->cap_permitted &&
         process->cap_effective == image->cap_effective;
}

/* Sends a record of a change of the current process. `kind` is the kind of change (hooks.h). */
inline_always void note_change(struct process *process, struct task_struct *task, u64 kind) {
  struct draft draft;
  if (!open_draft(&draft))
    return;
  begin_change(&draft, process, task);
  if (kind == CHANGE_CREDENTIALS && same_credentials(process, &draft.space->image)) {
    close_draft(&draft);
    return;
  }
  if (kind == CHANGE_PLACE)
    append_cwd(&draft, task);
  end_change(&draft, process);
}

/* Runs after each system call that may change the process image; hooks.h has the list. Continues in the program that
 * captures the call. */
HOOK_PROGRAM(on_change) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct capture_shared *control = capture();
  if (!control)
    return PASS_ON;
  struct call_hook hook = hook_of(ctx, control);
  struct process *process = result_of(ctx) < 0 ? 0 : process_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (process && process->id)
    note_change(process, task, hook.change);
  else if (process && !hook.slot) /* else that program sees to it */
    bpf_tail_call(ctx, &programs, SLOT_SNAPSHOT);
  if (hook.slot)
    bpf_tail_call(ctx, &programs, hook.slot);
  return PASS_ON;
}

/* On v1 and hybrid hosts there is one for each hierarchy: only those count that change the cgroup we name. */
inline_always void note_cgroup_attach(struct task_struct *task) {
  struct process *process = process_of(task, 0);
  if (!process || !process->id || task->pid != task->tgid)
    return;
  struct draft draft;
  if (LOAD(kernfs_node, cgroup_of_task(task), id) == process->cgroup || !open_draft(&draft))
    return;
  begin_change(&draft, process, task);
  append_cgroup(&draft, task);
  end_change(&draft, process);
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_cgroup_attach, struct cgroup *cgroup, const char *path, struct task_struct *task, bool group) {
  note_cgroup_attach(task);
  return 0;
}

/* Target of the hooks for a process without an image (see wants_snapshot()); returns to the hook of the call. */
HOOK_PROGRAM(snapshot_current) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct process *process = process_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
  struct capture_shared *control = capture();
  u32 cpu = bpf_get_smp_processor_id();
  struct ring_control *ring = bpf_map_lookup_elem(&ring_control, &cpu);
  if (!control || !ring)
    return PASS_ON;
  bool known = process && snapshot(process, task, parent_image(task), false);
  u32 slot = is_compat(ctx) ? SLOT_COMPAT : hook_of(ctx, control).slot;
  if (!slot)
    return PASS_ON; /* a change alone: were the failure noted, the thread's next call would not try again */
  if (!known)
    ring->snapshot_failed = (u32)task->pid;
  bpf_tail_call(ctx, &programs, slot);
  return PASS_ON;
}

/* Run by the addon once the hooks above are attached, so that processes forked meanwhile are known either way. */
SEC("iter.s/task")
int snapshot_tasks(struct bpf_iter__task *ctx) {
  struct task_struct *task = ctx->task;
  if (!task || task->pid != task->tgid)
    return 0;
  struct process *process = bpf_task_storage_get(&images, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (process && !process->id)
    snapshot(process, task, 0, true);
  return 0;
}
