/* Fork, exec and exit: a record for each image of a process. The record is sent before its id is stored, so that no
 * event has an id whose record the reader lacks. */

#include "make_image.h"

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
  struct capture_shared *control = capture();
  if (!process && control)
    count_lost_state(control); /* its first event makes an image */
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
  store_image_id(process, send_draft(&draft, ROOM_FORK, mother) ? id : 0, draft.capture);
}

/* For the event of the child: see on_fork_success(). */
inline_always void note_forked(struct task_struct *child) {
  u32 cpu = bpf_get_smp_processor_id();
  struct ring_control *ring = bpf_map_lookup_elem(&ring_control, &cpu);
  struct process *process = process_of(child, 0);
  if (ring)
    ring->forked = process ? process->id : 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child) {
  note_fork(parent, child);
  if (CHILD_RETURN_UNSEEN)
    note_forked(child);
  return 0;
}

inline_always void note_exec(struct task_struct *task) {
  struct process *process = state_of_process(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
  struct capture_shared *control = capture();
  struct draft draft;
  if (!process) {
    if (control)
      count_lost_state(control);
    return;
  }
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
  append_stream(&draft);
  remember(process, image);
  store_image_id(process, send_draft(&draft, ROOM_EVENT, process) ? id : 0, draft.capture);
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
  image->cgroup_id = process->cgroup;
  image->owner = owner_of(task);
  image->time = wall_time(draft.capture);
  image->pid = task->tgid;
  image->exit_code = task->exit_code;
  send_draft(&draft, ROOM_END, process);
}

inline_always void note_exit(struct task_struct *task) {
  struct process *process = state_of_process(task, 0);
  if (!process || !process->id)
    return;
  if (process->watched && !is_leader(task)) {
    struct process *own = bpf_task_storage_get(&images, task, 0, 0);
    if (own && own->id && !own->borrowed) /* who makes threads without number has no end sent that nobody needs */
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
