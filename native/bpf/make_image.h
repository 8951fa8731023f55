/* Makes the image that a process lacks or that is out of date: with its next event or fork, or in the snapshot. */

#ifndef WASPREY_MAKE_IMAGE_H
#define WASPREY_MAKE_IMAGE_H

#include "stream.h"

/* No state of a task could be had where there is one, or has to be: there is no memory, or a program or call that was
 * preempted on this CPU holds the storage of tasks. What it was needed for is lost, so it counts as a lost image. */
inline_always void count_lost_state(struct capture_shared *control) {
  __sync_fetch_and_add(&control->images_lost, 1);
}

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
    append_stream(draft);
  if (!write_draft(draft, previous ? ROOM_CHANGE : ROOM_EVENT, process)) {
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

#endif
