/* Connects that programs of the cgroup have decided, or that their end does. */

#include "enforce/enforce_connected.h"
#include "enforce/enforce_verdicts.h"

/* As on_socket(). The event of a refused connect has the peer that was refused. */
HOOK_PROGRAM(enforce_socket) {
  struct record record = {};
  struct connecting refused = {};
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  const struct enforcement *table = find_enforcement();
  u32 enforced = finish_verdict(task, result_of(ctx) == -EPERM, &refused);
  bool begun = begin(&record, ctx, task);
  if (unlikely(enforced)) {
    take_image(&record.image, task, enforced);
    forget_verdict(task);
  }
  if (!begun)
    return PASS_ON;
  struct used_socket used = find_socket_of(record.type, &call, task, record.result);
  forget_begun(&used);
  if (record.type == EVENT_CONNECT)
    record.result = result_of_connect(record.result, used.sock);
  if (is_refused(enforced))
    used.begun = &refused;
  if ((!enforced || is_left_open(enforced)) && record.type == EVENT_CONNECT) {
    u32 late = enforce_connected(table, &used, &call, record.result, record.image);
    enforced = late ? late : enforced;
  }
  if ((!enforced && !passes_socket(&record, &used)) ||
      !reserve(&record, task, NETWORK_LONGEST, sizeof(struct event_network)))
    return PASS_ON;
  record.header->reserved = enforced;
  write_socket(&record, task, &call, &used, record.result);
  return PASS_ON;
}
