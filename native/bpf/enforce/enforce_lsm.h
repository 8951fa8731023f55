/* Enforcement by hooks of the kernel's security modules, where it has BPF LSM: a call is refused before it has an
 * effect. These programs make its record themselves (enforce_refused.h). */

#ifndef WASPREY_ENFORCE_LSM_H
#define WASPREY_ENFORCE_LSM_H

#include "enforce/enforce.h"
#include "enforce/enforce_refused.h"

/* A word of the context: an argument of the hook, as a plain number. */
inline_always u64 hook_argument(const void *context, u32 number) {
  u64 value = 0;
  bpf_probe_read_kernel(&value, sizeof(value), (const u64 *)context + number);
  return value;
}

/* What is done about a call that meets clauses: refused, unless it may not be; then its process is killed too where
 * that is asked for. `late`: it has had an effect. Returns it as events have it. */
inline_always u32 refuse_call(const struct enforcement *table, u64 met, bool late) {
  u32 outcome = refuse_to_enforce(table, met);
  if (!outcome && met & table->kills && !bpf_send_signal(SIGKILL))
    outcome = late ? ENFORCED_LSM_KILLED : ENFORCED_LSM_REFUSED_AND_KILLED;
  if (!outcome)
    outcome = late ? ENFORCED_LSM_REFUSED_LATE : ENFORCED_LSM_REFUSED;
  return count_enforced(table, met, outcome);
}

inline_always void note_decision(u64 key, u64 file, u32 reserved) {
  struct enforce_decision decision = {.file = file, .reserved = reserved};
  bpf_map_update_elem(&enforce_decisions, &key, &decision, BPF_ANY);
}

#endif
