/* Fork, exec, exit, change of cgroup, and the snapshot of running processes: a record for each image of a process.
 * The record is sent before its id is stored, so that no event has an id whose record the reader lacks. */

#include "stream.h"

/* The image id of the task's parent; 0 where it has none. */
inline_always u64 parent_image(struct task_struct *task) {
  struct task_struct *parent = task->real_parent;
  struct process *process = parent ? process_of(parent, 0) : 0;
  return process ? process->id : 0;
}

/* The image that is made next is up to date: what changes from here on needs another one. An exchange, so that no
 * processor reads what goes into the image before it. */
inline_always void note_current(struct process *process) {
  __sync_lock_test_and_set(&process->changed, 0);
}

inline_always bool is_current(struct task_struct *task) {
  return task->pid == (s32)bpf_get_current_pid_tgid();
}

/* Whether an image is without the arguments or the environment that the task has. */
inline_always bool lacks_texts(const struct image *image, struct task_struct *task) {
  u64 mm = LOAD_WORD(task_struct, task, mm);
  return mm && ((!image->argv.offset && LOAD(mm_struct, mm, arg_start) < LOAD(mm_struct, mm, arg_end)) ||
                (!image->environment.offset && LOAD(mm_struct, mm, env_start) < LOAD(mm_struct, mm, env_end)));
}

/* Sends the image that a task lacks, in a draft space: see make_image(). */
inline_always void send_image(struct draft *draft, struct process *process, struct task_struct *task, u64 previous,
                              u64 parent, bool other) {
  struct image *image = &draft->space->image;
  u64 id = new_image_id(draft->capture);
  image->id = id;
  image->parent = process->parent ? process->parent : parent;
  image->previous = previous;
  note_current(process);
  fill_image(draft, task, previous ? IMAGE_CHANGE : IMAGE_SNAPSHOT);
  if (!process->exec_time) /* another thread may do the same */
    __sync_val_compare_and_swap(&process->exec_time, 0, image->time);
  image->exec_time = *(volatile u64 *)&process->exec_time;
  if (process->of_thread)
    image->flags |= IMAGE_FLAG_THREAD;
  process->place = place_of(task); /* before the path is read: if it changes meanwhile, it is read again */
  keep_comm(image, process);
  bool reads_texts = !previous || (process->unread && is_current(task));
  if (previous)
    append_place(draft, task, image->cgroup_id != process->cgroup);
  else
    append_program(draft, task);
  if (reads_texts)
    append_texts(draft, task, other);
  if (!previous)
    append_stream(draft, task);
  if (!write_draft(draft, previous ? ROOM_CHANGE : ROOM_EVENT, process, task)) {
    *(volatile u32 *)&process->changed = previous != 0;
    return;
  }
  /* Fork or exec may have given it one since. Of two without a previous one the addon keeps both; of others it takes
   * the last for the current one, so that another one has to follow. */
  if (__sync_val_compare_and_swap(&process->id, previous, id) == previous) {
    remember(process, image);
    if (reads_texts)
      process->unread = other && lacks_texts(image, task);
    if (process->unread)
      *(volatile u32 *)&process->changed = 1;
  } else {
    *(volatile u32 *)&process->changed = previous != 0;
  }
  __sync_fetch_and_add(&draft->capture->generation, 1);
}

/* Looks at the lock of an image that another thread is making: up to a tenth of a millisecond, where an image takes a
 * tenth of that. Who holds it is not preempted (maps.h). */
#define MOST_LOOKS (1 << 15)

struct turn {
  struct process *process;
  u64 taken;
};

static long turn_step(u32 index, struct turn *turn) {
  if (*(volatile u32 *)&turn->process->in_change || __sync_lock_test_and_set(&turn->process->in_change, 1))
    return 0;
  turn->taken = 1;
  return 1;
}

/* Waits until no other thread makes an image of the process; false if that takes too long. */
inline_always bool take_turn(struct process *process) {
  struct turn turn = {.process = process};
  if (likely(!__sync_lock_test_and_set(&process->in_change, 1)))
    return true;
  bpf_loop(MOST_LOOKS, turn_step, &turn, 0);
  return turn.taken;
}

inline_always void end_turn(struct process *process) {
  __sync_lock_test_and_set(&process->in_change, 0);
}

/* Makes the image that a task lacks: one of all that is known of it if it has none, or one of its changes if it is out
 * of date. `parent` is 0 if unknown: the addon links it by ppid. If it can't, which is counted, events have the image
 * that the process had before. */
inline_always void make_image(struct process *process, struct task_struct *task, u64 parent, bool other) {
  struct draft draft;
  /* One thread at a time, or the image sent last might not be the one whose id is stored last. */
  bool first = !*(volatile u64 *)&process->id;
  if (!first && !take_turn(process)) {
    struct capture_shared *control = capture();
    if (control)
      __sync_fetch_and_add(&control->images_lost, 1);
    return;
  }
  /* The thread that was waited for may have made it, with this one's change. */
  u64 previous = first ? 0 : *(volatile u64 *)&process->id;
  if ((!previous || *(volatile u32 *)&process->changed) && open_draft(&draft)) {
    send_image(&draft, process, task, previous, parent, other);
    close_draft(&draft);
  }
  if (!first)
    end_turn(process);
}

/* Threads share the image of their process, unless they are made with directories of their own. */
inline_always void note_thread(struct task_struct *parent, struct task_struct *thread) {
  if (LOAD_WORD(task_struct, thread, fs) == LOAD_WORD(task_struct, leader_of(parent), fs))
    return;
  struct process *process = state_of_process(parent, 0);
  struct capture_shared *control = capture();
  if (process && control)
    watch(process, control);
}

inline_always void note_fork(struct task_struct *parent, struct task_struct *child) {
  if (!is_leader(child)) {
    note_thread(parent, child);
    return;
  }
  struct process *mother = state_of_process(parent, BPF_LOCAL_STORAGE_GET_F_CREATE);
  struct process *process = state_of_process(child, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (mother && mother->watched)
    mother = state_apart(parent, mother);
  if (mother && (!mother->id || mother->changed))
    make_image(mother, parent, parent_image(parent), false);
  u64 origin = mother ? mother->id : 0;
  struct draft draft;
  if (!process || !open_draft(&draft))
    return;
  struct image *image = &draft.space->image;
  u64 id = new_image_id(draft.capture);
  image->id = id;
  image->parent = origin;
  image->previous = 0;
  fill_image(&draft, child, IMAGE_FORK);
  image->exec_time = process->exec_time = image->time;
  if (mother)
    keep_comm(image, mother);
  image->ppid = parent->tgid; /* the process that forks it, though CLONE_PARENT gives it another parent */
  if (!mother || image->cgroup_id != mother->cgroup)
    append_cgroup(&draft, child); /* CLONE_INTO_CGROUP */
  if (mother && mother->changed)
    append_cwd(&draft, child);
  process->place = place_of(child);
  if (mother && LOAD_WORD(task_struct, child, fs) == LOAD_WORD(task_struct, parent, fs)) { /* CLONE_FS */
    watch(mother, draft.capture);
    process->watched = 1;
  }
  remember(process, image);
  store_image_id(process, send_draft(&draft, ROOM_FORK, mother, parent) ? id : 0, draft.capture);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child) {
  note_fork(parent, child);
  return 0;
}

inline_always void note_exec(struct task_struct *task) {
  struct process *process = state_of_process(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
  struct draft draft;
  if (!process)
    return;
  if (!open_draft(&draft)) {
    if (draft.capture) {
      process->exec_time = wall_time(draft.capture);
      store_image_id(process, 0, draft.capture); /* not the image of the program before */
    }
    return;
  }
  struct image *image = &draft.space->image;
  u32 tgid = task->tgid;
  u64 *orphaned = process->id ? 0 : bpf_map_lookup_elem(&orphaned_images, &tgid);
  u64 id = new_image_id(draft.capture);
  image->id = id;
  image->parent = process->id ? process->parent : parent_image(task);
  image->previous = orphaned ? *orphaned : process->id;
  process->unread = 0;
  process->of_thread = 0; /* by now it is the only thread */
  process->watched = users_of_place(task) > 1;
  process->place = place_of(task);
  note_current(process);
  fill_image(&draft, task, IMAGE_EXEC);
  image->exec_time = process->exec_time = image->time;
  append_program(&draft, task);
  append_texts(&draft, task, false);
  append_stream(&draft, task);
  remember(process, image);
  store_image_id(process, send_draft(&draft, ROOM_EVENT, process, task) ? id : 0, draft.capture);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm) {
  note_exec(task);
  return 0;
}

/* Sends the end of a process, or of a thread that has images of its own. */
inline_always void send_end(struct process *process, struct task_struct *task) {
  /* Two threads that end at once both see that none lives. */
  struct draft draft;
  if (__sync_lock_test_and_set(&process->ended, 1) || !open_draft(&draft))
    return;
  struct image *image = &draft.space->image;
  __builtin_memset(image, 0, offsetof(struct image, parent_address));
  image->kind = IMAGE_EXIT;
  image->flags = process->of_thread ? IMAGE_FLAG_THREAD : 0;
  image->id = process->id;
  image->parent = process->parent;
  image->time = wall_time(draft.capture);
  image->pid = task->tgid;
  image->exit_code = task->exit_code;
  send_draft(&draft, ROOM_END, process, task);
}

inline_always void note_exit(struct task_struct *task) {
  struct process *process = state_of_process(task, 0);
  if (!process || !process->id)
    return;
  if (process->watched && !is_leader(task)) {
    struct process *own = bpf_task_storage_get(&images, task, 0, 0);
    if (own && own->id)
      send_end(own, task);
  }
  if (LOAD(signal_struct, LOAD_WORD(task_struct, task, signal), live.counter)) {
    u32 tgid = task->tgid;
    if (task->pid == task->tgid)
      bpf_map_update_elem(&orphaned_images, &tgid, &process->id, BPF_ANY);
    return;
  }
  send_end(process, task);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task) {
  note_exit(task);
  return 0;
}

/* Marks the image as out of date. Whether a new one is to be made at once. */
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
  if (!process || !control || !ring)
    return PASS_ON;
  make_image_of(task, process);
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
  u32 cpu = bpf_get_smp_processor_id();
  struct ring_control *ring = bpf_map_lookup_elem(&ring_control, &cpu);
  if (!process || !ring)
    return PASS_ON;
  make_image_of(task, process);
  ring->snapshot_tried = (u32)task->pid;
  bpf_tail_call(ctx, &programs, SLOT_REQUEST);
  return PASS_ON;
}

/* Run by the addon once the hooks above are attached, so that processes forked meanwhile are known either way. */
SEC("iter.s/task")
int snapshot_tasks(struct bpf_iter__task *ctx) {
  struct task_struct *task = ctx->task;
  struct capture_shared *control = capture();
  if (!task || !is_leader(task) || !control)
    return 0;
  struct process *process = bpf_task_storage_get(&images, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!process)
    return 0;
  if (users_of_place(task) != threads_of(task)) /* a thread has directories of its own, or others have these */
    watch(process, control);
  if (!process->id)
    make_image(process, task, 0, true);
  return 0;
}
