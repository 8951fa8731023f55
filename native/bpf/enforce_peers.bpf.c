/* Enforcement on sockets: programs of the root cgroup refuse connects and datagrams before they have an effect. The
 * programs that report these calls learn of it from `enforce_verdicts`, kill where that is asked for, and decide the
 * rules that those of the cgroup can't: by the result, or by the image of the process. */

#include "cgroup_contexts.h"
#include "enforce.h"
#include "passed.h"

struct enforce_verdict {
  struct ipv6 peer; /* of IPv4 as mapped */
  u32 port;
  u32 number;  /* of the call */
  u64 outcome; /* ENFORCED_ */
};

/* Of the call that a thread is in. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, u32);
  __type(value, struct enforce_verdict);
} enforce_verdicts SEC(".maps");

#define EPERM 1
#define ALLOW 1
#define REFUSE 0

inline_always u32 call_number(struct task_struct *task) {
  const struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
  return LOAD(pt_regs, PINNED((u64)registers), CALL_NUMBER);
}

inline_always bool is_refused(u32 outcome) {
  return outcome == ENFORCED_REFUSED || outcome == ENFORCED_REFUSED_AND_KILLED;
}

/* The event that a send is reported as; 0: not known, so that any of them may be. */
inline_always u32 send_type(struct task_struct *task) {
  u32 number = call_number(task);
  if (task->flags & IO_WORKER || number == IO_URING_ENTER)
    return 0;
  if (is_compat_thread(task))
    return compat_type(number);
  return number == NATIVE_sendto     ? EVENT_SENDTO
         : number == NATIVE_sendmsg  ? EVENT_SENDMSG
         : number == NATIVE_sendmmsg ? EVENT_SENDMMSG
                                     : 0;
}

/* Clauses of sends that are there whichever call it was. */
inline_always u64 clauses_of_send(const struct enforcement *table, u32 type) {
  switch (type) {
    case EVENT_SENDTO:
      return table->types[EVENT_SENDTO];
    case EVENT_SENDMSG:
      return table->types[EVENT_SENDMSG];
    case EVENT_SENDMMSG:
      return table->types[EVENT_SENDMMSG] | table->types[EVENT_SENDMSG];
    default:
      return table->types[EVENT_SENDTO] & table->types[EVENT_SENDMSG];
  }
}

/* Tests that hold of a peer. A global function, as put_path() is. */
__noinline u64 tests_of_peer(const struct enforcement *table, u64 high, u64 low, u32 port) {
  if (!table)
    return 0;
  struct enforce_peer peer = {
      .table = table,
      .address = {high, low},
      .port = port,
      .is_ipv4 = is_mapped((struct ipv6){high, low}),
  };
  return enforce_tests_of_peer(&peer);
}

/* Decides a connect or datagram to a peer, and notes what is done for the program that reports it. */
__noinline u32 enforce_peer_of(u64 high, u64 low, u32 port, u32 connects) {
  struct task_struct *task = bpf_get_current_task_btf();
  const struct enforcement *table = find_enforcement();
  if (!table)
    return ALLOW;
  struct ipv6 peer = {high, low};
  u64 clauses = connects ? table->types[EVENT_CONNECT] : clauses_of_send(table, send_type(task));
  clauses &= table->early & table->sockets[is_mapped(peer) ? SOCKET_KIND_IPV4 : SOCKET_KIND_IPV6];
  if (!clauses)
    return ALLOW;
  u32 thread = task->pid;
  u64 met = clauses_met(table, clauses, 0, tests_of_peer(table, high, low, port), 0);
  if (!met) {
    bpf_map_delete_elem(&enforce_verdicts, &thread); /* of a call that no program has reported */
    return ALLOW;
  }
  u32 outcome = refuse_to_enforce(table);
  if (!outcome)
    outcome = met & table->kills ? ENFORCED_REFUSED_AND_KILLED : ENFORCED_REFUSED;
  struct enforce_verdict verdict = {
      .peer = peer,
      .port = port,
      .number = call_number(task),
      .outcome = count_enforced(outcome),
  };
  bpf_map_update_elem(&enforce_verdicts, &thread, &verdict, BPF_ANY);
  return is_refused(outcome) ? REFUSE : ALLOW;
}

inline_always int enforce_ipv4(const struct bpf_sock_addr *ctx, u32 connects) {
  struct ipv6 peer = mapped_ipv4(ctx->user_ip4);
  return BOUNDED(enforce_peer_of(peer.high, peer.low, bpf_ntohs(ctx->user_port), connects), REFUSE, ALLOW);
}

inline_always int enforce_ipv6(const struct bpf_sock_addr *ctx, u32 connects) {
  u64 high = (u64)ctx->user_ip6[1] << 32 | ctx->user_ip6[0];
  u64 low = (u64)ctx->user_ip6[3] << 32 | ctx->user_ip6[2];
  return BOUNDED(enforce_peer_of(high, low, bpf_ntohs(ctx->user_port), connects), REFUSE, ALLOW);
}

SEC("cgroup/connect4") int enforce_connect4(struct bpf_sock_addr *ctx) {
  return enforce_ipv4(ctx, 1);
}

SEC("cgroup/connect6") int enforce_connect6(struct bpf_sock_addr *ctx) {
  return enforce_ipv6(ctx, 1);
}

SEC("cgroup/sendmsg4") int enforce_sendmsg4(struct bpf_sock_addr *ctx) {
  return enforce_ipv4(ctx, 0);
}

SEC("cgroup/sendmsg6") int enforce_sendmsg6(struct bpf_sock_addr *ctx) {
  return enforce_ipv6(ctx, 0);
}

/* What was decided within the call that returns; 0: nothing was. One that nobody has taken may be of an earlier call.
 */
inline_always const struct enforce_verdict *verdict_of(struct task_struct *task, s64 result) {
  u32 thread = task->pid;
  const struct enforce_verdict *found = bpf_map_lookup_elem(&enforce_verdicts, &thread);
  if (likely(!found) || found->number != call_number(task))
    return 0;
  return is_refused(found->outcome) && result != -EPERM ? 0 : found;
}

inline_always void forget_verdict(struct task_struct *task) {
  u32 thread = task->pid;
  bpf_map_delete_elem(&enforce_verdicts, &thread);
}

/* Kills the process whose call was refused, where that is asked for. Whether there is an event or not: so it is done
 * before one is begun. */
inline_always void finish_verdict(const struct enforce_verdict *verdict) {
  if (verdict->outcome == ENFORCED_REFUSED_AND_KILLED)
    bpf_send_signal(SIGKILL);
}

/* The peer of a connect as its event has it: fill_peer(). */
inline_always struct ipv6 reported_peer(const struct used_socket *used, const union passed *passed, u32 *port) {
  u32 family = LOAD(sock, used->sock, __sk_common.skc_family);
  if (used->begun) {
    *port = used->begun->port;
    return used->begun->peer;
  }
  if (family == AF_INET || family == AF_INET6) {
    struct ipv6 peer = peer_of(used->sock);
    *port = bpf_ntohs(LOAD(sock, used->sock, __sk_common.skc_dport));
    if (*port || peer.high || (is_mapped(peer) ? ipv4_of(peer) : peer.low))
      return peer;
  }
  *port = is_ip(passed) ? bpf_ntohs(passed->ipv4.sin_port) : 0;
  return is_ip(passed) ? passed_ipv6(passed) : (struct ipv6){};
}

/* Enforces by signal what only the end of a connect decides. */
inline_always u32 enforce_connected(const struct record *record, const struct used_socket *used,
                                    const struct call *call) {
  const struct enforcement *table = find_enforcement();
  if (!table || record->type != EVENT_CONNECT || !used->sock)
    return 0;
  u64 clauses = enforce_clauses_of(table, EVENT_CONNECT, record->result < 0) & table->kills & ~table->early;
  u32 family = LOAD(sock, used->sock, __sk_common.skc_family), port;
  if (!clauses || (family != AF_INET && family != AF_INET6))
    return 0;
  union passed passed;
  read_passed(&passed, call, ARGUMENT(call, 1), ARGUMENT(call, 2));
  struct ipv6 peer = reported_peer(used, &passed, &port);
  clauses &= table->sockets[is_mapped(peer) ? SOCKET_KIND_IPV4 : SOCKET_KIND_IPV6];
  if (!clauses)
    return 0;
  u64 met = clauses_met(table, clauses, 0, tests_of_peer(table, peer.high, peer.low, port), record->image);
  return met ? enforce_by_signal(table, met, false) : 0;
}

/* As on_socket(). The event of a refused connect has the peer that was refused. */
HOOK_PROGRAM(enforce_socket) {
  struct record record;
  struct connecting refused = {};
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  const struct enforce_verdict *verdict = verdict_of(task, result_of(ctx));
  u32 enforced = 0;
  if (unlikely(verdict)) {
    enforced = verdict->outcome;
    refused.peer = verdict->peer;
    refused.port = verdict->port;
    finish_verdict(verdict);
  }
  if (!begin(&record, ctx, task))
    return PASS_ON;
  if (unlikely(verdict))
    forget_verdict(task);
  struct used_socket used = find_socket_of(record.type, &call, task, record.result);
  forget_begun(&used);
  if (record.type == EVENT_CONNECT)
    record.result = result_of_connect(record.result, used.sock);
  if (is_refused(enforced))
    used.begun = &refused;
  if (!enforced)
    enforced = enforce_connected(&record, &used, &call);
  if ((!enforced && !passes_socket(&record, &used)) ||
      !reserve(&record, task, NETWORK_LONGEST, sizeof(struct event_network)))
    return PASS_ON;
  record.header->reserved = enforced;
  write_socket(&record, task, &call, &used, record.result);
  return PASS_ON;
}

/* As on_send(). */
HOOK_PROGRAM(enforce_send) {
  struct record record;
  struct sending sending;
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  struct capture_shared *control = capture();
  u32 type = control ? hook_of(ctx, control).type : 0;
  const struct enforce_verdict *verdict = verdict_of(task, result_of(ctx));
  u32 enforced = 0;
  if (unlikely(verdict)) {
    enforced = verdict->outcome;
    finish_verdict(verdict);
  }
  if (!type || !find_send(&sending, &call, task, type, result_of(ctx)) || !begin(&record, ctx, task))
    return PASS_ON;
  if (unlikely(verdict))
    forget_verdict(task);
  if (!reserve_send(&record, &call, &sending, task))
    return PASS_ON;
  record.header->reserved = enforced;
  write_send(&record, &call, &sending);
  return PASS_ON;
}

/* Messages of sendmmsg, which on_send_many() reports without what was done. */
HOOK_PROGRAM(enforce_send_many) {
  struct task_struct *task = bpf_get_current_task_btf();
  const struct enforce_verdict *verdict = verdict_of(task, result_of(ctx));
  if (unlikely(verdict))
    finish_verdict(verdict);
  bpf_tail_call(ctx, &programs, SLOT_WRITE_SEND_MANY);
  return PASS_ON;
}
