/* A network socket as standard input or output of a program: what a shell has that serves somebody else. */

#ifndef WASPREY_STREAM_H
#define WASPREY_STREAM_H

#include "socket.h"

/* Standard input and output. */
#define STREAMS 2

/* Appends the first stream that is a socket of IPv4 or IPv6, as a descriptor record. After an exec the process shares
 * its descriptors with no other: nobody can change them meanwhile. Not inlined, because the programs that call it are
 * large already. */
static __noinline void append_stream(struct draft *draft, struct task_struct *task) {
  for (u32 number = 0; number < STREAMS; number++) {
    u64 file = file_at(task, number);
    u64 sock = is_socket(file) ? sock_of(file) : 0;
    u32 family = sock ? LOAD(sock, sock, __sk_common.skc_family) : AF_UNSPEC;
    if (family != AF_INET && family != AF_INET6)
      continue;
    u64 start = (draft_filled(draft) + 7) & ~7ull;
    struct event_descriptor *stream = (void *)draft->space->bytes + start;
    __builtin_memset(stream, 0, sizeof(*stream));
    stream->header.fd = number;
    describe_sock(stream, sock);
    stream->role = role_by_port(stream);
    draft->space->image.stream = (struct string_ref){start, sizeof(*stream)};
    fill_draft(draft, start + sizeof(*stream));
    return;
  }
}

#endif
