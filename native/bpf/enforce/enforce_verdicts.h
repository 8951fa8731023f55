/* What programs of the root cgroup have decided about connects and datagrams, for those that report these calls. */

#ifndef WASPREY_ENFORCE_VERDICTS_H
#define WASPREY_ENFORCE_VERDICTS_H

#include "connecting.h"
#include "enforce/enforce.h"

struct enforce_verdict {
  struct ipv6 peer; /* of IPv4 as mapped */
  u64 sock;
  u64 image; /* by which it was decided; 0: by none */
  u32 port;
  u32 number;   /* of the call */
  u32 enforced; /* count_enforced() */
  u32 pad;
};

/* A thread: its number is given again. */
struct enforced_thread {
  u64 started;
  u32 number;
  u32 pad;
};

/* Of the call that a thread is in. Programs of cgroups may not use task storage before 6.16. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, struct enforced_thread);
  __type(value, struct enforce_verdict);
} enforce_verdicts SEC(".maps");

/* Of a connect that may be a request of io_uring: by the address of its socket, since another thread may see it end. It
 * may also be made at the end of a call that connects or sends by itself. */
struct enforce_connect {
  struct enforce_verdict verdict;
  u64 started; /* thread group */
  u32 process; /* its number */
  u32 pad;
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, u64);
  __type(value, struct enforce_connect);
} enforce_connects SEC(".maps");

inline_always struct enforced_thread thread_of(struct task_struct *task) {
  return (struct enforced_thread){.started = LOAD(task_struct, task, start_boottime), .number = task->pid};
}

inline_always u64 start_of_group(struct task_struct *task) {
  return LOAD(task_struct, LOAD_WORD(task_struct, task, group_leader), start_boottime);
}

/* Whether a verdict on a connect by the same process and socket is to kill, which none on a later one takes back. */
inline_always bool is_to_be_killed(u64 sock, struct task_struct *task) {
  const struct enforce_connect *kept = bpf_map_lookup_elem(&enforce_connects, &sock);
  return kept && kept->process == (u32)task->tgid && kept->started == start_of_group(task) &&
         ENFORCED_OUTCOME(kept->verdict.enforced) == ENFORCED_REFUSED_AND_KILLED;
}

/* What was done within the call that returns, as events have it; 0: nothing. One that nobody has taken may be of an
 * earlier call. The process is killed here where that is asked for, whether there is an event or not. Sets the peer of
 * a refused call. */
inline_always u32 finish_verdict(struct task_struct *task, bool may_be_refused, struct connecting *refused) {
  struct enforced_thread thread = thread_of(task);
  const struct enforce_verdict *found = bpf_map_lookup_elem(&enforce_verdicts, &thread);
  if (likely(!found) || found->number != call_number(task))
    return 0;
  u32 enforced = found->enforced;
  if (!is_refused(enforced))
    return enforced;
  if (!may_be_refused)
    return 0;
  if (refused) {
    refused->peer = found->peer;
    refused->port = found->port;
  }
  bool killed = ENFORCED_OUTCOME(enforced) == ENFORCED_REFUSED_AND_KILLED && !bpf_send_signal(SIGKILL);
  return (enforced & ~ENFORCED_OUTCOME(~0u)) | (killed ? ENFORCED_REFUSED_AND_KILLED : ENFORCED_REFUSED);
}

/* The event of a refused call has the image that it was decided by: the process may have got another one since. */
inline_always void take_image(u64 *image, struct task_struct *task, u32 enforced) {
  struct enforced_thread thread = thread_of(task);
  const struct enforce_verdict *verdict = is_refused(enforced) ? bpf_map_lookup_elem(&enforce_verdicts, &thread) : 0;
  if (verdict && verdict->image)
    *image = verdict->image;
}

/* To be called once it is certain that the program is not begun anew (begin()). A request of io_uring on the same
 * socket whose process is to be killed for it waits for its completion still. */
inline_always void forget_verdict(struct task_struct *task) {
  struct enforced_thread thread = thread_of(task);
  const struct enforce_verdict *verdict = bpf_map_lookup_elem(&enforce_verdicts, &thread);
  u64 sock = verdict ? verdict->sock : 0;
  bpf_map_delete_elem(&enforce_verdicts, &thread);
  if (sock && !is_to_be_killed(sock, task))
    bpf_map_delete_elem(&enforce_connects, &sock);
}

#endif
