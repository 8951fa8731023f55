/* Event records: reserving, committing, and appending strings to one under construction.
 *
 * A program reserves the longest record its type can have by moving the CPU's head, fills it in place, and gives back
 * what it did not need by moving the head again, unless another program reserved behind it meanwhile: from 6.13 on the
 * syscall tracepoints may be preempted. Both moves are compare-and-swap, so that each position is owned by one program.
 */

#ifndef WASPREY_RECORD_H
#define WASPREY_RECORD_H

#include "maps.h"
#include "path.h"

struct record {
  struct event_header *header; /* start of the record in the ring */
  struct ring_control *ring;
  struct capture_shared *capture;
  u64 position; /* of the record in its ring */
  u64 longest;  /* bytes reserved */
  u64 used;     /* bytes filled */
  u16 flags;    /* EVENT_FLAG bits found on the way */
};

/* How often a program tries to move the head while others, interrupting it, do the same. */
#define RESERVE_TRIES 4

/* Moves the head by `longest`; false when the ring has no room for that. */
inline_always bool take_room(struct ring_control *ring, u64 longest, u64 *position) {
  u64 head = *(volatile u64 *)&ring->head;
  for (int try = 0; try < RESERVE_TRIES; try++) {
    if (head + longest - *(volatile u64 *)&ring->tail > ring_size)
      return false;
    u64 seen = __sync_val_compare_and_swap(&ring->head, head, head + longest);
    if (seen == head) {
      *position = head;
      return true;
    }
    head = seen;
  }
  return false;
}

/* Reserves room for an event of that type and fills in all of its header but size, commit and result. `image` is the
 * id of the process. False when it was dropped, which is counted. */
inline_always bool reserve(struct record *record, u32 type, u64 longest, struct task_struct *task, u64 image,
                           s64 result) {
  u32 cpu = bpf_get_smp_processor_id();
  record->ring = bpf_map_lookup_elem(&ring_control, &cpu);
  void *ring = bpf_map_lookup_elem(&rings, &cpu);
  record->capture = capture();
  if (!record->ring || !ring || !record->capture)
    return false;
  u64 sequence = __sync_fetch_and_add(&record->ring->sequence, 1) + 1;
  if (unlikely(!take_room(record->ring, longest, &record->position))) {
    __sync_fetch_and_add(&record->ring->dropped[type], 1);
    return false;
  }
  record->longest = longest;
  struct event_header *header = ring + (record->position & (ring_size - 1));
  header->type = type;
  header->time = wall_time(record->capture);
  header->image = image;
  header->sequence = sequence;
  header->result = result;
  header->tid = task->pid;
  header->cpu = cpu;
  header->reserved = 0;
  header->image_address = 0;
  record->flags = task->pid == task->tgid ? 0 : EVENT_FLAG_THREAD;
  record->header = header;
  return true;
}

/* Gives back what was not used and says that the record is whole. The order matters: room, size, commit. x86 keeps
 * stores in order; elsewhere an exchange is BPF's only release. */
inline_always void commit(struct record *record) {
  struct event_header *header = record->header;
  u64 end = record->position + record->longest;
  u64 size = (record->used + 7) & ~7ull;
  if (__sync_val_compare_and_swap(&record->ring->head, end, record->position + size) != end)
    size = record->longest;
  header->size = size;
  header->flags = record->flags;
  barrier();
#if defined(__TARGET_ARCH_x86)
  *(volatile u64 *)&header->commit = record->position + ring_secret;
#else
  __sync_lock_test_and_set(&header->commit, record->position + ring_secret);
#endif
  ring_doorbell(record->capture);
}

#define ABSENT ((struct string_ref){0, 0})

/* Appends the string at an address of the current process. A string that can't be read is absent. */
inline_always struct string_ref append_user_text(struct record *record, const void *address, u64 limit) {
  LIMIT(record->used, limit);
  long length = address ? bpf_probe_read_user_str((void *)record->header + record->used, LONGEST_TEXT + 1, address) : 0;
  if (length <= 0)
    return ABSENT;
  struct string_ref text = {record->used, length - 1};
  if (length > LONGEST_TEXT)
    record->flags |= EVENT_FLAG_TRUNCATED;
  record->used += length;
  return text;
}

/* Appends the path of a `struct path` at an address, as the task sees it. *partial is set when it was cut. */
inline_always struct string_ref append_path(struct record *record, u64 path, struct task_struct *task, u64 limit,
                                            bool *partial) {
  LIMIT(record->used, limit);
  u64 result = put_path_of((void *)record->header + record->used - PATH_OVERLAP, path, task);
  struct string_ref text = {record->used + PATH_GAP + PATH_SKIP(result), PATH_LENGTH(result)};
  *partial = PATH_PARTIAL(result);
  record->used = text.offset + text.length;
  return text;
}

#endif
