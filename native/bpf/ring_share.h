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

inline_always struct filling ring_filling(const struct ring_control *ring) {
  return (struct filling){*(volatile u64 *)&ring->tail, *(volatile u64 *)&ring->head};
}

inline_always bool is_crowded(const struct ring_control *ring) {
  struct filling filling = ring_filling(ring);
  return unlikely(filling.written - filling.read > ring_size / 4);
}

/* Whether what a key stands for has a share left in a ring; with a size, that many bytes are counted as its. */
inline_always bool share_of_ring(u64 key, u32 first, u64 most, const struct filling *filling, u64 size) {
  u32 place = first + (((key ^ ring_secret) * 0x9e3779b97f4a7c15ull) >> (64 - SHARE_BITS));
  struct ring_share *found = bpf_map_lookup_elem(&ring_shares, &place);
  if (!found)
    return true;
  if (found->key != key)
    *found = (struct ring_share){key};
  if (!size)
    return is_modest(&found->share, filling, ring_size - (filling->written - filling->read), most);
  taken(&found->share, filling);
  take(&found->share, size);
  return true;
}

/* The same for the current process and its user, in the ring of this CPU. A global function, as put_path() is. It calls
 * no other: the programs with most stack have 32 bytes left for it. */
__noinline u32 shares_of_ring(u64 size) {
  struct task_struct *task = bpf_get_current_task_btf();
  u32 cpu = bpf_get_smp_processor_id();
  struct ring_control *ring = bpf_map_lookup_elem(&ring_control, &cpu);
  if (!ring)
    return true;
  struct filling filling = ring_filling(ring);
  struct process *process = bpf_task_storage_get(&images, task->group_leader, 0, 0);
  u64 user = process ? share_key(process->owner, process->cgroup) : 0;
  return share_of_ring((u32)task->tgid, 0, MOST_OF_PROCESS, &filling, size) &&
         share_of_ring(user, SHARE_PLACES, MOST_OF_USER, &filling, size);
}

#endif
