/* socket, bind, listen, connect, accept, accept4. */

#include "filter.h"

#define EINPROGRESS 115
#define SOCKET_TYPE_MASK 0xf

/* Bytes of data that are kept, as many as in Falco, and the room for them. */
#define LONGEST_DATA 80
#define DATA_ROOM 80

/* Strings: the unix path passed, the one the socket has, and data. */
#define NETWORK_PASSED_LIMIT sizeof(struct event_network)
#define NETWORK_SOCKET_LIMIT (NETWORK_PASSED_LIMIT + UNIX_PATH_ROOM)
#define NETWORK_DATA_LIMIT (NETWORK_SOCKET_LIMIT + UNIX_PATH_ROOM)
#define NETWORK_LONGEST (NETWORK_DATA_LIMIT + DATA_ROOM)

/* A socket address as passed: its first 28 bytes, which is all of an IP one. */
union passed {
  u16 family;
  struct sockaddr_in ipv4;
  struct sockaddr_in6 ipv6;
  u64 words[4];
};

inline_always void clear_network(struct event_network *event) {
  clear_descriptor((void *)event);
  __builtin_memset(&event->domain, 0, sizeof(*event) - offsetof(struct event_network, domain));
}

inline_always void read_passed(union passed *passed, const struct call *call, u64 address, u32 length) {
  __builtin_memset(passed, 0, sizeof(*passed));
  if (!address)
    return;
  u64 size = length;
  opaque(size);
  if (size > sizeof(struct sockaddr_in6))
    size = sizeof(struct sockaddr_in6);
  read_memory(call, passed, size, address);
}

/* The path of a unix address as passed: up to its NUL, or all of it when it is abstract and begins with one. */
inline_always void append_passed_path(struct record *record, const struct call *call, u64 address, u32 length) {
  struct event_network *event = (void *)record->header;
  u64 start = filled(record, NETWORK_PASSED_LIMIT);
  u8 *text = (void *)event + start;
  u64 path = address + offsetof(struct sockaddr_un, sun_path);
  u32 size = length - offsetof(struct sockaddr_un, sun_path);
  if (size == 0 || size > LONGEST_UNIX_PATH || read_memory(call, text, size & (UNIX_PATH_ROOM - 1), path))
    return;
  if (*(volatile u8 *)text) {
    text[size & (UNIX_PATH_ROOM - 1)] = 0;
    long string = bpf_probe_read_kernel_str(text, UNIX_PATH_ROOM, text);
    if (string > 0)
      size = string - 1;
  }
  event->passed_path = (struct string_ref){start, size};
  fill(record, start + size);
}

inline_always void append_passed(struct record *record, const struct call *call, const union passed *passed,
                                 u64 address, u32 length) {
  struct event_network *event = (void *)record->header;
  event->passed_family = passed->family;
  switch (passed->family) {
    case AF_INET:
      event->passed_port = bpf_ntohs(passed->ipv4.sin_port);
      *(u32 *)event->passed_address = passed->ipv4.sin_addr.s_addr;
      break;
    case AF_INET6:
      event->passed_port = bpf_ntohs(passed->ipv6.sin6_port);
      __builtin_memcpy(event->passed_address, &passed->ipv6.sin6_addr, sizeof(event->passed_address));
      break;
    case AF_UNIX:
      append_passed_path(record, call, address, length);
      break;
    default:
      break;
  }
}

/* The first bytes that were sent or received, from the memory of the process. */
inline_always void append_data(struct record *record, u64 address, s64 size) {
  struct event_network *event = (void *)record->header;
  u64 start = filled(record, NETWORK_DATA_LIMIT);
  u64 length = size > LONGEST_DATA ? LONGEST_DATA : size;
  opaque(length);
  if (size <= 0 || !address || length > LONGEST_DATA ||
      bpf_probe_read_user((void *)event + start, length, (void *)address))
    return;
  event->data = (struct string_ref){start, length};
  fill(record, start + length);
}

/* A failed connection leaves no remote end in the sock, nor does a datagram: then the passed address is reported. An
 * unbound IPv6 socket may be used for an IPv4 address. */
inline_always void fill_remote(struct event_network *event) {
  struct ipv6 local, passed;
  if (event->remote_port || !event->passed_port)
    return;
  event->remote_port = event->passed_port;
  __builtin_memcpy(&local, event->local_address, sizeof(local));
  __builtin_memcpy(&passed, event->passed_address, sizeof(passed));
  if (is_mapped(passed) && is_unset(local))
    event->kind = '4';
  if (event->kind == '4' && event->passed_family == AF_INET6)
    __builtin_memcpy(event->remote_address, event->passed_address + 12, 4);
  else
    __builtin_memcpy(event->remote_address, event->passed_address, sizeof(event->remote_address));
}

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

/* Number of pending connections of the listener that one was accepted from. */
inline_always void fill_queue(struct event_network *event, struct task_struct *task, s64 listener) {
  u64 file = file_at(task, listener);
  u64 sock = file ? sock_of(file) : 0;
  event->queue_length = sock ? LOAD(sock, sock, sk_ack_backlog) : 0;
  event->queue_max = sock ? LOAD(sock, sock, sk_max_ack_backlog) : 0;
}

/* The numbers that only one of the calls has as arguments. */
inline_always void fill_numbers(struct event_network *event, u32 type, const struct call *call,
                                struct task_struct *task) {
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
      fill_queue(event, task, (s32)ARGUMENT(call, 0));
      return;
    case EVENT_ACCEPT:
      fill_queue(event, task, (s32)ARGUMENT(call, 0));
      return;
    default:
      return;
  }
}

/* Effects of the call on the socket that its state does not show. */
inline_always void fill_outcome(struct event_network *event, u32 type, s64 result) {
  switch (type) {
    case EVENT_BIND:
      if (result == 0) {
        event->role = event->local_port ? ROLE_SERVER : ROLE_NONE;
        event->state |= DESCRIPTOR_NAME_CHANGED;
      }
      return;
    case EVENT_CONNECT:
      fill_remote(event);
      if (result == 0 || result == -EINPROGRESS)
        event->state |= DESCRIPTOR_NAME_CHANGED;
      if (result == 0)
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

inline_always void write_socket(struct record *record, struct task_struct *task, const struct call *call, s64 result) {
  union passed passed;
  struct socket_arguments arguments = socket_arguments(event_type(record), call, result);
  struct event_network *event = (void *)record->header;
  clear_network(event);
  event->header.fd = fd_of(call, arguments.fd);
  fill_numbers(event, event_type(record), call, task);
  read_passed(&passed, call, arguments.address, arguments.length);
  append_passed(record, call, &passed, arguments.address, arguments.length);
  u64 file = arguments.fd < 0 ? 0 : file_of(call, task, arguments.fd);
  if (file && describe_file((void *)event, file) == HAS_SOCKET) {
    append_socket(record, sock_of(file), arguments.role, NETWORK_SOCKET_LIMIT);
    fill_outcome(event, event_type(record), result);
  }
  commit(record);
}

/* Whether any rule can match the call: by process and result, and by the kind of its socket. */
inline_always bool passes_socket(struct record *record, struct task_struct *task) {
  struct filter *filter = find_filter();
  if (!filter)
    return true;
  u64 type = record->type;
  u64 clauses = clauses_of_call(filter, record, type, record->result, FILTER_NETWORK);
  struct call call = call_of(task);
  s64 fd = socket_arguments(type, &call, record->result).fd;
  return clauses & clauses_of_socket(filter, file_at(task, fd)) || filtered(record, type);
}

HOOK_PROGRAM(on_socket) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  if (!begin(&record, ctx, task) || !passes_socket(&record, task) ||
      !reserve(&record, task, NETWORK_LONGEST, sizeof(struct event_network)))
    return PASS_ON;
  struct call call = call_of(task);
  write_socket(&record, task, &call, result_of(ctx));
  return PASS_ON;
}
