/* Event records: reserving, committing, and appending strings to one under construction.
 *
 * A program reserves the longest record its type can have by moving the CPU's head, fills it in place, and returns
 * unused room by moving the head again, unless another program has reserved behind it meanwhile. Both moves are
 * compare-and-swap, so that each position is owned by one program. */

#ifndef WASPREY_RECORD_H
#define WASPREY_RECORD_H

#include "call.h"
#include "maps.h"
#include "path.h"
#include "ring_share.h"

struct record {
  struct event_header *header; /* start of the record in the ring */
  struct ring_control *ring;
  struct capture_shared *capture;
  u64 image;    /* id of the process's image; 0: none could be made */
  s64 result;   /* of the reported call */
  u64 position; /* of the record in its ring */
  u64 longest;  /* bytes reserved */
  u16 type;     /* of the event */
  u16 flags;    /* EVENT_FLAG bits found on the way */
  u16 of_other; /* the call is not one of the current process, whose directory it does not start from */
  u8 share;     /* whose room the record takes: 0: the current process's, or OF_SUBMITTER */
  u8 crowded;   /* its bytes are to be counted as the process's and the user's */
};

/* Finds the ring of this CPU. */
inline_always bool open_record(struct record *record) {
  u32 cpu = bpf_get_smp_processor_id();
  record->ring = bpf_map_lookup_elem(&ring_control, &cpu);
  record->capture = capture();
  record->of_other = record->share = 0;
  return record->ring && record->capture;
}

/* Bytes filled so far, at most `limit` (what the fixed part and the strings before can take). Kept in the record
 * itself: what comes from there is any number to the verifier, so that the ways by which a program gets here look
 * alike. */
inline_always u64 filled(struct record *record, u64 limit) {
  return BOUNDED(*(volatile u32 *)&record->header->size, sizeof(struct event_header), limit);
}

inline_always void fill(struct record *record, u64 size) {
  *(volatile u32 *)&record->header->size = size;
}

/* From memory too, so that the verifier does not go on for each type on its own. */
inline_always u32 event_type(struct record *record) {
  return *(volatile u16 *)&record->header->type;
}

/* Records begin at multiples of eight, which the verifier can't know of a position. The mask shows it: on arm64 it
 * refuses an atomic exchange of a word that may not be aligned (commit()). */
#define RECORD_ALIGNED (~7ull)

/* Attempts of a program to move the head while others, interrupting it, do the same. */
#define RESERVE_TRIES 4

/* No position: those are multiples of eight. */
#define NO_ROOM (~0ull)

/* Moves the head by `longest`, in so many attempts, a constant. Returns where the room begins, or NO_ROOM. */
inline_always u64 try_to_take_room(struct ring_control *ring, u64 longest, u32 tries) {
  u64 head = *(volatile u64 *)&ring->head;
  for (u32 try = 0; try < tries; try++) {
    if (head + longest - *(volatile u64 *)&ring->tail > ring_size)
      return NO_ROOM;
    u64 seen = __sync_val_compare_and_swap(&ring->head, head, head + longest);
    if (seen == head)
      return head;
    head = seen;
  }
  return NO_ROOM;
}

/* The attempts after the first, which are rare. A global function, as put_path() is. */
__noinline u64 take_room_again(struct ring_control *ring, u64 longest) {
  return ring ? try_to_take_room(ring, longest, RESERVE_TRIES - 1) : NO_ROOM;
}

/* Moves the head by `longest`; false when the ring has no room for that. */
inline_always bool take_room(struct ring_control *ring, u64 longest, u64 *position) {
  u64 head = *(volatile u64 *)&ring->head;
  if (head + longest - *(volatile u64 *)&ring->tail > ring_size)
    return false;
  if (unlikely(__sync_val_compare_and_swap(&ring->head, head, head + longest) != head))
    head = take_room_again(ring, longest);
  *position = head;
  return likely(head != NO_ROOM);
}

/* Reserves room for an event of that type and fills in its header but for size and commit; `fixed` bytes are the part
 * before the strings. False when it was dropped, which is counted. */
inline_always bool reserve_of(struct record *record, u64 type, s64 result, struct task_struct *task, u64 longest,
                              u64 fixed) {
  u32 cpu = bpf_get_smp_processor_id();
  void *ring = bpf_map_lookup_elem(&rings, &cpu);
  if (!ring || type >= EVENT_TYPE_COUNT || *(volatile u32 *)&record->capture->finished)
    return false;
  u64 sequence = __sync_fetch_and_add(&record->ring->sequence, 1) + 1;
  record->crowded = is_crowded(record->ring);
  if ((record->crowded && !may_write(record->share)) ||
      unlikely(!take_room(record->ring, longest, &record->position))) {
    __sync_fetch_and_add(&record->ring->dropped[BOUNDED(type, 0, EVENT_TYPE_COUNT - 1)], 1);
    return false;
  }
  struct event_header *header = ring + (record->position & (ring_size - 1) & RECORD_ALIGNED);
  record->header = header;
  record->longest = longest;
  record->flags = task->pid == task->tgid ? 0 : EVENT_FLAG_THREAD;
  fill(record, fixed);
  header->type = type;
  header->time = wall_time(record->capture);
  header->image = record->image;
  header->sequence = sequence;
  header->result = result;
  header->tid = task->pid;
  header->cpu = cpu;
  header->reserved = 0;
  header->image_address = 0;
  return true;
}

/* Counts an event as lost: it may be, or its file is. */
inline_always void count_unkept(u32 type) {
  u32 cpu = bpf_get_smp_processor_id();
  struct ring_control *ring = bpf_map_lookup_elem(&ring_control, &cpu);
  if (!ring || type >= EVENT_TYPE_COUNT)
    return;
  __sync_fetch_and_add(&ring->sequence, 1);
  __sync_fetch_and_add(&ring->dropped[type], 1);
}

/* The same for the event that begin() has begun. */
inline_always bool reserve(struct record *record, struct task_struct *task, u64 longest, u64 fixed) {
  return reserve_of(record, record->type, record->result, task, longest, fixed);
}

/* Returns unused room and commits the record. The order matters: room, size, commit, and only then whether the reader
 * waits, which the exchange keeps apart as no plain store would: a reader that has said that it waits, and finds no
 * record, gets a doorbell. It takes 6 ns. */
inline_always void commit(struct record *record) {
  struct event_header *header = record->header;
  u64 end = record->position + record->longest;
  u64 size = (header->size + 7ull) & ~7ull;
  if (__sync_val_compare_and_swap(&record->ring->head, end, record->position + size) != end)
    size = record->longest;
  header->size = size;
  header->flags = record->flags;
  if (unlikely(record->crowded)) {
    share_of_ring(record->share | HOLDER_PROCESS, size);
    share_of_ring(record->share | HOLDER_USER, size);
  }
  barrier();
  __sync_lock_test_and_set(&header->commit, record->position + ring_secret);
  ring_doorbell(record->capture);
}

/* A string that the event does not have. */
#define ABSENT ((struct string_ref){0, 0})

/* Appends a string argument of a call. An unreadable one is absent. */
inline_always struct string_ref append_text(struct record *record, const struct call *call, u64 address, u64 limit) {
  u64 start = filled(record, limit);
  void *text = (void *)record->header + start;
  long length = -1;
  if (address)
    length = call->way == WAY_IO_URING ? bpf_probe_read_kernel_str(text, LONGEST_TEXT + 1, (void *)address)
                                       : bpf_probe_read_user_str(text, LONGEST_TEXT + 1, (void *)address);
  if (length < 0)
    return ABSENT;
  length += !length; /* before 6.13 reads of an empty text of the user return 0, though they copy its NUL */
  if (length > LONGEST_TEXT)
    record->flags |= EVENT_FLAG_TRUNCATED;
  fill(record, start + length);
  return (struct string_ref){start, length - 1};
}

/* Counts a call that succeeded as lost if a path of it can't be read any more: another thread has taken the memory
 * away, so no rule on the path can match. */
inline_always void count_gone(const struct record *record, u64 address, struct string_ref path) {
  if (unlikely(address && !path.offset) && record->header->result >= 0)
    count_unkept(record->header->type);
}

/* Appends the path of a dentry on a mount, up to that root. *partial is set when it was cut. */
inline_always struct string_ref append_path_to(struct record *record, u64 dentry, u64 mnt, u64 root_dentry,
                                               u64 root_mnt, u64 limit, bool *partial) {
  u64 start = filled(record, limit);
  u64 result = put_path((void *)record->header + start - PATH_OVERLAP, dentry, mnt, root_dentry, root_mnt);
  struct string_ref text = {start, PATH_LENGTH(result)};
  *partial = PATH_PARTIAL(result);
  fill(record, text.offset + text.length);
  return text;
}

/* Appends the path of a `struct path` at an address, as the task sees it. */
inline_always struct string_ref append_path(struct record *record, u64 path, struct task_struct *task, u64 limit,
                                            bool *partial) {
  u64 fs = LOAD_WORD(task_struct, task, fs);
  return append_path_to(record, LOAD_WORD(path, path, dentry), LOAD_WORD(path, path, mnt),
                        LOAD_WORD(fs_struct, fs, root.dentry), LOAD_WORD(fs_struct, fs, root.mnt), limit, partial);
}

#endif
