/* The record of a call that is refused by a program of BPF LSM. No other program can report such a call as what it
 * would have been.
 *
 * The program may be preempted by other threads of the process, for as long as those like, and in a ring nothing is
 * read behind a record that is not committed. So the record is built in a draft, and put into the ring at once: with a
 * spin lock held, which keeps even interrupts off. bpf_preempt_disable() came only with 6.10, and without it no kernel
 * has another way: bpf_ringbuf_output() too may be preempted between its reservation and its commit. */

#ifndef WASPREY_ENFORCE_REFUSED_H
#define WASPREY_ENFORCE_REFUSED_H

#include "enforce/enforce_state.h"
#include "record.h"
#include "syscall.h"

/* The clauses that were met stand behind the fixed part of the record. */
#define MET_ROOM sizeof(u64)

struct bpf_spin_lock {
  u32 val;
};

struct enforce_draft {
  struct bpf_spin_lock lock; /* nobody else has the draft: for its effect on interrupts */
  u32 busy;
  u64 words[LONGEST_RECORD / sizeof(u64)];
};

/* A thread that is preempted keeps its own. If all are taken, the call is refused all the same, and its record is
 * counted as dropped. */
#define DRAFTS 64
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, DRAFTS);
  __type(key, u32);
  __type(value, struct enforce_draft);
} enforce_drafts SEC(".maps");

inline_always struct enforce_draft *take_draft(const struct task_struct *task) {
  for (u32 i = 0; i < DRAFTS; i++) {
    u32 index = (task->pid + i) % DRAFTS;
    struct enforce_draft *draft = bpf_map_lookup_elem(&enforce_drafts, &index);
    if (draft && !__sync_lock_test_and_set(&draft->busy, 1))
      return draft;
  }
  return 0;
}

/* Begins the record of a refused call; 0: there is none. */
inline_always struct enforce_draft *begin_refused(struct record *record, struct task_struct *task, u32 type,
                                                  u64 fixed) {
  if (!open_record(record) || *(volatile u32 *)&record->capture->finished)
    return 0;
  struct enforce_draft *draft = take_draft(task);
  if (!draft) {
    count_unkept(type);
    return 0;
  }
  struct known_image known = {};
  find_image(&known);
  struct event_header *header = (void *)draft->words;
  record->image = known.id;
  record->type = type;
  record->result = -EPERM;
  record->header = header;
  record->flags = task->pid == task->tgid ? 0 : EVENT_FLAG_THREAD;
  fill(record, fixed);
  header->type = type;
  header->time = wall_time(record->capture);
  header->image = record->image;
  header->result = record->result;
  header->tid = task->pid;
  header->cpu = bpf_get_smp_processor_id();
  header->image_address = 0;
  return draft;
}

/* Copied at a time: the verifier goes through each turn of the loop. */
#define COPIED_WORDS 8
#define COPIED_BYTES (COPIED_WORDS * sizeof(u64))
_Static_assert(LONGEST_RECORD % COPIED_BYTES == 0, "whole turns");

inline_always void copy_words(u64 *to, const u64 *from, u64 size) {
#pragma clang loop unroll(disable)
  for (u32 word = 0; word < LONGEST_RECORD / sizeof(u64); word += COPIED_WORDS) {
    if (word * sizeof(u64) >= size)
      break;
#pragma unroll
    for (u32 i = 0; i < COPIED_WORDS; i++)
      *(volatile u64 *)&to[word + i] = *(const volatile u64 *)&from[word + i];
  }
}

/* Puts the record into the ring of this CPU, as reserve_of() and commit() do, and gives the draft back. It takes room
 * of no share (ring_share.h): programs of security modules may not look at the storage of tasks. The doorbell is
 * left to the end of the call: a thread that is preempted while it rings would keep the reader awake. Where that end
 * makes no record (32-bit opens, execs whose failure no rule wants), the reader finds this one within its 50 ms. */
inline_always void publish(struct enforce_draft *draft, struct record *record) {
  u32 cpu = bpf_get_smp_processor_id();
  void *ring = bpf_map_lookup_elem(&rings, &cpu);
  u64 size = (filled(record, LONGEST_RECORD) + COPIED_BYTES - 1) & ~(COPIED_BYTES - 1);
  u64 type = BOUNDED(event_type(record), 0, EVENT_TYPE_COUNT - 1);
  record->header->sequence = __sync_fetch_and_add(&record->ring->sequence, 1) + 1;
  record->header->flags = record->flags;
  record->header->commit = 0;
  fill(record, size);
  bool fits = false;
  if (ring) {
    bpf_spin_lock(&draft->lock);
    /* take_room() calls a function, which a program that holds a lock may not. */
    record->position = try_to_take_room(record->ring, size, RESERVE_TRIES);
    fits = record->position != NO_ROOM;
    if (fits) {
      struct event_header *header = ring + (record->position & (ring_size - 1) & RECORD_ALIGNED);
      copy_words((void *)header, draft->words, size);
      barrier();
      __sync_lock_test_and_set(&header->commit, record->position + ring_secret);
    }
    bpf_spin_unlock(&draft->lock);
  }
  if (!fits)
    __sync_fetch_and_add(&record->ring->dropped[type], 1);
  __sync_lock_test_and_set(&draft->busy, 0);
}

#endif
