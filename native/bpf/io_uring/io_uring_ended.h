/* Which kept request a completion belongs to, and whether a request has ended: as the kernel's memory of it shows. */

#ifndef WASPREY_IO_URING_ENDED_H
#define WASPREY_IO_URING_ENDED_H

#include "io_uring/io_uring_kept.h"

/* A completion, whichever tracepoint reports it. */
struct completion {
  u64 ring;
  u64 request; /* its address; 0: not known */
  u64 user_data;
  s32 result;
  u32 flags;
};

struct request_search {
  struct completion completion;
  u64 found; /* key; 0: none */
};

/* Whether that is still the request that was kept, and not a later one in the same memory. */
inline_always bool is_same_request(const struct passed_call *kept) {
  u64 request = kept->request;
  return request_type(LOAD(io_kiocb, request, opcode)) == kept->type &&
         LOAD_WORD(io_kiocb, request, ctx) == kept->ring &&
         LOAD_WORD(io_kiocb, request, cqe.user_data) == kept->user_data;
}

/* Whether the request has a copy of names that it frees when it ends. */
inline_always bool has_names(u64 request) {
  return LOAD_WORD(io_kiocb, request, flags) & REQUEST_NEEDS_CLEANUP;
}

/* Whether requests of the type have names while they are pending. */
inline_always bool is_by_name(u32 type) {
  return type != EVENT_CONNECT && type != EVENT_BIND && type != EVENT_SOCKET && type != EVENT_LISTEN &&
         type != EVENT_FTRUNCATE;
}

/* A completed accept has its result, and flags in place of its descriptor. */
inline_always bool is_accepted(const struct passed_call *kept) {
  u64 request = kept->request;
  return LOAD(io_kiocb, request, cqe.fd) != (s32)kept->passed[0] || LOAD(io_kiocb, request, cqe.res) != kept->result;
}

/* Whether a request has its result; before, there is in its place what an earlier request has left. */
inline_always bool may_have_ended(const struct passed_call *kept) {
  if (LOAD_WORD(io_kiocb, kept->request, flags) & REQUEST_FAILED)
    return true;
  if (kept->type == EVENT_ACCEPT4)
    return is_accepted(kept);
  return !is_by_name(kept->type) || !has_names(kept->request);
}

/* Whether a completion that names no request may be that of another one: of a connect nothing shows that it has not
 * ended. So it is kept, as reported, until its own completion comes. */
inline_always bool may_be_forged(const struct passed_call *kept, const struct completion *completion) {
  return !completion->request && kept->type == EVENT_CONNECT;
}

/* Several requests of a ring may have the same user_data, and so may completions of requests that are not kept. Then
 * the result decides, which the request has. */
static long match_request(void *map, u64 *key, struct passed_call *kept, struct request_search *search) {
  const struct completion *completion = &search->completion;
  bool matches = completion->request ? kept->request == completion->request
                                     : kept->ring == completion->ring && kept->user_data == completion->user_data &&
                                           is_same_request(kept) && may_have_ended(kept) &&
                                           LOAD(io_kiocb, kept->request, cqe.res) == completion->result;
  if (matches)
    search->found = *key;
  return matches;
}

#endif
