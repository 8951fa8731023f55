/* Rules that the kernel enforces: beside their tables (struct enforcement, described in
 * host/schema/tables/enforcement-tables.ts and made by host/capture/enforcement-tables.ts) what programs and the addon
 * tell each other. Unlike the tables of the kernel filter, they say exactly what matches. Included by both sides, after
 * their own definition of __u64 and friends. */

#ifndef WASPREY_ENFORCE_TABLES_H
#define WASPREY_ENFORCE_TABLES_H

#include "schema.h"

/* Beside clauses that are met: a name or the process is not known, so that others may be. */
#define ENFORCE_DOUBT ((__u64)1 << 63)

/* States of two walks over a text, both from its end to its beginning, from two starts for each text. The one for equal
 * texts and endings ends in ENFORCE_DEAD once nothing can hold; that for beginnings goes on with what may still become
 * one. */
#define ENFORCE_ENDINGS(text) (1 + 2 * (text))
#define ENFORCE_BEGINNINGS(text) (2 + 2 * (text))

/* More than the reader's memory holds images, which take 1,280 bytes of its 256 MB or more: nobody takes the room of
 * others who may not take that of their images (image_shares.h). */
#define ENFORCE_IMAGES 262144

/* Key of the clauses of an image that has found its entry of `processes` taken by one that lives: nobody leaves a
 * process without its clauses by having many others. */
#define ENFORCE_CROWD ENFORCE_IMAGES
struct enforce_crowded {
  __u64 image;
  __u64 serial; /* of the tables: in others the same bits are those of other clauses */
};

/* Cgroups with processes. */
#define ENFORCE_CGROUPS ENFORCE_IMAGES

/* A cgroup, by its number: see cgroup_number(). */
struct enforce_cgroup {
  __u32 where;     /* ENFORCE_CONTAINER or ENFORCE_HOST */
  __u32 permitted; /* ENFORCE_PERMIT_ of schema.h */
  __u64 container; /* number of the container, for its limit */
};

/* How often something was done, as one word, so that it can be changed at once: the second of the boot in which the
 * current window began (32 bits), how often in the window before (16 bits), and in this one (16 bits). */
typedef __u64 enforce_window;

/* An event's `reserved`: what was done (ENFORCED_ of schema.h), by which clause of which tables. */
#define ENFORCED_OUTCOME(reserved) ((reserved) & ENFORCED_OUTCOME_MASK)
#define ENFORCED_CLAUSE(clause) ((__u32)((clause) & ENFORCED_CLAUSE_MASK) << ENFORCED_CLAUSE_SHIFT)
#define ENFORCED_SERIAL(serial) ((__u32)((serial) & ENFORCED_SERIAL_MASK) << ENFORCED_SERIAL_SHIFT)

/* By outcome (ENFORCED_ of schema.h), and the window of the node. The rest is written by the agent where enforcement is
 * pinned, for the one that takes it over. */
#define ENFORCE_OUTCOMES 16
struct enforce_counts {
  __u64 outcomes[ENFORCE_OUTCOMES];
  enforce_window node;
  __u64 attended[ENFORCE_OUTCOMES]; /* `outcomes` as long as an agent was there */
  __u64 attended_at;                /* when that was, in ns of the boot */
  __u64 never;                      /* digest of the settings that exclude containers */
};

/* Layout of the maps that are pinned. Increment it with any change of what they hold. */
#define ENFORCE_PINNED_LAYOUT 2

#endif
