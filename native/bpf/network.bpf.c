/* socket, bind, listen, connect, accept, accept4. */

#include "network.h"

#define EINTR 4
#define EINPROGRESS 115
/* The kernel's own results of calls that a signal interrupts, which it returns as EINTR or makes again. */
#define ERESTARTSYS 512
#define ERESTART_RESTARTBLOCK 516
#define SOCKET_TYPE_MASK 0xf

struct socket_arguments {
  s64 fd; /* negative: none */
  u64 address;
  u32 length;
  u32 role;
};

inline_always struct socket_arguments socket_arguments(u32 type, const struct call *call, s64 result) {
  u64 first = (s32)ARGUMENT(call, 0);
  switch (type) {
    case EVENT_SOCKET:
      return (struct socket_arguments){result, 0, 0, ROLE_NONE};
    case EVENT_BIND:
      return (struct socket_arguments){first, ARGUMENT(call, 1), ARGUMENT(call, 2), ROLE_NONE};
    case EVENT_LISTEN:
      return (struct socket_arguments){first, 0, 0, ROLE_SERVER};
    case EVENT_CONNECT:
      return (struct socket_arguments){first, ARGUMENT(call, 1), ARGUMENT(call, 2), ROLE_CLIENT};
    default: /* accept, accept4 */
      return (struct socket_arguments){result, 0, 0, ROLE_SERVER};
  }
}

/* Pending connections of the listener with that descriptor: their number, and in the upper half their limit. A global
 * function, as put_path() is. */
__noinline u64 queue_of(s64 listener) {
  u64 file = file_at(bpf_get_current_task_btf(), listener);
  u64 sock = file ? sock_of(file) : 0;
  return sock ? LOAD(sock, sock, sk_ack_backlog) | (u64)LOAD(sock, sock, sk_max_ack_backlog) << 32 : 0;
}

inline_always void fill_queue(struct event_network *event, s64 listener) {
  u64 queue = queue_of(listener);
  event->queue_length = queue;
  event->queue_max = queue >> 32;
}

/* The numbers that only one of the calls has as arguments. */
inline_always void fill_numbers(struct event_network *event, u32 type, const struct call *call) {
  switch (type) {
    case EVENT_SOCKET:
      event->domain = ARGUMENT(call, 0);
      event->socket_type = ARGUMENT(call, 1) & SOCKET_TYPE_MASK;
      event->call_flags = ARGUMENT(call, 1) & ~SOCKET_TYPE_MASK;
      event->protocol = ARGUMENT(call, 2);
      return;
    case EVENT_LISTEN:
      event->backlog = ARGUMENT(call, 1);
      return;
    case EVENT_ACCEPT4:
      event->call_flags = ARGUMENT(call, 3);
      fill_queue(event, (s32)ARGUMENT(call, 0));
      return;
    case EVENT_ACCEPT:
      fill_queue(event, (s32)ARGUMENT(call, 0));
      return;
    default:
      return;
  }
}

/* The remote end of a connection: as the kernel took it from the call, or as the sock has it; of one that failed
 * otherwise, as passed. */
inline_always void fill_peer(struct event_network *event, const struct connecting *begun, const union passed *passed) {
  if (!begun) {
    if (!has_remote(event))
      set_passed(event, passed);
    return;
  }
  if (event->kind != '4' && event->kind != '6') { /* another protocol's socket on top of one of TCP */
    event->kind = '6';
    event->l4 = L4_TCP;
  }
  set_remote(event, begun->peer, begun->port);
}

/* Effects of the call on the socket that its state does not show. */
inline_always void fill_outcome(struct event_network *event, u32 type, s64 result, const struct connecting *begun,
                                const union passed *passed) {
  switch (type) {
    case EVENT_BIND:
      if (result == 0) {
        event->role = event->local_port ? ROLE_SERVER : ROLE_NONE;
        event->state |= DESCRIPTOR_NAME_CHANGED;
      }
      return;
    case EVENT_CONNECT:
      fill_peer(event, begun, passed);
      if (result == 0 || result == -EINPROGRESS)
        event->state |= DESCRIPTOR_NAME_CHANGED;
      if (result == 0 && (begun || passed->family != AF_UNSPEC))
        event->state |= DESCRIPTOR_CONNECTED; /* the other end may have closed it by now */
      return;
    case EVENT_ACCEPT:
    case EVENT_ACCEPT4:
      event->state |= DESCRIPTOR_NAME_CHANGED | DESCRIPTOR_CONNECTED;
      return;
    default:
      return;
  }
}

/* A connection that a signal interrupted goes on, as one that was not waited for: it is reported as that. A
 * global function, as put_path() is. */
__noinline s64 result_of_connect(s64 result, u64 sock) {
  bool interrupted = result == -EINTR || (result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK);
  if (likely(!interrupted))
    return result;
  u32 family = LOAD(sock, sock, __sk_common.skc_family);
  u32 state = LOAD(sock, sock, __sk_common.skc_state);
  bool goes_on = (CONNECTED_STATES | 1 << STATE_SYN_SENT) >> (state & 31) & 1 || l4_of(sock) == L4_SCTP;
  return goes_on && (family == AF_INET || family == AF_INET6) ? -EINPROGRESS : result;
}

/* Whether a connect was made by a socket that its descriptor is no longer that of: another thread has closed it, or has
 * put another file there. */
inline_always bool lost_socket(u32 type, u64 sock, s64 result) {
  return type == EVENT_CONNECT && !sock && (result == 0 || result == -EINPROGRESS);
}

/* All that is known then is the passed address. */
inline_always void describe_lost(struct event_network *event, const union passed *passed) {
  event->role = ROLE_CLIENT;
  event->kind = passed->family == AF_UNIX ? 'u' : is_ip(passed) ? '6' : 'o';
  set_passed(event, passed);
}

inline_always void write_socket(struct record *record, struct task_struct *task, const struct call *call,
                                const struct used_socket *used, s64 result) {
  union passed passed;
  struct socket_arguments arguments = socket_arguments(event_type(record), call, result);
  struct event_network *event = (void *)record->header;
  clear_network(event);
  event->header.fd = fd_of(call, arguments.fd);
  fill_numbers(event, event_type(record), call);
  read_passed(&passed, call, arguments.address, arguments.length);
  append_passed(record, call, &passed, arguments.address, arguments.length);
  if (used->file)
    describe_file((void *)event, used->file);
  if (used->sock)
    append_socket(record, used->sock, arguments.role, NETWORK_SOCKET_LIMIT);
  else if (lost_socket(event_type(record), used->sock, result))
    describe_lost(event, &passed);
  if (used->sock || event->role)
    fill_outcome(event, event_type(record), result, used->begun, &passed);
  commit(record);
}

/* Whether any rule can match the call: by process and result, and by the kind of its socket. */
inline_always bool passes_socket(struct record *record, const struct used_socket *used) {
  struct filter *filter = find_filter();
  if (!filter)
    return true;
  u64 type = record->type;
  u64 clauses = clauses_of_call(filter, record, type, record->result, FILTER_NETWORK);
  if (!lost_socket(type, used->sock, record->result))
    clauses &= clauses_of_socket(filter, used->file, used->sock);
  return clauses || filtered(record, type);
}

inline_always struct used_socket find_socket_of(u32 type, const struct call *call, struct task_struct *task,
                                                s64 result) {
  return find_socket(call, task, socket_arguments(type, call, result).fd, type == EVENT_CONNECT);
}

HOOK_PROGRAM(on_socket) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  if (!begin(&record, ctx, task))
    return PASS_ON;
  struct used_socket used = find_socket_of(record.type, &call, task, record.result);
  forget_begun(&used);
  if (record.type == EVENT_CONNECT)
    record.result = result_of_connect(record.result, used.sock);
  if (!passes_socket(&record, &used) || !reserve(&record, task, NETWORK_LONGEST, sizeof(struct event_network)))
    return PASS_ON;
  write_socket(&record, task, &call, &used, record.result);
  return PASS_ON;
}
