/* Enforcement on sockets: programs of the root cgroup refuse connects and datagrams before they have an effect. The
 * programs that report these calls learn of it from `enforce_verdicts`, kill where that is asked for, and decide the
 * rules that those of the cgroup can't: by the result, or by the image of the process. */

#include "cgroup_contexts.h"
#include "enforce.h"
#include "passed.h"

struct enforce_verdict {
  struct ipv6 peer; /* of IPv4 as mapped */
  u64 sock;
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

#define ALLOW 1
#define REFUSE 0

inline_always struct enforced_thread thread_of(struct task_struct *task) {
  return (struct enforced_thread){.started = LOAD(task_struct, task, start_boottime), .number = task->pid};
}

/* In place of the type of an event: a request of io_uring, whose type is not known here. */
#define REQUEST EVENT_TYPE_COUNT

inline_always bool may_reach(u32 type) {
  return type == EVENT_CONNECT || type == EVENT_SENDTO || type == EVENT_SENDMSG || type == EVENT_SENDMMSG ||
         type == REQUEST;
}

/* Whether a process has the socket, and not the kernel alone, which connects and sends within calls of processes. */
inline_always bool is_of_process(u64 sock) {
  u64 socket = sock ? LOAD_WORD(sock, sock, sk_socket) : 0;
  return socket && LOAD_WORD(socket, socket, file);
}

/* The type of the event that a call is reported as which connects or sends; 0: the kernel does so by itself. A request
 * of io_uring may be made at the end of any call: what follows another one in a chain. */
inline_always u32 reaching_call(struct task_struct *task, u64 sock) {
  const struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
  u32 number = call_number(task);
  u32 type = 0;
  if (task->flags & IO_WORKER)
    type = 0; /* its registers are those of no call */
  else if (is_compat_thread(task))
    type = compat_type_of(registers);
  else
    type = number == NATIVE_connect    ? EVENT_CONNECT
           : number == NATIVE_sendto   ? EVENT_SENDTO
           : number == NATIVE_sendmsg  ? EVENT_SENDMSG
           : number == NATIVE_sendmmsg ? EVENT_SENDMMSG
                                       : 0;
  return may_reach(type) ? type : is_of_process(sock) ? REQUEST : 0;
}

/* Clauses of sends by such a call; of a request, those that are there whichever it is. */
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

/* Clauses on connects and sends that are decided before they have an effect. */
inline_always u64 early_clauses(const struct enforcement *table, u32 type, bool connects, struct ipv6 peer) {
  u64 clauses = connects ? table->types[EVENT_CONNECT] : clauses_of_send(table, type);
  return clauses & table->early & table->sockets[is_mapped(peer) ? SOCKET_KIND_IPV4 : SOCKET_KIND_IPV6];
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

/* Decides a connect or datagram to a peer by a socket, and notes what is done for the program that reports it. */
__noinline u32 enforce_peer_of(u64 high, u64 low, u64 sock, u32 port, u32 connects) {
  struct task_struct *task = bpf_get_current_task_btf();
  const struct enforcement *table = find_enforcement();
  u32 type = reaching_call(task, sock);
  if (!table || !type)
    return ALLOW;
  struct ipv6 peer = {high, low};
  struct enforced_thread thread = thread_of(task);
  /* Of a call that no program has reported. A sendmmsg may have sent others. */
  if (type != EVENT_SENDMMSG && unlikely(bpf_map_lookup_elem(&enforce_verdicts, &thread)))
    bpf_map_delete_elem(&enforce_verdicts, &thread);
  u64 clauses = clauses_of_current(table, early_clauses(table, type, connects, peer), 0);
  u64 met = clauses ? clauses_met(table, clauses, 0, tests_of_peer(table, high, low, port)) : 0;
  if (!met) {
    if (connects && unlikely(bpf_map_lookup_elem(&enforce_connects, &sock)) && !is_to_be_killed(sock, task))
      bpf_map_delete_elem(&enforce_connects, &sock);
    return ALLOW;
  }
  u32 outcome = refuse_to_enforce(table, met);
  if (!outcome)
    outcome = met & table->kills ? ENFORCED_REFUSED_AND_KILLED : ENFORCED_REFUSED;
  if (type == REQUEST && !connects) /* counted when it is reported: enforce_submitted() */
    return is_refused(outcome) ? REFUSE : ALLOW;
  struct enforce_connect connect = {
      .verdict = {.peer = peer,
                  .sock = sock,
                  .port = port,
                  .number = call_number(task),
                  .enforced = count_enforced(table, met, outcome)},
      .started = start_of_group(task),
      .process = task->tgid,
  };
  if (connects && !is_to_be_killed(sock, task))
    bpf_map_update_elem(&enforce_connects, &sock, &connect, BPF_ANY);
  if (type != REQUEST)
    bpf_map_update_elem(&enforce_verdicts, &thread, &connect.verdict, BPF_ANY);
  return is_refused(outcome) ? REFUSE : ALLOW;
}

#define IPV4_LOOPBACK bpf_htonl(0x7f000001)
#define IS_IPV4_MULTICAST(address) ((bpf_ntohl(address) >> 28) == 0xe)

/* The address that the kernel connects to in place of 0.0.0.0: the socket's own, if it is bound to one, else that of
 * loopback. 0: of a socket that is bound to a device, it is that device's. */
inline_always u32 connected_ipv4(u32 address, const struct bpf_sock *sock) {
  if (address || !sock || sock->bound_dev_if)
    return address;
  u32 own = sock->src_ip4;
  return own && !IS_IPV4_MULTICAST(own) ? own : IPV4_LOOPBACK;
}

/* The same in place of `::`, and of 0.0.0.0 as mapped. */
inline_always struct ipv6 connected_ipv6(struct ipv6 address, const struct bpf_sock *sock) {
  if (is_mapped(address))
    return mapped_ipv4(connected_ipv4(ipv4_of(address), sock));
  if (!is_unset(address) || !sock)
    return address;
  bool mapped = !sock->src_ip6[0] && !sock->src_ip6[1] && sock->src_ip6[2] == MAPPED_PREFIX;
  return mapped ? mapped_ipv4(IPV4_LOOPBACK) : (struct ipv6){0, (u64)bpf_htonl(1) << 32};
}

inline_always struct ipv6 given_ipv6(const struct bpf_sock_addr *ctx) {
  return (struct ipv6){(u64)ctx->user_ip6[1] << 32 | ctx->user_ip6[0], (u64)ctx->user_ip6[3] << 32 | ctx->user_ip6[2]};
}

/* The address of the kernel's socket, as a plain number. */
inline_always u64 address_of(const struct bpf_sock *sock) {
  const struct bpf_sock *volatile kept = sock;
  u64 address = 0;
  bpf_probe_read_kernel(&address, sizeof(address), (const void *)&kept);
  return address;
}

/* The sock that the process has: of MPTCP it is another one than that which connects. */
inline_always u64 sock_of_process(u64 sock) {
  u64 socket = LOAD_WORD(sock, sock, sk_socket);
  return socket ? LOAD_WORD(socket, socket, sk) : sock;
}

inline_always int enforce_reaching(struct ipv6 peer, const struct bpf_sock_addr *ctx, u32 connects) {
  u64 sock = sock_of_process(address_of(ctx->sk));
  return BOUNDED(enforce_peer_of(peer.high, peer.low, sock, bpf_ntohs(ctx->user_port), connects), REFUSE, ALLOW);
}

/* One to an address that is not known is not decided. */
inline_always int enforce_connecting(struct ipv6 peer, const struct bpf_sock_addr *ctx) {
  return is_mapped(peer) && !ipv4_of(peer) ? ALLOW : enforce_reaching(peer, ctx, 1);
}

SEC("cgroup/connect4") int enforce_connect4(struct bpf_sock_addr *ctx) {
  return enforce_connecting(mapped_ipv4(connected_ipv4(ctx->user_ip4, ctx->sk)), ctx);
}

SEC("cgroup/connect6") int enforce_connect6(struct bpf_sock_addr *ctx) {
  return enforce_connecting(connected_ipv6(given_ipv6(ctx), ctx->sk), ctx);
}

SEC("cgroup/sendmsg4") int enforce_sendmsg4(struct bpf_sock_addr *ctx) {
  return enforce_reaching(mapped_ipv4(ctx->user_ip4), ctx, 0);
}

SEC("cgroup/sendmsg6") int enforce_sendmsg6(struct bpf_sock_addr *ctx) {
  return enforce_reaching(given_ipv6(ctx), ctx, 0);
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

/* To be called once it is certain that the program is not begun anew (begin()). A request of io_uring on the same socket
 * whose process is to be killed for it waits for its completion still. */
inline_always void forget_verdict(struct task_struct *task) {
  struct enforced_thread thread = thread_of(task);
  const struct enforce_verdict *verdict = bpf_map_lookup_elem(&enforce_verdicts, &thread);
  u64 sock = verdict ? verdict->sock : 0;
  bpf_map_delete_elem(&enforce_verdicts, &thread);
  if (sock && !is_to_be_killed(sock, task))
    bpf_map_delete_elem(&enforce_connects, &sock);
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
inline_always u32 enforce_connected(const struct enforcement *table, const struct used_socket *used,
                                    const struct call *call, s64 result, u64 image) {
  if (!table || !used->sock)
    return 0;
  u64 late = enforce_clauses_of(table, EVENT_CONNECT, result < 0) & table->kills & ~table->early;
  u64 clauses = clauses_of_current(table, late, image);
  u32 family = LOAD(sock, used->sock, __sk_common.skc_family), port;
  if (!clauses || (family != AF_INET && family != AF_INET6))
    return 0;
  union passed passed;
  read_passed(&passed, call, ARGUMENT(call, 1), ARGUMENT(call, 2));
  struct ipv6 peer = reported_peer(used, &passed, &port);
  clauses &= table->sockets[is_mapped(peer) ? SOCKET_KIND_IPV4 : SOCKET_KIND_IPV6];
  if (!clauses)
    return 0;
  u64 met = clauses_met(table, clauses, 0, tests_of_peer(table, peer.high, peer.low, port));
  return met ? enforce_by_signal(table, met, false) : 0;
}

/* As on_socket(). The event of a refused connect has the peer that was refused. */
HOOK_PROGRAM(enforce_socket) {
  struct record record = {};
  struct connecting refused = {};
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  const struct enforcement *table = find_enforcement();
  u32 enforced = finish_verdict(task, result_of(ctx) == -EPERM, &refused);
  bool begun = begin(&record, ctx, task);
  if (unlikely(enforced))
    forget_verdict(task);
  if (!begun)
    return PASS_ON;
  struct used_socket used = find_socket_of(record.type, &call, task, record.result);
  forget_begun(&used);
  if (record.type == EVENT_CONNECT)
    record.result = result_of_connect(record.result, used.sock);
  if (is_refused(enforced))
    used.begun = &refused;
  if (!enforced && record.type == EVENT_CONNECT)
    enforced = enforce_connected(table, &used, &call, record.result, record.image);
  if ((!enforced && !passes_socket(&record, &used)) ||
      !reserve(&record, task, NETWORK_LONGEST, sizeof(struct event_network)))
    return PASS_ON;
  record.header->reserved = enforced;
  write_socket(&record, task, &call, &used, record.result);
  return PASS_ON;
}

/* As on_send(). */
HOOK_PROGRAM(enforce_send) {
  struct record record = {};
  struct sending sending;
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  struct capture_shared *control = capture();
  u32 type = control ? hook_of(ctx, control).type : 0;
  u32 enforced = finish_verdict(task, result_of(ctx) == -EPERM, 0);
  bool begun = type && find_send(&sending, &call, task, type, result_of(ctx)) && begin(&record, ctx, task);
  if (unlikely(enforced))
    forget_verdict(task);
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
  if (unlikely(enforced))
    forget_verdict(task);
  if (begun)
    tell_messages(&call, EVENT_SENDMMSG, result_of(ctx), record.image, enforced);
  return PASS_ON;
}

/* A request of io_uring that sends, or connects without a completion, and has not begun. The programs of the cgroup
 * refuse it in whatever thread it is made; the process that has made it is killed here. */
static __noinline u32 enforce_submitted(const struct enforcement *table, const struct passed_call *passed,
                                        const struct call *call) {
  bool connects = passed->type == EVENT_CONNECT;
  union passed to;
  read_passed(&to, call, passed->passed[connects ? 1 : 4], passed->passed[connects ? 2 : 5]);
  if (!is_ip(&to))
    return 0;
  struct ipv6 peer = passed_ipv6(&to);
  u32 port = bpf_ntohs(to.ipv4.sin_port);
  u64 clauses = clauses_of_current(table, early_clauses(table, REQUEST, connects, peer), 0);
  u64 met = clauses ? clauses_met(table, clauses, 0, tests_of_peer(table, peer.high, peer.low, port)) : 0;
  if (!met)
    return 0;
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
    passed->enforced = finish_opening(table, &call, task, type, passed->result, passed->image, decided);
  } else if (may_reach(type) && passed->way == WAY_IO_URING) {
    passed->enforced = passed->submitted ? enforce_submitted(table, passed, &call) : 0;
  } else if (may_reach(type)) {
    passed->enforced = finish_verdict(task, passed->result == -EPERM, 0);
    forget_verdict(task);
    if (!passed->enforced && type == EVENT_CONNECT)
      passed->enforced = enforce_passed_connect(table, passed, &call);
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
    forget_verdict(task);
  }
  bpf_tail_call(ctx, &programs, SLOT_WRITE_PASSED_MANY);
  return PASS_ON;
}
