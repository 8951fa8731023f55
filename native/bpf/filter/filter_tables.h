/* The kernel filter: the needs of rules, as tables. Each clause of a rule has a bit in the word of its family of
 * event types; each table has, for one fact of an event, the clauses that can still be satisfied. host/capture
 * makes the tables; their sizes and numbers are those of host/schema/kernel-filter.ts. Included by both sides, after
 * their own definition of __u64 and friends. */

#ifndef WASPREY_FILTER_TABLES_H
#define WASPREY_FILTER_TABLES_H

#include "schema.h"

#define FILTER_EVERY_CLAUSE (~(__u64)0)

/* A state of beginnings and endings of paths. */
struct filter_state {
  __u64 accepted; /* clauses that need no more than what led here */
  __u64 possible; /* those, and the clauses of all states behind it */
  __u16 next[FILTER_CLASSES];
};

/* The reader's data on a process image: by image id, modulo the number of entries. The reader fills it in after
 * it has read the image; until then everything passes. If another image has the entry, what `of_others` says. */
#define FILTER_NO_IMAGE (~(__u64)0) /* an entry that is free, but images that live have found it taken */
struct filter_process {
  __u64 image; /* written last, and emptied first */
  __u64 clauses[FILTER_FAMILIES];
  __u64 pad[3];
};

struct filter {
  /* No other tables have had it since the programs were loaded, nor these before they were last checked. */
  __u64 serial;
  __u64 types[EVENT_TYPE_COUNT];
  __u64 results[FILTER_FAMILIES][2]; /* succeeded, failed */
  __u64 opens[FILTER_OPEN_COMBINATIONS];
  __u64 sockets[FILTER_SOCKET_KINDS];
  __u64 any_path;        /* clauses that need no certain path */
  __u64 top_level;       /* those that a file right below the root directory will do for */
  __u64 ordinary_memory; /* those that need no executable mapping of a file in memory */
  __u64 of_others;       /* those of processes whose entry another has */
  __u64 zero;
  __u8 classes[256]; /* of bytes */
  struct filter_state states[FILTER_STATES];
  struct filter_process processes[FILTER_PROCESSES];
};

#endif
