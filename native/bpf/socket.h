/* The socket behind a descriptor, both ends as struct sock has them. */

#ifndef WASPREY_SOCKET_H
#define WASPREY_SOCKET_H

#include "descriptor.h"
#include <bpf/bpf_endian.h>

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16

#define SOCK_STREAM 1
#define SOCK_RAW 3
#define SOCK_SEQPACKET 5

#define L4_TCP 6
#define L4_SCTP 132
#define L4_RAW 255
#define PROTOCOL_MPTCP 262

/* TCP states in which both ends are known to each other; UDP and unix sockets have 1 when connected. */
#define CONNECTED_STATES (1 << 1 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 11)
#define STATE_LISTEN 10

/* Beside the schema's roles, for append_socket: without connect or accept the kernel does not know which end is the
 * client. The end with the higher port counts as the client, because ephemeral ports are above those of servers; a
 * listening or bound socket is a server. */
#define ROLE_BY_PORT 3

/* Longest text of a unix address (sun_path), and the room for it. */
#define LONGEST_UNIX_PATH 108
#define UNIX_PATH_ROOM 128

/* Whether there is an open file at an address, and it is a socket. */
inline_always bool is_socket(u64 file) {
  u64 inode = LOAD_WORD(file, file, f_inode);
  return file && (LOAD(inode, inode, i_mode) & FORMAT_MASK) == FORMAT_SOCKET;
}

inline_always u64 sock_of(u64 file) {
  u64 socket = LOAD_WORD(file, file, private_data);
  return LOAD_WORD(socket, socket, sk);
}

inline_always u8 l4_of(u64 sock) {
  u32 protocol = LOAD(sock, sock, sk_protocol);
  if (LOAD(sock, sock, sk_type) == SOCK_RAW)
    return L4_RAW;
  return protocol == PROTOCOL_MPTCP ? L4_TCP : protocol;
}

inline_always u32 role_by_port(const struct event_descriptor *event) {
  if (!event->remote_port)
    return event->local_port ? ROLE_SERVER : ROLE_NONE;
  return event->local_port > event->remote_port ? ROLE_CLIENT : ROLE_SERVER;
}

struct ipv6 {
  u64 high;
  u64 low;
};

#define MAPPED_PREFIX 0xffff0000u /* bytes 8 to 11 of ::ffff:a.b.c.d, as a number */

inline_always struct ipv6 load_ipv6(u64 address) {
  return (struct ipv6){load_word(address), load_word(address + 8)};
}

inline_always bool is_mapped(struct ipv6 address) {
  return !address.high && (u32)address.low == MAPPED_PREFIX;
}

inline_always bool is_unset(struct ipv6 address) {
  return !address.high && !address.low;
}

/* The IPv4 address that is mapped into an IPv6 one; 0 for another. */
inline_always u32 ipv4_of(struct ipv6 address) {
  return is_mapped(address) ? address.low >> 32 : 0;
}

/* The ends of a socket of IPv6. Packets to a mapped address are those of IPv4, even if the socket is bound to an IPv6
 * address. */
inline_always void put_ipv6(struct event_descriptor *event, struct ipv6 local, struct ipv6 remote) {
  bool mapped = is_mapped(remote) || (is_mapped(local) && is_unset(remote));
  event->kind = mapped ? '4' : '6';
  if (mapped) {
    *(u64 *)event->local_address = ipv4_of(local);
    *(u64 *)event->remote_address = ipv4_of(remote);
    *(u64 *)(event->local_address + 8) = *(u64 *)(event->remote_address + 8) = 0;
    return;
  }
  __builtin_memcpy(event->local_address, &local, sizeof(local));
  __builtin_memcpy(event->remote_address, &remote, sizeof(remote));
}

/* Kind, protocol, both ends and state of the sock at an address. The record's addresses are zero before. Returns the
 * family. A global function, as put_path() is. */
__noinline u32 describe_sock(struct event_descriptor *event, u64 sock) {
  if (!event)
    return 0;
  u32 family = LOAD(sock, sock, __sk_common.skc_family);
  u32 tcp_state = LOAD(sock, sock, __sk_common.skc_state);
  event->state = CONNECTED_STATES >> (tcp_state & 31) & 1 ? DESCRIPTOR_CONNECTED : 0;
  event->kind = 'o';
  switch (family) {
    case AF_INET:
      event->kind = '4';
      *(u32 *)event->local_address = LOAD(sock, sock, __sk_common.skc_rcv_saddr);
      *(u32 *)event->remote_address = LOAD(sock, sock, __sk_common.skc_daddr);
      break;
    case AF_INET6:
      put_ipv6(event, load_ipv6(sock + bpf_core_field_offset(struct sock, __sk_common.skc_v6_rcv_saddr)),
               load_ipv6(sock + bpf_core_field_offset(struct sock, __sk_common.skc_v6_daddr)));
      break;
    case AF_UNIX:
      event->kind = 'u';
      *(u64 *)event->local_address = sock;
      *(u64 *)event->remote_address = LOAD_WORD(unix_sock, sock, peer);
      return family;
    case AF_NETLINK:
      event->kind = 'n';
      return family;
    default:
      return family;
  }
  u8 l4 = l4_of(sock);
  event->l4 = l4;
  if (l4 == L4_RAW)
    return family; /* its "port" is the protocol */
  event->local_port = LOAD(sock, sock, __sk_common.skc_num);
  event->remote_port = bpf_ntohs(LOAD(sock, sock, __sk_common.skc_dport));
  return family;
}

struct unix_path {
  u8 text[UNIX_PATH_ROOM];
};

/* Ends a path at its NUL, unless it is abstract and begins with one. Returns its length. */
inline_always u64 end_unix_path(struct unix_path *path, u64 length) {
  if (!*(volatile u8 *)path->text)
    return length;
  long string = bpf_probe_read_kernel_str(path->text, UNIX_PATH_ROOM, path->text);
  return string > 0 && (u64)string <= length ? string - 1 : length;
}

/* Writes the path that a unix socket is bound to, or else its peer; of a client that of its peer alone, because it may
 * be bound to any path before it connects. Bytes as they are, an abstract one begins with a NUL. Returns its length; 0:
 * it has none. A global function, as put_path() is. */
__noinline u64 put_unix_path(struct unix_path *path, u64 sock, u32 role) {
  if (!path)
    return 0;
  u64 address = role == ROLE_CLIENT ? 0 : LOAD_WORD(unix_sock, sock, addr);
  if (!address)
    address = LOAD_WORD(unix_sock, LOAD_WORD(unix_sock, sock, peer), addr);
  u64 length = LOAD(unix_address, address, len);
  if (!address || length <= 2)
    return 0;
  length = (length - 2) & (UNIX_PATH_ROOM - 1);
  u64 from = address + bpf_core_field_offset(struct unix_address, name[0].sun_path);
  bpf_probe_read_kernel(path->text, length, (void *)from);
  return end_unix_path(path, length); /* a path in the file system has its NUL counted */
}

inline_always void append_unix_path(struct record *record, u64 sock, u32 role, u64 limit) {
  struct event_descriptor *event = (void *)record->header;
  u64 start = filled(record, limit);
  u64 length = put_unix_path((void *)event + start, sock, role);
  if (!length)
    return;
  event->resolved = (struct string_ref){start, length};
  fill(record, start + length);
}

/* Everything of the sock at an address. Role is a constant. */
inline_always void append_socket(struct record *record, u64 sock, u32 role, u64 limit) {
  struct event_descriptor *event = (void *)record->header;
  u32 family = describe_sock(event, sock);
  event->role = role == ROLE_BY_PORT ? role_by_port(event) : role;
  if (family == AF_UNIX)
    append_unix_path(record, sock, role, limit);
}

#endif
