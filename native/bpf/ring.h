/* Definitions shared by the BPF programs and the addon besides the schema: the control words of the event rings
 * and of the capture as a whole. Included by both sides, after their own definition of __u64 and friends. */

#ifndef WASPREY_RING_H
#define WASPREY_RING_H

#include "schema.h"

/* Longest text of one string of a record, the terminating NUL not counted (PATH_MAX - 1). */
#define LONGEST_TEXT 4095

/* Bytes of the ring of lifecycle records, a power of two. */
#define LIFECYCLE_BYTES (8 << 20)

/* One per CPU. Positions are in bytes since the start and only grow; ring offset = position & (ring_size - 1). */
struct ring_control {
  __u64 head;         /* where the next record is reserved; moved by BPF */
  __u64 tail;         /* where the reader is; moved by the addon */
  __u64 sequence;     /* events that wanted a record: in the ring or dropped */
  __u64 last_process; /* BPF's own: the process last seen on this CPU, its image, and what makes them valid */
  __u64 last_image;
  __u64 last_generation;
  __u64 last_check;
  __u64 snapshot_tried; /* BPF's own too: thread whose call goes on after an attempt to make an image; 0: none */
  __u64 dropped[EVENT_TYPE_COUNT];
  __u64 filtered[EVENT_TYPE_COUNT];
  __u64 forked;                 /* BPF's own: image of the task that is being forked; 0: none */
} __attribute__((aligned(64))); /* CPUs share no cache line */

#define WANTED_WORDS 2
_Static_assert(EVENT_TYPE_COUNT <= 64 * WANTED_WORDS, "a bit for each event type");

/* What to do at the return of a system call. All zeros, as for most: nothing. */
struct call_hook {
  __u8 type;   /* event that the call is reported as; 0: none */
  __u8 slot;   /* program that reports it (hooks.h); 0: none */
  __u8 change; /* what it may have changed in its process; 0: nothing */
  __u8 pad;
};

/* Numbers of system calls that the table has room for; the kernel's have come to 470 (6.18). */
#define CALLS 512

/* One for all CPUs. */
struct capture_shared {
  __u32 consumer_waiting;        /* 1: the addon sleeps (or is about to) and wants the doorbell */
  __u32 finished;                /* 1: no further event is made; what is under way is still committed */
  __u64 clock_offset;            /* ns to add to the boot clock for wall time, refreshed by the addon */
  __u64 next_image;              /* last image id given */
  __u64 images_lost;             /* lifecycle records not sent: no room but that of others, too long a wait, no state */
  __u64 generation;              /* counts the changes of any process's image id */
  __u64 wanted[WANTED_WORDS];    /* bit n: events of type n are wanted; checked for calls that arrive another way */
  struct call_hook calls[CALLS]; /* by number of the native system call; each written as one word */
  __u64 silent_requests;         /* of io_uring, pending, that will complete silently: see io_uring_pending.h */
  __u64 silent_serial;           /* of the last such request */
  __u64 kept_opens;              /* of io_uring, pending, that will complete otherwise */
  __u64 unkept_opens;            /* of io_uring, that there was no room to keep, since the start */
  __u64 rules;                   /* counts the changes of what is captured: peers that were known before are news */
  __u64 reader;                  /* thread that reads events, in the root pid namespace; see tell_reader */
  __u64 reader_process;          /* its process */
  __u64 snapshot_left;           /* tasks that the snapshot takes yet before it waits for the reader */
};

#endif
