/* What it takes to find a name among the remembered ones (filter/remembered.h): the names here are always there. Run by
 * remembered-names.c. */

#include "filter/looked_at.h"

/* Of the kernel: its own numbers are in it. */
struct bpf_iter_num {
  u64 state;
};

#define TURNS 4096

/* Longer than most. */
const volatile char name[REMEMBERED_WORDS * sizeof(u64)] = "/usr/lib/x86_64-linux-gnu/perl-base/unicore/To/Upper.pl";
u64 passed_ps;   /* a path as it was passed; 0: it was not found */
u64 resolved_ps; /* what is looked at of a resolved one */

#define SERIAL 1

inline_always u64 ps_of_hit(void *map, u64 *words, u32 count) {
  struct remembered_name *entry = remembered_entry(map, words, count);
  if (!entry)
    return 0;
  keep_verdict(entry, SERIAL, words, count, 1);
  u64 began = bpf_ktime_get_ns();
  u64 hits = 0;
  int turn;
  bpf_for(turn, 0, TURNS) {
    barrier(); /* the words are read again, as those of another name would be */
    struct remembered_name *known = remembered_entry(map, words, count);
    if (known && is_remembered(known, SERIAL, words, count))
      hits += known->clauses;
  }
  u64 took = bpf_ktime_get_ns() - began;
  return hits == TURNS ? took * 1000 / TURNS : 0;
}

SEC("raw_tp")
int find_names(void *context) {
  u64 words[REMEMBERED_WORDS];
  bpf_probe_read_kernel(words, sizeof(words), (const void *)name);
  passed_ps = ps_of_hit(&remembered_passed, words, REMEMBERED_WORDS);
  resolved_ps = ps_of_hit(&remembered_resolved, words, LOOKED_WORDS);
  return 0;
}

const char LICENSE[] SEC("license") = "GPL";
