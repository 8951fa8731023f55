/* Makes images that processes lack: of those that run when the capture starts, and of one whose event comes. */

#include "make_image.h"

/* Makes the image of the current task, if its process has none or it is out of date. */
inline_always void make_image_of(struct task_struct *task, struct process *process) {
  if (process->watched)
    process = state_apart(task, process);
  if (!process->id || process->changed)
    make_image(process, task, parent_image(task), false);
}

/* The image of the current process, made once more if its record was lost: for what is no call that returns. A global
 * function, as put_path() is. */
__noinline u64 current_image(void) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct process *process = process_of(task, 0);
  if (!process)
    return 0;
  if (!process->id)
    make_image(process, task, parent_image(task), false);
  return process->id;
}

/* Makes the image of the current process; returns to the hook of its call, which has come here (see lacks_image()). */
HOOK_PROGRAM(snapshot_current) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct process *process = state_of_process(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
  struct capture_shared *control = capture();
  u32 cpu = bpf_get_smp_processor_id();
  struct ring_control *ring = bpf_map_lookup_elem(&ring_control, &cpu);
  if (!control || !ring)
    return PASS_ON;
  if (process)
    make_image_of(task, process);
  else
    count_lost_state(control); /* the event has no image then, but there is one */
  u32 slot = is_compat(ctx) ? SLOT_COMPAT : hook_of(ctx, control).slot;
  if (!slot)
    return PASS_ON;
  ring->snapshot_tried = (u32)task->pid;
  bpf_tail_call(ctx, &programs, slot);
  return PASS_ON;
}

/* The same for a request of io_uring. */
SEC("raw_tp") int snapshot_requester(void *ctx) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct process *process = state_of_process(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
  struct capture_shared *control = capture();
  u32 cpu = bpf_get_smp_processor_id();
  struct ring_control *ring = bpf_map_lookup_elem(&ring_control, &cpu);
  if (!control || !ring)
    return PASS_ON;
  if (process)
    make_image_of(task, process);
  else
    count_lost_state(control);
  ring->snapshot_tried = (u32)task->pid;
  bpf_tail_call(ctx, &programs, SLOT_REQUEST);
  return PASS_ON;
}

/* What the program of an iterator returns to be called for the same task again: the addon's read ends with EAGAIN. */
#define ONCE_MORE 1

/* Whether the snapshot waits for the reader, which falls behind: the images of thousands of processes do not fit into
 * the ring. Some tasks are taken all the same each time, or processes that fork without end could keep it waiting. */
inline_always bool waits_for_reader(struct capture_shared *control) {
  struct filling filling = lifecycle_filling();
  if (is_calm(&filling))
    return false;
  u64 left = control->snapshot_left;
  if (left)
    control->snapshot_left = left - 1;
  return !left;
}

/* Run by the addon once the hooks above are attached, so that processes forked meanwhile are known either way. */
SEC("iter.s/task")
int snapshot_tasks(struct bpf_iter__task *ctx) {
  struct task_struct *task = ctx->task;
  struct capture_shared *control = capture();
  if (!task || !is_leader(task) || !control)
    return 0;
  if (waits_for_reader(control))
    return ONCE_MORE;
  struct process *process = bpf_task_storage_get(&images, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!process)
    return 0;
  if (users_of_place(task) != threads_of(task)) /* a thread has directories of its own, or others have these */
    watch(process, control);
  if (!process->id)
    make_image(process, task, 0, true);
  return 0;
}
