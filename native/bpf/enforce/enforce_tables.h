/* Rules that the kernel enforces, as tables (host/capture/enforcement-tables.ts makes them). Each clause has a bit.
 * Tables of one fact have the clauses that it leaves; a test of a name or a peer has a bit too, and each clause says
 * which tests must hold and which must not. Unlike those of the kernel filter, they say exactly what matches. Included
 * by both sides, after their own definition of __u64 and friends. */

#ifndef WASPREY_ENFORCE_TABLES_H
#define WASPREY_ENFORCE_TABLES_H

#include "schema.h"

#define ENFORCE_CLAUSES 63
/* Beside clauses that are met: a name or the process is not known, so that others may be. */
#define ENFORCE_DOUBT ((__u64)1 << 63)
#define ENFORCE_OPEN_COMBINATIONS 256
#define ENFORCE_SOCKET_KINDS 8
#define ENFORCE_NETWORKS 256
#define ENFORCE_PORT_RANGES 256

/* Texts that tests are about. The last two are of the acting process: tests of them find what is never acted on. */
#define ENFORCE_PATH 0
#define ENFORCE_DIRECTORY 1
#define ENFORCE_RESOLVED 2
#define ENFORCE_EXECUTABLE 3
#define ENFORCE_NAME 4
#define ENFORCE_RUNNING 5      /* path of its executable */
#define ENFORCE_RUNNING_FILE 6 /* name of that file */
#define ENFORCE_TEXTS 7

/* The tests of what is never acted on: at all, and if it may run containers: on the host, or with CAP_SYS_ADMIN. */
#define ENFORCE_PROTECTED ((__u64)1 << 63)
#define ENFORCE_RUNTIME ((__u64)1 << 62)

/* States of two walks over a text, both from its end to its beginning, from two starts for each text. The one for equal
 * texts and endings ends in ENFORCE_DEAD once nothing can hold; that for beginnings goes on with what may still become
 * one. */
#define ENFORCE_STATES 8192
#define ENFORCE_CLASSES 128
#define ENFORCE_DEAD 0
#define ENFORCE_ENDINGS(text) (1 + 2 * (text))
#define ENFORCE_BEGINNINGS(text) (2 + 2 * (text))

struct enforce_state {
  __u64 passed; /* tests that hold once a walk comes by: of an ending */
  __u64 ended;  /* tests that hold if the text begins here: of an equal text, or of a beginning */
  __u16 next[ENFORCE_CLASSES];
};

/* What the process must be. */
#define ENFORCE_ANY_PROCESS 0
#define ENFORCE_CONTAINER 1
#define ENFORCE_HOST 2
#define ENFORCE_CANDIDATE 3
#define ENFORCE_PROCESS_KINDS 4

struct enforce_clause {
  __u64 names;    /* tests that must hold */
  __u64 no_names; /* tests that must not */
  __u64 peers;
  __u64 no_peers;
};

/* An address of IPv4 is one that is mapped into IPv6; `is_ipv4` distinguishes a network of those from one of IPv6. */
struct enforce_network {
  __u64 address[2]; /* in network order, as in memory */
  __u64 mask[2];
  __u64 tests;
  __u64 is_ipv4;
};

struct enforce_ports {
  __u64 from;
  __u64 to;
  __u64 tests;
};

/* The reader's data on a process image: by image id, modulo the number of entries. */
#define ENFORCE_PROCESSES 16384
struct enforce_process {
  __u64 image;   /* written last, and emptied first */
  __u64 clauses; /* those with ENFORCE_CANDIDATE whose rule has its bit in the image */
};

/* More than the reader's memory holds images, which take 1,280 bytes of its 256 MB or more: nobody takes the room of
 * others who may not take that of their images (image_shares.h). */
#define ENFORCE_IMAGES 262144

/* Key of the same for an image that has found its entry taken by one that lives: nobody leaves a process without its
 * clauses by having many others. */
#define ENFORCE_CROWD ENFORCE_IMAGES
struct enforce_crowded {
  __u64 image;
  __u64 serial; /* of the tables: in others the same bits are those of other clauses */
};

/* So many within that time, whenever it begins. */
struct enforce_limit {
  __u64 count; /* ENFORCE_MOST_COUNT at most */
  __u64 seconds;
};
#define ENFORCE_MOST_COUNT 0xffff

struct enforcement {
  __u64 types[EVENT_TYPE_COUNT];
  __u64 results[2]; /* succeeded, failed */
  __u64 opens[ENFORCE_OPEN_COMBINATIONS];
  __u64 sockets[ENFORCE_SOCKET_KINDS];
  __u64 of[ENFORCE_PROCESS_KINDS]; /* by what the process must be */
  __u64 kills;                     /* clauses whose process is killed; the others' calls are refused */
  __u64 named;                     /* clauses with tests of names */
  __u64 resolved;                  /* tests of ENFORCE_RESOLVED */
  __u64 directories;               /* tests of ENFORCE_DIRECTORY */
  __u64 early;        /* clauses on sockets that programs of the root cgroup decide, before the call has an effect */
  __u64 lsm;          /* clauses on opens and execs that programs of BPF LSM decide, before the call has an effect */
  __u64 observes;     /* 1: everything but the act itself */
  __u64 hosts;        /* 1: processes of the host may be acted on */
  __u64 permits;      /* 1: a container may be acted on only after the host has permitted it */
  __u64 agent;        /* thread group of the agent, in the root pid namespace */
  __u64 agent_cgroup; /* 0: the agent runs on the host */
  __u64 clauses_used;
  __u64 networks_used;
  __u64 ports_used;
  __u64 serial; /* number of the tables: see ENFORCED_SERIAL */
  __u64 zero;   /* 0, which the verifier does not know: see look_at_path() */
  struct enforce_limit node;
  struct enforce_limit container;
  struct enforce_clause clauses[ENFORCE_CLAUSES];
  struct enforce_network networks[ENFORCE_NETWORKS];
  struct enforce_ports ports[ENFORCE_PORT_RANGES];
  __u8 classes[256]; /* of bytes; those of class 0 are in no test */
  struct enforce_state states[ENFORCE_STATES];
  struct enforce_process processes[ENFORCE_PROCESSES];
};

/* What the host has said of a container. */
#define ENFORCE_NOT_PERMITTED 0 /* not known: see enforcement.permits */
#define ENFORCE_PERMITTED 1
#define ENFORCE_NEVER 2 /* it is never acted on */

/* Cgroups with processes. */
#define ENFORCE_CGROUPS ENFORCE_IMAGES

/* A cgroup, by its number: see cgroup_number(). */
struct enforce_cgroup {
  __u32 where;     /* ENFORCE_CONTAINER or ENFORCE_HOST */
  __u32 permitted; /* ENFORCE_PERMITTED and so on */
  __u64 container; /* number of the container, for its limit */
};

/* How often something was done, as one word, so that it can be changed at once: the second of the boot in which the
 * current window began (32 bits), how often in the window before (16 bits), and in this one (16 bits). */
typedef __u64 enforce_window;

/* An event's `reserved`: what was done (ENFORCED_ of schema.h), by which clause of which tables. */
#define ENFORCED_OUTCOME(reserved) ((reserved) & 15)
#define ENFORCED_CLAUSE(clause) ((__u32)((clause) & 63) << 4)
#define ENFORCED_SERIAL(serial) ((__u32)((serial) & 63) << 10)

/* By outcome (ENFORCED_ of schema.h), and the window of the node. The rest is written by the agent where enforcement is
 * pinned, for the one that takes it over. */
#define ENFORCE_OUTCOMES 16
struct enforce_counts {
  __u64 outcomes[ENFORCE_OUTCOMES];
  enforce_window node;
  __u64 attended[ENFORCE_OUTCOMES]; /* `outcomes` as long as an agent was there */
  __u64 attended_at;                /* when that was, in ns of the boot */
  __u64 never;                      /* digest of what no container may have that is acted on */
};

/* Layout of the maps that are pinned. To be counted up with any change of what is in them. */
#define ENFORCE_PINNED_LAYOUT 2

#endif
