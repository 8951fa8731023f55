/* What is known of a call that is no native system call, until its event is made. */

#ifndef WASPREY_PASSED_CALL_H
#define WASPREY_PASSED_CALL_H

#include "maps.h"

/* Number of an unknown descriptor: no process has one so large. */
#define UNKNOWN_FD 0x7fffffff

#define SETTLE_SILENT 1
#define SETTLE_KEPT 2           /* others */
#define SETTLE_SUBMITTED 4      /* `request` was submitted just now: it has not begun */
#define SERIAL_REPORTED (~0ull) /* the request has its event already; it has not completed */

/* Strings and socket addresses that the kernel has copied itself; they may be gone when the result is known. */
#define PASSED_TEXTS 2
#define PASSED_TEXT_ROOM (LONGEST_TEXT + 1)

struct passed_call {
  u64 image; /* of the process */
  u64 passed[6];
  s64 result;
  u64 file; /* io_uring: address of the file that the request made or worked on; 0: none, or not known */
  s32 fd;   /* io_uring: its number, or its index among the ring's own files */
  u32 tid;
  u32 type;
  u32 way;
  u32 flags;          /* EVENT_FLAG bits */
  u32 settle;         /* io_uring: SETTLE_ bits: the requests that are looked at next (SLOT_SETTLE); 0: none */
  u64 ring;           /* io_uring: address of its context */
  u64 user_data;      /* io_uring: what the process calls the request */
  u64 request;        /* io_uring: its address */
  u64 serial;         /* io_uring: key of a request that completes silently; SERIAL_REPORTED; 0: none */
  u64 name;           /* io_uring: address of the struct filename by which an open was submitted */
  u64 owner;          /* io_uring: whose room it takes, as share_key() */
  u64 replacer;       /* io_uring: address of a later request that may replace the file in its slot; 0: none */
  u32 process;        /* io_uring: thread group that submitted it */
  u32 replacer_opens; /* io_uring: 1: the replacer opens a file, by a name that it has until then */
  u32 enforced;       /* what enforcement did: count_enforced(); 0: nothing */
  u32 submitted;      /* io_uring: 1: it was submitted just now, and has not begun */
  u32 overwritten;    /* 32-bit: 1: its arguments lie in memory that the call has changed, so they may be others */
  u8 texts[PASSED_TEXTS][PASSED_TEXT_ROOM];
};

/* Buffer for a call, one for each CPU: programs are not preempted (see on_trace_events in maps.h), and no
 * interrupt makes such calls. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct passed_call);
} passed_calls SEC(".maps");

inline_always struct passed_call *passed_space(void) {
  u32 zero = 0;
  return bpf_map_lookup_elem(&passed_calls, &zero);
}

#endif
