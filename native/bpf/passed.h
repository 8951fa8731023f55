/* Calls other than native system calls (32-bit ones, requests of io_uring): their arguments are first converted to one
 * format, and write_passed() makes the event from it. */

#ifndef WASPREY_PASSED_H
#define WASPREY_PASSED_H

#include "passed_call.h"
#include "lifecycle_share.h"
#include "syscall.h"

inline_always bool is_send(u32 type) {
  return type == EVENT_SENDTO || type == EVENT_SENDMSG;
}

/* Whether a rule wants what a call of the type is reported as: as that, or as a sister. */
inline_always bool may_be_wanted(const struct capture_shared *control, u32 type) {
#define OR_AS_SISTER(sister, of, number, program) || (type == of && is_wanted(control, sister))
  return is_wanted(control, type) WASPREY_SISTERS(OR_AS_SISTER);
#undef OR_AS_SISTER
}

/* Stores the caller. */
inline_always void fill_caller(struct passed_call *call, struct task_struct *task) {
  struct process *process = process_of(task, 0);
  call->image = process ? process->id : 0;
  call->tid = task->pid;
  call->process = task->tgid;
  call->flags = task->pid == task->tgid ? 0 : EVENT_FLAG_THREAD;
}

/* Whose room a call takes that is kept until it ends, as share_key(). */
inline_always u64 owner_of_call(struct task_struct *task) {
  u32 user = owner_of(task);
  struct process *process = user ? 0 : process_of(task, 0);
  return share_key(user, process ? process->cgroup : 0);
}

#endif
