/* Which clauses a connect or a datagram meets by its call and its peer. */

#ifndef WASPREY_ENFORCE_PEERS_H
#define WASPREY_ENFORCE_PEERS_H

#include "connecting.h"
#include "enforce/enforce.h"
#include "enforce/enforce_state.h"
#include "syscall.h"

/* In place of the type of an event: a request of io_uring, whose type is not known here. */
#define REQUEST EVENT_TYPE_COUNT

inline_always bool may_reach(u32 type) {
#define OR_TYPE(call, event_type) || type == event_type
  return false WASPREY_ENFORCED_REACHES(OR_TYPE) || type == REQUEST;
#undef OR_TYPE
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
#define TYPE_OF_CALL(call, event_type) number == NATIVE_##call ? event_type:
    type = WASPREY_ENFORCED_REACHES(TYPE_OF_CALL) 0;
#undef TYPE_OF_CALL
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

/* The image of the current process, for clauses that depend on it; 0: none does, or it is not known at once. */
inline_always u64 image_at_once(const struct enforcement *table, u64 clauses) {
  struct known_image known = {};
  if (!(clauses & table->of[ENFORCE_CANDIDATE]))
    return 0;
  find_image(&known);
  return known.at_once;
}

#endif
