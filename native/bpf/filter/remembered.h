/* What the kernel filter has found out about names that were opened before, for each CPU. A name is compared whole, and
 * a verdict counts for the tables that it was made from alone, so that it is always what the tables would say again.
 * Programs on tracepoints are not preempted (maps.h), so an entry is never seen half written. */

#ifndef WASPREY_REMEMBERED_H
#define WASPREY_REMEMBERED_H

#include "filter/filter.h"

/* Longest name that is remembered, in words. */
#define REMEMBERED_WORDS 12
#define REMEMBERED_NAMES 256

struct remembered_name {
  u64 serial; /* of the tables; 0: none, the entry is empty */
  u64 clauses;
  u64 words[REMEMBERED_WORDS]; /* zeros behind the name */
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, REMEMBERED_NAMES);
  __type(key, u32);
  __type(value, struct remembered_name);
} remembered_passed SEC(".maps"), remembered_resolved SEC(".maps");

/* Where a name has its entry, and whether it is there. The number of words is a constant: a branch for each of them
 * would be a state to the verifier. */
inline_always struct remembered_name *remembered_entry(void *map, const u64 *words, u32 count) {
  u64 hash = 0;
#pragma unroll
  for (u32 i = 0; i < count; i++)
    hash += words[i] * (0x9e3779b97f4a7c15 * (2 * i + 1)); /* none of the products waits for another */
  u32 index = hash >> 56;
  return bpf_map_lookup_elem(map, &index);
}
_Static_assert(REMEMBERED_NAMES == 1 << 8, "the upper bits of the hash are the index");

inline_always bool is_remembered(const struct remembered_name *entry, u64 serial, const u64 *words, u32 count) {
  u64 differences = entry->serial ^ serial;
#pragma unroll
  for (u32 i = 0; i < count; i++)
    differences |= entry->words[i] ^ words[i];
  return !differences;
}

/* The entry is empty until all of it is written. */
inline_always void keep_verdict(struct remembered_name *entry, u64 serial, const u64 *words, u32 count, u64 clauses) {
  *(volatile u64 *)&entry->serial = 0;
  barrier();
#pragma unroll
  for (u32 i = 0; i < count; i++)
    entry->words[i] = words[i];
  entry->clauses = clauses;
  barrier();
  *(volatile u64 *)&entry->serial = serial;
}

#endif
