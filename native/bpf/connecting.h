/* The connection that a call begins: its socket and its peer, as the kernel has them while the call lasts. When it
 * returns, another thread may have put another file in place of the descriptor, and a connection that was refused has
 * left no peer in its socket. */

#ifndef WASPREY_CONNECTING_H
#define WASPREY_CONNECTING_H

#include "socket.h"

#define STATE_SYN_SENT 2

#define IO_WORKER 0x00000010 /* PF_IO_WORKER: io_uring keeps the file of its requests itself */

struct connecting {
  u64 sock;
  struct ipv6 peer; /* of IPv4 as mapped */
  u32 port;
  /* Of the call, as its registers have them; `number` is 0 once the call has returned. */
  u32 number;
  u64 descriptor;
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct connecting);
} connecting SEC(".maps");

inline_always struct ipv6 mapped_ipv4(u32 address) {
  return (struct ipv6){0, (u64)address << 32 | MAPPED_PREFIX};
}

/* The peer of a sock whose family is AF_INET or AF_INET6. */
inline_always struct ipv6 peer_of(u64 sock) {
  if (LOAD(sock, sock, __sk_common.skc_family) == AF_INET)
    return mapped_ipv4(LOAD(sock, sock, __sk_common.skc_daddr));
  return load_ipv6(sock + bpf_core_field_offset(struct sock, __sk_common.skc_v6_daddr));
}

struct trace_event_raw_inet_sock_set_state {
  const void *skaddr;
  int newstate;
} RELOCATED;

/* On inet_sock_set_state, which TCP comes by in the call that connects, with the peer in the socket: connect, or a send
 * with MSG_FASTOPEN. */
SEC("raw_tp") int on_connecting(struct bpf_raw_tracepoint_args *ctx) {
  const struct trace_event_raw_inet_sock_set_state *event = (void *)ctx;
  s32 state = on_trace_events ? PINNED(event->newstate) : PINNED(ctx->args[2]);
  if (state != STATE_SYN_SENT)
    return PASS_ON;
  u64 sock = on_trace_events ? PINNED((u64)event->skaddr) : PINNED(ctx->args[0]);
  struct task_struct *task = bpf_get_current_task_btf();
  u32 port = bpf_ntohs(LOAD(sock, sock, __sk_common.skc_dport));
  struct capture_shared *control = capture();
  if (!port || task->flags & (KERNEL_THREAD | IO_WORKER) || !control || !is_wanted(control, EVENT_CONNECT))
    return PASS_ON;
  struct connecting *begun = bpf_task_storage_get(&connecting, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!begun)
    return PASS_ON;
  const struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
  begun->sock = sock;
  begun->peer = peer_of(sock);
  begun->port = port;
  begun->descriptor = registers->REGISTER_0;
  begun->number = registers->CALL_NUMBER;
  return PASS_ON;
}

/* The connection that the returning system call has begun; 0: none. */
inline_always struct connecting *begun_by(const struct call *call, struct task_struct *task) {
  struct connecting *begun = call->way == WAY_IO_URING ? 0 : bpf_task_storage_get(&connecting, task, 0, 0);
  if (!begun || !begun->number)
    return 0;
  const struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
  bool same = begun->number == (u32)registers->CALL_NUMBER && begun->descriptor == registers->REGISTER_0;
  return same ? begun : 0;
}

/* The socket of a call. */
struct used_socket {
  u64 file; /* 0: not known */
  u64 sock; /* 0: the descriptor is not that of a socket */
  struct connecting *begun;
};

/* Address of the open file of a sock; 0 if it is closed. */
inline_always u64 file_of_sock(u64 sock) {
  u64 socket = LOAD_WORD(sock, sock, sk_socket);
  return socket ? LOAD_WORD(socket, socket, file) : 0;
}

/* `connects`: whether the call may begin a connection. */
inline_always struct used_socket find_socket(const struct call *call, struct task_struct *task, s64 number,
                                             bool connects) {
  struct used_socket used = {.begun = connects ? begun_by(call, task) : 0};
  if (used.begun) {
    used.sock = used.begun->sock;
    used.file = file_of_sock(used.sock);
  }
  if (!is_socket(used.file))
    used.file = number < 0 ? 0 : file_of(call, task, number);
  if (!used.sock && is_socket(used.file))
    used.sock = sock_of(used.file);
  return used;
}

/* The call is over: the thread's next one begins a connection of its own. */
inline_always void forget_begun(const struct used_socket *used) {
  if (used->begun)
    used->begun->number = 0;
}

#endif
