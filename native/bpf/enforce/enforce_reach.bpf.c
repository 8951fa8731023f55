/* Enforcement on sockets: programs of the root cgroup refuse connects and datagrams before they have an effect. Those
 * that report these calls learn of it from `enforce_verdicts`, kill where that is asked for, and decide what those of
 * the cgroup can't: by the result of a connect, or by a process that was not known before it. */

#include "cgroup_contexts.h"
#include "enforce/enforce_peers.h"
#include "enforce/enforce_verdicts.h"

#define ALLOW 1
#define REFUSE 0

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
  u64 clauses = early_clauses(table, type, connects, peer), doubtful;
  /* The process is looked up only where the call and its peer have left a rule. */
  clauses = clauses ? clauses_met(table, clauses, 0, tests_of_peer(table, high, low, port)) : 0;
  u64 image = image_at_once(table, clauses);
  u64 met = clauses_left(table, clauses, image, &doubtful);
  if (!(met | doubtful)) {
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
                  .image = image,
                  .port = port,
                  .number = call_number(task),
                  .enforced = count_enforced(table, met ? met : doubtful, outcome)},
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

/* The sock that the process has. With MPTCP this differs from the sock that connects. */
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
