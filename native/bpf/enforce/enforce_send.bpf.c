/* Sends that programs of the cgroup have decided. */

#include "enforce/enforce_verdicts.h"
#include "passed.h"

/* As on_send(). */
HOOK_PROGRAM(enforce_send) {
  struct record record = {};
  struct sending sending;
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  struct capture_shared *control = capture();
  u32 type = control ? hook_of(ctx, control).type : 0;
  u32 enforced = finish_verdict(task, result_of(ctx) == -EPERM, 0);
  bool found = type && find_send(&sending, &call, task, type, result_of(ctx));
  bool begun = found && begin(&record, ctx, task);
  if (found)
    forget_begun(&sending.used);
  if (unlikely(enforced)) {
    take_image(&record.image, task, enforced);
    forget_verdict(task);
  }
  if (!begun || !reserve_send(&record, &call, &sending, task))
    return PASS_ON;
  record.header->reserved = enforced;
  write_send(&record, &call, &sending);
  return PASS_ON;
}

/* As on_send_many(). Of its messages one may be refused after others were sent. */
HOOK_PROGRAM(enforce_send_many) {
  struct record record = {};
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  u32 enforced = finish_verdict(task, true, 0);
  bool begun = begin(&record, ctx, task);
  if (unlikely(enforced)) {
    take_image(&record.image, task, enforced);
    forget_verdict(task);
  }
  if (begun)
    tell_messages(&call, EVENT_SENDMMSG, result_of(ctx), record.image, enforced);
  return PASS_ON;
}
