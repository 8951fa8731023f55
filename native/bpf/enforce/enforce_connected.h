/* Rules that only the end of a connect decides: by its result, or by a process that was not known before. */

#ifndef WASPREY_ENFORCE_CONNECTED_H
#define WASPREY_ENFORCE_CONNECTED_H

#include "enforce/enforce_peers.h"
#include "passed.h"

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

/* Enforces by signal what only the end of a connect decides. At its end more is known of the process. */
inline_always u32 enforce_connected(const struct enforcement *table, const struct used_socket *used,
                                    const struct call *call, s64 result, u64 image) {
  if (!table || !used->sock)
    return 0;
  u64 late = enforce_clauses_of(table, EVENT_CONNECT, result < 0) & table->kills;
  late &= ~table->early | table->of[ENFORCE_CANDIDATE];
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

#endif
