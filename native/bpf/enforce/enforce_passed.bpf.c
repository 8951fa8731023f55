/* Enforcement on 32-bit calls and on requests of io_uring. */

#include "enforce/enforce_connected.h"
#include "enforce/enforce_opened.h"
#include "enforce/enforce_verdicts.h"

/* The clauses that such a request meets by the peer that it has passed. `open_question`: those that it may meet, if it
 * meets none. The process may change before the request begins, so rules about the process are reported as undecided
 * here. A function with a stack of its own, as those that look at the process leave little. */
static __noinline u64 submitted_clauses(const struct enforcement *table, const struct passed_call *passed,
                                        const struct call *call, u64 *open_question) {
  bool connects = passed->type == EVENT_CONNECT;
  union passed to;
  read_passed(&to, call, passed->passed[connects ? 1 : 4], passed->passed[connects ? 2 : 5]);
  if (!is_ip(&to))
    return 0;
  struct ipv6 peer = passed_ipv6(&to);
  u32 port = bpf_ntohs(to.ipv4.sin_port);
  u64 doubtful;
  u64 clauses = clauses_left(table, early_clauses(table, REQUEST, connects, peer), passed->image, &doubtful);
  if (!(clauses | doubtful))
    return 0;
  u64 peers = tests_of_peer(table, peer.high, peer.low, port);
  u64 by_process = clauses & table->of[ENFORCE_CANDIDATE];
  u64 met = clauses_met(table, clauses & ~by_process, 0, peers);
  if (!met)
    *open_question = clauses_met(table, by_process | doubtful, 0, peers);
  return met;
}

/* A request of io_uring that sends, or connects without a completion, and has not begun. The programs of the cgroup
 * refuse it in whatever thread it is made; the process that has made it is killed here. */
static __noinline u32 enforce_submitted(const struct enforcement *table, const struct passed_call *passed,
                                        const struct call *call) {
  u64 open_question = 0;
  u64 met = submitted_clauses(table, passed, call, &open_question);
  if (!met)
    return open_question ? leave_in_doubt(table, open_question) : 0;
  u32 outcome = refuse_to_enforce(table, met);
  if (!outcome)
    outcome = met & table->kills && !bpf_send_signal(SIGKILL) ? ENFORCED_REFUSED_AND_KILLED : ENFORCED_REFUSED;
  return count_enforced(table, met, outcome);
}

/* Sets the address that a request has passed: what was kept of it may be what the process has put there since. */
inline_always void pass_peer(struct passed_call *passed, u32 family, struct ipv6 peer, u32 port) {
  union passed *to = (void *)passed->texts[0];
  __builtin_memset(to, 0, sizeof(*to));
  to->family = family;
  to->ipv4.sin_port = bpf_htons(port); /* where that of IPv6 is */
  if (family == AF_INET) {
    to->ipv4.sin_addr.s_addr = ipv4_of(peer);
  } else {
    to->words[1] = peer.high;
    to->words[2] = peer.low;
  }
  passed->passed[2] = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* A request of io_uring that has connected, or was refused to. Its process is killed here where that is asked for. */
static __noinline u32 enforce_completed(struct passed_call *passed, struct task_struct *task) {
  u64 sock = is_socket(passed->file) ? sock_of(passed->file) : 0;
  const struct enforce_connect *found = bpf_map_lookup_elem(&enforce_connects, &sock);
  if (likely(!found))
    return 0;
  struct enforce_connect connect = *found;
  u32 enforced = connect.verdict.enforced;
  if (connect.process != passed->process || is_refused(enforced) != (passed->result == -EPERM))
    return 0; /* another request on the socket */
  bpf_map_delete_elem(&enforce_connects, &sock);
  struct enforced_thread thread = thread_of(task);
  const struct enforce_verdict *of_thread = bpf_map_lookup_elem(&enforce_verdicts, &thread);
  if (of_thread && of_thread->sock == sock) /* it was made at the end of another call, and noted as that */
    bpf_map_delete_elem(&enforce_verdicts, &thread);
  if (!is_refused(enforced))
    return enforced;
  if (connect.verdict.image)
    passed->image = connect.verdict.image;
  pass_peer(passed, LOAD(sock, sock, __sk_common.skc_family), connect.verdict.peer, connect.verdict.port);
  bool killed = ENFORCED_OUTCOME(enforced) == ENFORCED_REFUSED_AND_KILLED && passed->process == (u32)task->tgid &&
                connect.started == start_of_group(task) && !bpf_send_signal(SIGKILL);
  return (enforced & ~ENFORCED_OUTCOME(~0u)) | (killed ? ENFORCED_REFUSED_AND_KILLED : ENFORCED_REFUSED);
}

/* What only the end of a 32-bit connect decides. */
static __noinline u32 enforce_passed_connect(const struct enforcement *table, const struct passed_call *passed,
                                             const struct call *call) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct used_socket used = find_socket_of(EVENT_CONNECT, call, task, passed->result);
  return enforce_connected(table, &used, call, passed->result, passed->image);
}

/* Calls by 32-bit programs and by io_uring; the latter may be looked at by another process than the one that asked. */
SEC("raw_tp") int enforce_passed(void *ctx) {
  struct task_struct *task = bpf_get_current_task_btf();
  const struct enforcement *table = find_enforcement();
  struct passed_call *passed = passed_space();
  if (!passed || !table)
    goto write;
  if (passed->type == EVENT_CONNECT && passed->way == WAY_IO_URING && !passed->submitted) {
    passed->enforced = enforce_completed(passed, task);
    goto write;
  }
  if (passed->process != (u32)task->tgid)
    goto write;
  struct call call = {.passed = passed->passed, .way = passed->way, .fd = passed->fd, .file = passed->file};
  u64 type = passed->type;
  opaque(type);
  if (is_opening(type)) {
    u32 decided = passed->way == WAY_IO_URING ? 0 : decision_on_open(task, passed->result);
    if (is_by_lsm(decided))
      return PASS_ON; /* it has its record */
    passed->enforced = decided;
    if (!decided || is_left_open(decided)) {
      u32 enforced = enforce_opening(table, &call, task, type, passed->result, passed->image);
      if (enforced)
        passed->enforced = enforced;
    }
  } else if (may_reach(type) && passed->way == WAY_IO_URING) {
    passed->enforced = passed->submitted ? enforce_submitted(table, passed, &call) : 0;
  } else if (may_reach(type)) {
    passed->enforced = finish_verdict(task, passed->result == -EPERM, 0);
    take_image(&passed->image, task, passed->enforced);
    forget_verdict(task);
    if ((!passed->enforced || is_left_open(passed->enforced)) && type == EVENT_CONNECT) {
      u32 late = enforce_passed_connect(table, passed, &call);
      passed->enforced = late ? late : passed->enforced;
    }
  }
write:
  bpf_tail_call(ctx, &programs, SLOT_WRITE_PASSED);
  return PASS_ON;
}

/* The messages of a 32-bit sendmmsg. */
SEC("raw_tp") int enforce_passed_many(void *ctx) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct passed_call *passed = passed_space();
  if (!passed)
    return PASS_ON;
  if (passed->type == EVENT_SENDMMSG) {
    passed->enforced = finish_verdict(task, true, 0);
    take_image(&passed->image, task, passed->enforced);
    forget_verdict(task);
  }
  bpf_tail_call(ctx, &programs, SLOT_WRITE_PASSED_MANY);
  return PASS_ON;
}
