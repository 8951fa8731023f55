/* Room in the ring of a CPU: who may take it, so that a flood of events does not hide those of others.
 *
 * While the reader keeps up, a ring is nearly empty, and nothing is counted. Beyond a quarter an event is only written
 * if its process has at most twice as much in the ring as is still free, and its user four times as much as is free
 * above a reserve. So a process that floods leaves others a quarter of the ring: of the three quarters that are counted
 * it has two parts, and one is free. A user leaves the reserve and a seventh of the rest, two users a twelfth. As long
 * as an eighth is free, and more than the reserve, a process that has hardly any events there may write, whatever
 * others of its user have. What does not fit is counted as dropped, like an event that finds no room at all. In rings
 * of 256 KB, 95 of 200 attacks were lost beside two floods before; with these shares all of them have their alert
 * (test/live/pressure.test.ts). */

#ifndef WASPREY_RING_SHARE_H
#define WASPREY_RING_SHARE_H

#include "passed_call.h"
#include "lifecycle_share.h"

/* So many times what is free. */
#define MOST_OF_PROCESS 2
#define MOST_OF_USER 4

/* Hardly anything: some events. */
#define SMALL_SHARE 4096

/* Users with more leave this free: an event takes the room of the longest record before its length is known. A user
 * that floods is stopped before the reserve begins. At the reserve, everybody with some KB in the ring would be
 * refused. In rings of 256 KB 5 of 100 attacks were lost beside a flood by one process, and 50 beside 100 processes
 * with hardly any events each. So those may write until a sixteenth of the ring is left above the reserve. */
#define RING_RESERVE (2 * LONGEST_RECORD)
#define ABOVE_RESERVE(ring) (RING_RESERVE + (ring) / 16)

/* Bytes are counted in two of 64 cells each, by two hashes (count-min). A process or user is throttled if both of its
 * cells are over the limit. One flood throttles an unrelated process with probability 1/4,096. Many processes together
 * fill the cells of all processes. Then it is the limit of their user that leaves room free for others. The hashes
 * depend on a secret of this start, so that nobody knows whose cells they share. */
#define CELL_BITS 6
#define ROWS 2

enum share_holder { HOLDER_PROCESS, HOLDER_USER, HOLDERS };

/* Beside the holder: it is the one that has submitted the call in passed_calls, whose event another process makes. With
 * its events free of charge, a process and its child filled 8 MB by io_uring with 4 KB paths. */
#define OF_SUBMITTER 2
_Static_assert(OF_SUBMITTER == HOLDERS, "a bit of its own");

struct ring_cell {
  u64 end; /* position behind the last event that was counted: nothing is left when the reader has passed it */
  struct share share;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, (HOLDERS * ROWS) << CELL_BITS);
  __type(key, u32);
  __type(value, struct ring_cell);
} ring_shares SEC(".maps");

inline_always struct ring_cell *ring_cell(u32 holder, u32 row, u64 key) {
  u64 secret = row ? ring_secret << 32 | ring_secret >> 32 : ring_secret;
  u32 place = (holder * ROWS + row) << CELL_BITS | (key * (secret | 1)) >> (64 - CELL_BITS);
  return bpf_map_lookup_elem(&ring_shares, &place);
}

inline_always struct filling ring_filling(const struct ring_control *ring) {
  return (struct filling){*(volatile u64 *)&ring->tail, *(volatile u64 *)&ring->head};
}

inline_always bool is_crowded(const struct ring_control *ring) {
  struct filling filling = ring_filling(ring);
  return unlikely(filling.written - filling.read > ring_size / 4);
}

/* What is left to whom. */
enum left {
  LEFT_NOTHING,
  LEFT_SHARE,
  LEFT_ALWAYS, /* it has next to nothing in the ring, of which an eighth is free, and more than the reserve */
};

inline_always enum left left_with(u64 bytes, const struct filling *filling, u32 holder) {
  u64 free = ring_size - (filling->written - filling->read);
  if (bytes <= SMALL_SHARE)
    return free >= ring_size / 8 && free >= ABOVE_RESERVE(ring_size) ? LEFT_ALWAYS : LEFT_SHARE;
  if (holder == HOLDER_PROCESS)
    return bytes <= free * MOST_OF_PROCESS ? LEFT_SHARE : LEFT_NOTHING;
  return free >= RING_RESERVE && bytes <= (free - RING_RESERVE) * MOST_OF_USER ? LEFT_SHARE : LEFT_NOTHING;
}

inline_always u64 counted_bytes(struct ring_cell *cell, const struct filling *filling) {
  bool is_empty = !cell || filling->read >= *(volatile u64 *)&cell->end;
  return is_empty ? 0 : taken(&cell->share, filling);
}

inline_always void count_bytes(struct ring_cell *cell, const struct filling *filling, u64 size) {
  if (!cell)
    return;
  if (filling->read >= *(volatile u64 *)&cell->end)
    cell->share = (struct share){};
  taken(&cell->share, filling);
  take(&cell->share, size);
  *(volatile u64 *)&cell->end = filling->written;
}

/* By what a process, or its user, is known. */
inline_always u64 share_holder_key(u32 holder, bool of_submitter) {
  if (of_submitter) {
    struct passed_call *passed = passed_space();
    return !passed ? 0 : holder == HOLDER_USER ? passed->owner : passed->process;
  }
  struct task_struct *task = bpf_get_current_task_btf();
  if (holder == HOLDER_PROCESS)
    return (u32)task->tgid;
  struct process *process = bpf_task_storage_get(&images, task->group_leader, 0, 0);
  return process ? share_key(process->owner, process->cgroup) : 0;
}

/* What the current process, or its user, has left in the ring of this CPU (enum left); with a size, that many bytes are
 * counted as its. A global function, as put_path() is. It calls no other: the programs with most stack have 32 bytes
 * left for it. */
__noinline u32 share_of_ring(u32 of, u64 size) {
  u32 cpu = bpf_get_smp_processor_id();
  struct ring_control *ring = bpf_map_lookup_elem(&ring_control, &cpu);
  if (!ring)
    return LEFT_ALWAYS;
  u32 holder = of & HOLDER_USER;
  u64 key = share_holder_key(holder, of & OF_SUBMITTER);
  struct filling filling = ring_filling(ring);
  if (size) {
    count_bytes(ring_cell(holder, 0, key), &filling, size);
    count_bytes(ring_cell(holder, 1, key), &filling, size);
    return LEFT_ALWAYS;
  }
  u64 bytes = counted_bytes(ring_cell(holder, 0, key), &filling);
  u64 others = counted_bytes(ring_cell(holder, 1, key), &filling);
  return left_with(bytes < others ? bytes : others, &filling, holder);
}

/* Whether an event may be written into a crowded ring: of a process that has hardly any there it may, whatever others
 * of its user have, as long as enough is free. `of`: 0 for the current process, or OF_SUBMITTER. */
inline_always bool may_write(u32 of) {
  u32 left = share_of_ring(of | HOLDER_PROCESS, 0);
  return left == LEFT_ALWAYS || (left && share_of_ring(of | HOLDER_USER, 0));
}

#endif
