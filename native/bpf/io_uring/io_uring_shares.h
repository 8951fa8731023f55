/* How much of the room for requests each owner may have. */

#ifndef WASPREY_IO_URING_SHARES_H
#define WASPREY_IO_URING_SHARES_H

#include "io_uring/io_uring_kept.h"

#define OWNERS 1021 /* a prime number: users and cgroups differ in their highest bit alone */

/* How many of these requests an owner has, by a hash of who it is; behind them, how many there are. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, OWNERS + 1);
  __type(key, u32);
  __type(value, u64);
} request_shares SEC(".maps");

inline_always u64 *request_share(u32 place) {
  return bpf_map_lookup_elem(&request_shares, &place);
}

inline_always void count_request(u64 owner, s64 change) {
  u64 *own = request_share(owner % OWNERS), *all = request_share(OWNERS);
  if (!own || !all)
    return;
  __sync_fetch_and_add(own, change);
  __sync_fetch_and_add(all, change);
}

/* Whether the owner of a request has less room than is free: one that takes a lot leaves the others a share, as in
 * share.h. Nothing is held back while there is plenty. */
inline_always bool may_keep(const struct passed_call *passed) {
  u64 *own = request_share(passed->owner % OWNERS), *all = request_share(OWNERS);
  if (!own || !all)
    return true;
  u64 taken = *(volatile u64 *)all;
  /* Signed: a request may be taken out before it is counted. */
  return taken < REQUESTS / 8 || (s64)(*(volatile u64 *)own + taken) < REQUESTS;
}

#endif
