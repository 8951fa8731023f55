/* socket, bind, listen, connect, accept, accept4; sendto and sendmsg for the first datagram to a new peer. */

#include "socket.h"

#define MSG_FASTOPEN 0x20000000
#define EINPROGRESS 115
#define SOCKET_TYPE_MASK 0xf

/* Strings: the unix path passed, and the one the socket has. */
#define NETWORK_PASSED_LIMIT sizeof(struct event_network)
#define NETWORK_SOCKET_LIMIT (NETWORK_PASSED_LIMIT + UNIX_PATH_ROOM)
#define NETWORK_LONGEST (NETWORK_SOCKET_LIMIT + UNIX_PATH_ROOM)

/* A socket address as passed: its first 28 bytes, which is all of an IP one. */
union passed {
  u16 family;
  struct sockaddr_in ipv4;
  struct sockaddr_in6 ipv6;
  u64 words[4];
};

/* Whom a socket has sent datagrams to. A socket is known by its inode number too: the memory is used again. */
struct peer_key {
  u64 sock;
  u64 inode;
  union passed peer;
  u64 length;
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, struct peer_key);
  __type(value, u8);
} known_peers SEC(".maps");

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

/* A connection that failed leaves no remote end in the sock: then what was asked for is told. */
inline_always void fill_remote(struct event_network *event) {
  if (event->remote_port || !event->passed_port)
    return;
  event->remote_port = event->passed_port;
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

/* How many connections wait at the listener that one was accepted from. */
inline_always void fill_queue(struct event_network *event, struct task_struct *task, s64 listener) {
  u64 file = file_at(task, listener);
  u64 sock = file ? sock_of(file) : 0;
  event->queue_length = sock ? LOAD(sock, sock, sk_ack_backlog) : 0;
  event->queue_max = sock ? LOAD(sock, sock, sk_max_ack_backlog) : 0;
}

/* The numbers that only one of the calls has. */
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

/* What the call has done to the socket beyond what its state tells. */
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
  event->header.fd = arguments.fd < 0 ? -1 : arguments.fd;
  fill_numbers(event, event_type(record), call, task);
  read_passed(&passed, call, arguments.address, arguments.length);
  append_passed(record, call, &passed, arguments.address, arguments.length);
  u64 file = file_at(task, arguments.fd);
  if (file && describe_file((void *)event, file) == HAS_SOCKET) {
    append_socket(record, sock_of(file), arguments.role, NETWORK_SOCKET_LIMIT);
    fill_outcome(event, event_type(record), result);
  }
  commit(record);
}

HOOK_PROGRAM(on_socket) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  if (!begin(&record, ctx, task, SLOT_SOCKET) ||
      !reserve(&record, ctx, task, NETWORK_LONGEST, sizeof(struct event_network)))
    return 0;
  struct call call = call_of(task);
  write_socket(&record, task, &call, ctx->result);
  return 0;
}

struct send_arguments {
  u64 address;
  u32 length; /* of the address */
  u32 flags;
  u32 size; /* of the datagram */
};

inline_always struct send_arguments send_arguments(u32 type, const struct call *call, s64 result) {
  struct user_msghdr header = {};
  if (type == EVENT_SENDTO)
    return (struct send_arguments){ARGUMENT(call, 4), ARGUMENT(call, 5), ARGUMENT(call, 3),
                                   ARGUMENT(call, 2)};
  read_memory(call, &header, offsetof(struct user_msghdr, msg_iov), ARGUMENT(call, 1));
  return (struct send_arguments){PINNED((u64)header.msg_name), PINNED(header.msg_namelen), ARGUMENT(call, 2),
                                 result < 0 ? 0 : result};
}

/* Whether the socket sends to that address for the first time; notes it. A unix path is told apart by its length and
 * last 24 bytes. */
inline_always bool is_new_peer(u64 sock, u64 inode, const union passed *passed,
                               const struct send_arguments *arguments) {
  struct peer_key key = {.sock = sock, .inode = inode, .length = arguments->length};
  u8 yes = 1;
  key.peer.words[0] = passed->words[0];
  if (passed->family == AF_INET6) {
    key.peer = *passed;
  } else if (passed->family == AF_UNIX && arguments->length > 24) {
    bpf_probe_read_user(&key.peer.words[1], 24, (void *)(arguments->address + arguments->length - 24));
  }
  if (bpf_map_lookup_elem(&known_peers, &key))
    return false;
  bpf_map_update_elem(&known_peers, &key, &yes, BPF_ANY);
  return true;
}

/* Sends on streams and to the peer of connect(2) tell nothing new; but MSG_FASTOPEN on a stream is a connect. */
HOOK_PROGRAM(on_send) {
  struct record record;
  union passed passed;
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  s64 result = ctx->result;
  struct send_arguments arguments = send_arguments(bpf_get_attach_cookie(ctx), &call, result);
  if (!arguments.address)
    return 0;
  s32 fd = ARGUMENT(&call, 0);
  u64 file = file_at(task, fd);
  u64 inode = LOAD_WORD(file, file, f_inode);
  if (!file || (LOAD(inode, inode, i_mode) & FORMAT_MASK) != FORMAT_SOCKET)
    return 0;
  u64 sock = sock_of(file);
  u32 type = LOAD(sock, sock, sk_type);
  if ((type == SOCK_STREAM || type == SOCK_SEQPACKET) && !(arguments.flags & MSG_FASTOPEN))
    return 0;
  if (!begin(&record, ctx, task, SLOT_SEND))
    return 0;
  read_passed(&passed, &call, arguments.address, arguments.length);
  if (!is_new_peer(sock, LOAD(inode, inode, i_ino), &passed, &arguments))
    return 0;
  if (!reserve(&record, ctx, task, NETWORK_LONGEST, sizeof(struct event_network)))
    return 0;
  struct event_network *event = (void *)record.header;
  clear_network(event);
  event->header.fd = fd;
  event->call_flags = arguments.flags;
  event->length = arguments.size;
  append_passed(&record, &call, &passed, arguments.address, arguments.length);
  describe_file((void *)event, file);
  append_socket(&record, sock, ROLE_CLIENT, NETWORK_SOCKET_LIMIT);
  fill_remote(event);
  event->state |= DESCRIPTOR_NAME_CHANGED;
  commit(&record);
  return 0;
}
