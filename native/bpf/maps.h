/* The maps, whose names the addon uses, and the constants it sets before loading. */

#ifndef WASPREY_MAPS_H
#define WASPREY_MAPS_H

#include "kernel.h"
#include "ring.h"
#include "hooks.h"

/* Set by the addon before the object is loaded; constants for the verifier, which removes dead code. */
const volatile u64 ring_size = 1 << 20; /* bytes, a power of two */
const volatile u64 ring_secret = 0;     /* random, new for each start */
const volatile u64 page_kb = 4;         /* size of a page of memory: 4, on arm64 also 16 or 64 */

/* 1: the programs are attached to trace events, which pass their arguments as a record (call.h, io_uring.bpf.c); 0: to
 * raw tracepoints, which pass them as words. From 7.0 on the kernel runs programs on raw tracepoints preemptibly. While
 * one is preempted, it skips the same program for other processes on that CPU, and their calls are lost: 1,868 beside
 * 13,296 events of six loops of cat. Programs on trace events run with preemption off. They cost more, so older kernels
 * use raw tracepoints. Either way none of them is preempted: what is kept for each CPU relies on that. Programs of
 * cgroups and of BPF LSM may be, by each other and by these (enforce_names.h). */
const volatile u64 on_trace_events = 0;

/* 1: on_call() is attached to the exits (fexit) of the functions of those calls that are needed, and nothing to the
 * tracepoint of all calls, so that other calls cost nothing. Each function has a copy of it, and the programs that it
 * goes to are loaded for these functions: see native/src/loading/call_exits.h. Only on raw tracepoints. */
const volatile u64 on_exits = 0;

/* Whether the return of a new task from the clone that made it passes no hook of calls: with fexit it is no exit of a
 * function, and on arm64 it passes no tracepoint. Its event is made with its parent's then (on_fork_success()). */
#if defined(__TARGET_ARCH_arm64)
#define CHILD_RETURN_UNSEEN 1
#else
#define CHILD_RETURN_UNSEEN on_exits
#endif

/* Return value of the programs on tracepoints. If a program returned 0, the kernel would hide the trace event from
 * all users of perf (trace_call_bpf()). Raw tracepoints ignore the value; a program on an exit must return 0. */
#define PASS_ON (on_exits ? 0 : 1)

/* An estimate of the bytes that somebody's records take in the lifecycle ring (lifecycle_share.h). */
struct share {
  u64 mark;   /* position in the ring up to which `before` counts */
  u64 before; /* bytes of records written up to the mark; they are gone when the reader has passed it */
  u64 since;  /* bytes of records written after it */
};

/* Changes of a process within this time after one that was sent at once are sent together: when an event or a fork
 * needs the image. */
#define CHANGES_APART_NS 10000000

/* State of a process between two of its lifecycle records. Stored on the group leader; a thread that is apart from it
 * has one of its own (thread_images.h). */
struct process {
  u64 exec_time; /* as in its images. First: the addon reads it, to tell one program of a process from another */
  u64 id;        /* of its current image; 0: none */
  u64 parent;    /* image its parent had when it forked; 0: not known */
  u64 cgroup;    /* id of the cgroup that image names */
  u64 cap_inheritable;
  u64 cap_permitted;
  u64 cap_effective;
  u64 comm[2]; /* as its program was called when it was run, whatever it calls itself since (PR_SET_NAME) */
  u32 uid;
  u32 gid;
  u32 pgid;
  u32 sid;
  u32 changed;    /* its image is out of date: the next event or fork makes a new one */
  u32 in_change;  /* a thread is making it */
  u32 watched;    /* its image may not be that of all its threads, or others may change it: see thread_images.h */
  u32 of_thread;  /* this is the state of a single thread */
  u32 borrowed;   /* of a thread that no image was made of yet: `id` is that of its process */
  u32 unread;     /* the texts of its program were not readable from outside: it is to read them itself */
  u64 place;      /* directories of that image, as a number to compare */
  u64 changed_at; /* boot time of the last change that was sent at once */
  struct share share;
  u32 owner; /* as in its image: whose share of a ring its events take besides its own */
  u32 ended; /* its exit record is written */
};

/* Values are rings: the addon sets value_size to the ring's stride and max_entries to the number of possible CPUs. The
 * size given here is for objects loaded without. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(key_size, sizeof(u32));
  __uint(value_size, (1 << 20) + LONGEST_RECORD);
  __uint(max_entries, 1);
} rings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, u32);
  __type(value, struct ring_control);
  __uint(max_entries, 1);
} ring_control SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, u32);
  __type(value, struct capture_shared);
  __uint(max_entries, 1);
} control SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, LIFECYCLE_BYTES);
} lifecycle SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} doorbell SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct process);
} images SEC(".maps");

/* Image ids of multi-threaded processes whose leader ended first: exec by another thread makes that thread the leader,
 * and the storage on the old leader is gone by then. By tgid. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1024);
  __type(key, u32);
  __type(value, u64);
} orphaned_images SEC(".maps");

/* Where lifecycle records with strings are built: a ringbuf reservation can't shrink. Some a CPU, since one program may
 * be preempted by another; `busy` says which are free. Strings begin where the annex does in the addon's images. */
#define DRAFT_SPACES 3
struct draft_space {
  u64 busy;
  u64 task; /* address of the one that is described: a number, which global functions take */
  union {
    struct image image;
    u8 bytes[LONGEST_IMAGE];
  };
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, DRAFT_SPACES);
  __type(key, u32);
  __type(value, struct draft_space);
} draft_spaces SEC(".maps");

/* Programs to go to by tail call; hooks.h has the keys. Filled by the addon. */
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, SLOT_COUNT);
  __type(key, u32);
  __type(value, u32);
} programs SEC(".maps");

inline_always struct capture_shared *capture(void) {
  u32 zero = 0;
  return bpf_map_lookup_elem(&control, &zero);
}

inline_always u64 wall_time(const struct capture_shared *capture) {
  return bpf_ktime_get_boot_ns() + capture->clock_offset;
}

/* Whether any rule needs events of that type. */
inline_always bool is_wanted(const struct capture_shared *capture, u32 type) {
  return *(volatile u64 *)&capture->wanted[type / 64 % WANTED_WORDS] >> (type % 64) & 1;
}

/* Wakes the addon if it waits. Only one program gets the 1; the others save the system call. */
inline_always void ring_doorbell(struct capture_shared *capture) {
  if (unlikely(*(volatile u32 *)&capture->consumer_waiting) &&
      __sync_lock_test_and_set(&capture->consumer_waiting, 0)) {
    u64 word = 1;
    bpf_ringbuf_output(&doorbell, &word, sizeof(word), BPF_RB_FORCE_WAKEUP);
  }
}

#endif
