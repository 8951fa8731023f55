/* A network socket as standard input or output of a program: what a shell has that serves somebody else. */

#ifndef WASPREY_STREAM_H
#define WASPREY_STREAM_H

#include "socket.h"

/* Standard input and output. */
#define STREAMS 2

/* Appends the first stream of the draft's task that is a socket of IPv4 or IPv6, as a descriptor record. After an
 * exec the process shares its descriptors with no other: nobody can change them meanwhile. A global function, as
 * put_path() is. */
__noinline u32 put_stream(struct draft_space *space) {
  struct draft draft = {.space = space};
  if (!space)
    return 0;
  for (u32 number = 0; number < STREAMS; number++) {
    u64 file = file_at((struct task_struct *)space->task, number);
    u64 sock = is_socket(file) ? sock_of(file) : 0;
    u32 family = sock ? LOAD(sock, sock, __sk_common.skc_family) : AF_UNSPEC;
    if (family != AF_INET && family != AF_INET6)
      continue;
    u64 start = (draft_filled(&draft) + 7) & ~7ull;
    struct event_descriptor *stream = (void *)space->bytes + start;
    __builtin_memset(stream, 0, sizeof(*stream));
    stream->header.fd = number;
    describe_sock(stream, sock);
    stream->role = role_by_port(stream);
    space->image.stream = (struct string_ref){start, sizeof(*stream)};
    fill_draft(&draft, start + sizeof(*stream));
    break;
  }
  return 0;
}

inline_always void append_stream(struct draft *draft) {
  put_stream(draft->space);
}

#endif
