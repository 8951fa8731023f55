/* Threads with a directory or credentials of their own, and processes that share their directory with others.
 *
 * A process has one image, whose state is kept on its leader. It stands for all threads, unless one of them calls
 * setresuid alone, or unshares its directories; and it stays right, unless another process changes them. A process
 * where either may be is watched: the image is compared with the task before each of its events, and a thread that
 * differs from the leader gets a state and images of its own. */

#ifndef WASPREY_THREAD_IMAGES_H
#define WASPREY_THREAD_IMAGES_H

#include "image_strings.h"

/* The state of a task's process. */
inline_always struct process *state_of_process(struct task_struct *task, u64 flags) {
  return bpf_task_storage_get(&images, task->group_leader, 0, flags);
}

inline_always bool is_leader(const struct task_struct *task) {
  return task->pid == task->tgid;
}

/* The state that a task's events refer to: its own, or that of its process. */
inline_always struct process *process_of(struct task_struct *task, u64 flags) {
  struct process *process = state_of_process(task, flags);
  if (likely(!process || !process->watched) || is_leader(task))
    return process;
  struct process *own = bpf_task_storage_get(&images, task, 0, 0);
  return own ? own : process;
}

/* Images that are kept for each CPU are not valid any more. */
inline_always void watch(struct process *process, struct capture_shared *control) {
  if (process->watched)
    return;
  *(volatile u32 *)&process->watched = 1;
  __sync_fetch_and_add(&control->generation, 1);
}

inline_always bool equal_credentials(u64 one, u64 other) {
  return one == other || (LOAD(cred, one, euid.val) == LOAD(cred, other, euid.val) &&
                          LOAD(cred, one, egid.val) == LOAD(cred, other, egid.val) &&
                          LOAD_WORD(cred, one, cap_inheritable) == LOAD_WORD(cred, other, cap_inheritable) &&
                          LOAD_WORD(cred, one, cap_permitted) == LOAD_WORD(cred, other, cap_permitted) &&
                          LOAD_WORD(cred, one, cap_effective) == LOAD_WORD(cred, other, cap_effective));
}

/* Whether a thread has other directories or credentials than its leader; a leader that has ended has none. */
inline_always bool is_apart(struct task_struct *task) {
  u64 leader = leader_of(task);
  return LOAD_WORD(task_struct, task, fs) != LOAD_WORD(task_struct, leader, fs) ||
         !equal_credentials(LOAD_WORD(task_struct, task, real_cred), LOAD_WORD(task_struct, leader, real_cred));
}

inline_always bool same_credentials(const struct process *process, struct task_struct *task) {
  u64 cred = LOAD_WORD(task_struct, task, real_cred);
  return process->uid == LOAD(cred, cred, euid.val) && process->gid == LOAD(cred, cred, egid.val) &&
         process->cap_inheritable == LOAD_WORD(cred, cred, cap_inheritable) &&
         process->cap_permitted == LOAD_WORD(cred, cred, cap_permitted) &&
         process->cap_effective == LOAD_WORD(cred, cred, cap_effective);
}

inline_always bool same_group(const struct process *process, struct task_struct *task) {
  u64 signal = LOAD_WORD(task_struct, task, signal);
  return process->pgid == pid_at(LOAD_WORD(signal_struct, signal, pids[PIDTYPE_PGID]), 0) &&
         process->sid == pid_at(LOAD_WORD(signal_struct, signal, pids[PIDTYPE_SID]), 0);
}

/* Root and current directory of a task, as a number to compare. */
inline_always u64 place_of(struct task_struct *task) {
  u64 fs = LOAD_WORD(task_struct, task, fs);
  return LOAD_WORD(fs_struct, fs, pwd.dentry) + 3 * LOAD_WORD(fs_struct, fs, pwd.mnt) +
         5 * LOAD_WORD(fs_struct, fs, root.dentry) + 7 * LOAD_WORD(fs_struct, fs, root.mnt);
}

/* Whether a task is still as its image says, in what others may change. */
inline_always bool is_as_before(const struct process *process, struct task_struct *task) {
  return same_credentials(process, task) && same_group(process, task) && process->place == place_of(task) &&
         process->cgroup == cgroup_number(cgroup_of_task(task));
}

/* The state of a task whose process is watched. What is out of date in it is marked. */
inline_always struct process *state_apart(struct task_struct *task, struct process *process) {
  if (!is_leader(task)) {
    struct process *own = bpf_task_storage_get(&images, task, 0, 0);
    if (!own && is_apart(task)) {
      own = bpf_task_storage_get(&images, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
      if (own) {
        *own = *process;
        own->of_thread = own->borrowed = own->changed = 1;
        own->in_change = own->ended = 0;
      }
    }
    if (own)
      process = own;
  }
  if (!is_as_before(process, task))
    *(volatile u32 *)&process->changed = 1;
  return process;
}

inline_always u32 threads_of(struct task_struct *task) {
  return LOAD(signal_struct, LOAD_WORD(task_struct, task, signal), live.counter);
}

/* How many tasks have the directories of a task, itself included. */
inline_always u32 users_of_place(struct task_struct *task) {
  return LOAD(fs_struct, LOAD_WORD(task_struct, task, fs), users);
}

/* Whether a call that changes credentials or directories has set a thread apart from the others. */
inline_always bool parts_threads(const struct process *process, struct task_struct *task, u64 kind) {
  u32 threads = threads_of(task);
  if (likely(threads < 2))
    return false;
  return kind == CHANGE_CREDENTIALS ? !same_credentials(process, task)
                                    : kind == CHANGE_PLACE && users_of_place(task) < threads;
}

#endif
