/* What the events of socket calls and of messages have in common: the address that was passed, data, the remote end. */

#ifndef WASPREY_NETWORK_H
#define WASPREY_NETWORK_H

#include "connecting.h"
#include "filter/filter.h"

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

/* Writes the path of a unix address as passed: up to its NUL, or all of it when it is abstract and begins with one.
 * Returns its length; 0: there is none. A global function, as put_path() is. */
__noinline u64 put_passed_path(struct unix_path *to, u64 address, u32 length, u32 way) {
  const struct call call = {.way = way};
  u64 size = length - offsetof(struct sockaddr_un, sun_path), path = address + offsetof(struct sockaddr_un, sun_path);
  if (!to || size == 0 || size > LONGEST_UNIX_PATH)
    return 0;
  opaque(size); /* or clang leaves out the masks, which 6.1 needs: it may have compared another register */
  if (read_memory(&call, to->text, size & (UNIX_PATH_ROOM - 1), path))
    return 0;
  opaque(size);
  to->text[size & (UNIX_PATH_ROOM - 1)] = 0;
  return end_unix_path(to, size);
}

inline_always void append_passed_path(struct record *record, const struct call *call, u64 address, u32 length) {
  struct event_network *event = (void *)record->header;
  u64 start = filled(record, NETWORK_PASSED_LIMIT);
  u64 size = put_passed_path((void *)event + start, address, length, call->way);
  if (!size)
    return;
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
      bpf_probe_read_user((void *)event + start, length, untagged(address)))
    return;
  event->data = (struct string_ref){start, length};
  fill(record, start + length);
}

/* Writes the remote end over what the sock has. A global function, as put_path() is. */
__noinline u32 put_remote(struct event_network *event, u64 high, u64 low, u32 port) {
  struct ipv6 local, remote = {high, low};
  if (!event)
    return 0;
  if (event->kind == '6') {
    __builtin_memcpy(&local, event->local_address, sizeof(local));
    put_ipv6((void *)event, local, remote);
  } else if (event->kind == '4' && is_mapped(remote)) {
    *(u32 *)event->remote_address = ipv4_of(remote);
  } else {
    return 0; /* not an address that such a socket takes */
  }
  event->remote_port = event->l4 == L4_RAW ? 0 : port;
  return 0;
}

inline_always void set_remote(struct event_network *event, struct ipv6 remote, u32 port) {
  put_remote(event, remote.high, remote.low, port);
}

inline_always bool is_ip(const union passed *passed) {
  return passed->family == AF_INET || passed->family == AF_INET6;
}

/* An IP address as passed; of IPv4 as mapped. */
inline_always struct ipv6 passed_ipv6(const union passed *passed) {
  if (passed->family == AF_INET)
    return mapped_ipv4(passed->ipv4.sin_addr.s_addr);
  return (struct ipv6){passed->words[1], passed->words[2]};
}

/* The passed address as the remote end, if it is one of IP. */
inline_always void set_passed(struct event_network *event, const union passed *passed) {
  if (is_ip(passed))
    set_remote(event, passed_ipv6(passed), event->passed_port);
}

inline_always bool has_remote(const struct event_network *event) {
  const u64 *address = (const u64 *)event->remote_address;
  return event->remote_port || address[0] || address[1];
}

#endif
