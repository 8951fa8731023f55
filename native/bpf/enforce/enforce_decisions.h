/* Decisions of programs of BPF LSM, for those that report the same calls at their end. */

#ifndef WASPREY_ENFORCE_DECISIONS_H
#define WASPREY_ENFORCE_DECISIONS_H

#include "enforce/enforce_maps.h"

#define OPEN_OF_THREAD(task) ((task)->pid)
#define EXEC_OF_PROCESS(task) (1ull << 32 | (task)->tgid)

/* What a program of BPF LSM has decided about a file that a thread is opening, or a program that a process is running:
 * for the program that reports the call at its end. By one of the two above. */
struct enforce_decision {
  u64 file;
  u64 reserved; /* of its event; see is_by_lsm() */
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, u64);
  __type(value, struct enforce_decision);
} enforce_decisions SEC(".maps");

/* Whether it was left open because the process was not known within the call: at its end it may be. Where a name is not
 * known, no clause is named. */
inline_always bool is_left_open(u32 reserved) {
  return ENFORCED_OUTCOME(reserved) == ENFORCED_UNDECIDED && (reserved & ENFORCED_CLAUSE(~0u)) != ENFORCED_CLAUSE(~0u);
}

/* Whether the call has its record already. */
inline_always bool is_by_lsm(u64 reserved) {
  return ENFORCED_OUTCOME(reserved) >= ENFORCED_LSM_REFUSED;
}

/* What was decided about the call that ends; 0: nothing. The decision is removed, so it is given once. `file`: what a
 * call that succeeded has opened. That is never a file that was refused, though it may have the address of one.
 * `refused`: the call has failed with EPERM. */
inline_always u32 take_decision(u64 key, u64 file, bool refused) {
  struct enforce_decision *found = bpf_map_lookup_elem(&enforce_decisions, &key);
  if (likely(!found))
    return 0;
  bool fits = is_by_lsm(found->reserved) ? !file && refused : file && found->file == file;
  u32 reserved = fits ? found->reserved : 0;
  bpf_map_delete_elem(&enforce_decisions, &key);
  return reserved;
}

#endif
