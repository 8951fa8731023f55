/* Room in the ring of a CPU: who may take it, so that a flood of events does not hide those of others.
 *
 * While the reader keeps up, a ring is nearly empty, and nothing is counted. Beyond a quarter an event is only written
 * if its process has at most twice as much in the ring as is still free, and its user four times as much. So a process
 * that floods leaves a quarter of the ring to others, a user a seventh, two users a twelfth. What does not fit is
 * counted as dropped, like an event that finds no room at all. In rings of 256 KB, 95 of 200 attacks were lost beside
 * two floods before; with these shares all of them have their alert (test/live/pressure.test.ts). */

#ifndef WASPREY_RING_SHARE_H
#define WASPREY_RING_SHARE_H

#include "share.h"

/* In quarters of what is free. */
#define MOST_OF_PROCESS 8
#define MOST_OF_USER 16

/* Places for processes, and as many for users. A number finds its place by the secret of this start, so that nobody can
 * choose whose place to share. Who comes to a place of another begins with nothing; so does a flood when it comes back,
 * and its user's share holds it meanwhile. */
#define SHARE_BITS 6
#define SHARE_PLACES (1 << SHARE_BITS)

struct ring_share {
  u64 key;
  struct share share;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 2 * SHARE_PLACES);
  __type(key, u32);
  __type(value, struct ring_share);
} ring_shares SEC(".maps");

inline_always struct share *ring_share(u64 key, u32 first) {
  u32 place = first + (((key ^ ring_secret) * 0x9e3779b97f4a7c15ull) >> (64 - SHARE_BITS));
  struct ring_share *found = bpf_map_lookup_elem(&ring_shares, &place);
  if (!found)
    return 0;
  if (found->key != key)
    *found = (struct ring_share){key};
  return &found->share;
}

/* Of a process, by its leader. */
inline_always struct share *ring_share_of_process(u64 leader) {
  return ring_share((u32)LOAD(task_struct, leader, tgid), 0);
}

inline_always struct share *ring_share_of_user(u64 leader) {
  return ring_share(share_key_of((void *)leader), SHARE_PLACES);
}

inline_always struct filling ring_filling(const struct ring_control *ring) {
  return (struct filling){*(volatile u64 *)&ring->tail, *(volatile u64 *)&ring->head};
}

inline_always bool is_crowded(const struct filling *filling) {
  return unlikely(filling->written - filling->read > ring_size / 4);
}

/* Whether the process of that leader may write an event into a crowded ring. A global function, as put_path() is: the
 * leader is a number. */
__noinline u32 may_take_of_ring(u64 leader, u64 read, u64 written) {
  const struct filling filling = {read, written};
  u64 used = written - read;
  u64 free = used < ring_size ? ring_size - used : 0;
  return is_modest(ring_share_of_process(leader), &filling, free, MOST_OF_PROCESS) &&
         is_modest(ring_share_of_user(leader), &filling, free, MOST_OF_USER);
}

/* Counts the bytes of an event in a crowded ring as the current process's. */
__noinline u32 take_of_ring(u64 read, u64 written, u64 size) {
  const struct filling filling = {read, written};
  u64 leader = leader_of((void *)bpf_get_current_task());
  struct share *process = ring_share_of_process(leader), *user = ring_share_of_user(leader);
  if (process)
    taken(process, &filling);
  if (user)
    taken(user, &filling);
  take(process, size);
  take(user, size);
  return 0;
}

#endif
