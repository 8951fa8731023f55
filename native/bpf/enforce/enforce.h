/* Enforcement: acts on a process before it goes on, if it makes a call that matches a rule which the kernel can decide
 * exactly. Everything here is loaded and attached only while such a rule is in use; its maps are made then too. */

#ifndef WASPREY_ENFORCE_H
#define WASPREY_ENFORCE_H

#include "enforce/enforce_decisions.h"
#include "enforce/enforce_rails.h"
#include "socket.h"

#define SIGKILL 9
#define EPERM 1

/* The number of the call that a task is in. */
inline_always u32 call_number(struct task_struct *task) {
  const struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
  return LOAD(pt_regs, PINNED((u64)registers), CALL_NUMBER);
}

/* Counts what was done by clauses that are met. Returns it as events have it. */
inline_always u32 count_enforced(const struct enforcement *table, u64 met, u32 outcome) {
  u32 zero = 0;
  struct enforce_counts *counts = bpf_map_lookup_elem(&enforce_counts, &zero);
  if (counts)
    __sync_fetch_and_add(&counts->outcomes[BOUNDED(outcome, 0, ENFORCE_OUTCOMES - 1)], 1);
  return outcome | ENFORCED_CLAUSE(__builtin_ctzll(met | ENFORCE_DOUBT)) | ENFORCED_SERIAL(table->serial);
}

/* Kills the current process: before it goes on, since it is in the kernel. */
inline_always u32 kill_current(bool stopped) {
  if (bpf_send_signal(SIGKILL))
    return ENFORCED_FAILED;
  return stopped ? ENFORCED_STOPPED : ENFORCED_KILLED;
}

/* What is done where it is in doubt whether clauses are met: nothing. */
inline_always u32 leave_in_doubt(const struct enforcement *table, u64 doubtful) {
  return count_enforced(table, doubtful, refuse_to_enforce(table, 0));
}

/* Acts on the current process if it may. `stopped`: the call has had no effect yet. */
inline_always u32 enforce_by_signal(const struct enforcement *table, u64 met, u32 stopped) {
  u32 refused = refuse_to_enforce(table, met);
  return count_enforced(table, met, refused ? refused : kill_current(stopped));
}

/* The clauses of an image by its entry, which may become that of another one meanwhile. */
inline_always u64 clauses_at(const struct enforce_process *entry, u64 image) {
  if (*(volatile u64 *)&entry->image != image)
    return ~0ull;
  u64 clauses = *(volatile u64 *)&entry->clauses;
  barrier();
  return *(volatile u64 *)&entry->image == image ? clauses : ~0ull;
}

/* The same of an image that has no entry in the tables with that number. A global function, as put_path() is, with a
 * stack of its own for the key. */
__noinline u64 crowded_clauses(u64 image, u64 serial) {
  struct enforce_crowded key = {.image = image, .serial = serial};
  const struct enforce_process *entry = bpf_map_lookup_elem(&enforce_crowd, &key);
  return entry ? clauses_at(entry, image) : ~0ull;
}

/* Clauses that the current process can meet as a candidate; all, with ENFORCE_DOUBT, if the reader has not passed on
 * its image. */
inline_always u64 candidate_clauses(const struct enforcement *table, u64 image) {
  if (!image)
    return ~0ull;
  u64 clauses = clauses_at(&table->processes[image % ENFORCE_PROCESSES], image);
  return likely(!(clauses & ENFORCE_DOUBT)) ? clauses : crowded_clauses(image, table->serial);
}

/* Of some clauses those that are left by what the current process is. `doubtful`: those that only its facts decide, if
 * they are not known; they are not among the others. */
inline_always u64 clauses_left(const struct enforcement *table, u64 clauses, u64 image, u64 *doubtful) {
  *doubtful = 0;
  if (!(clauses & ~table->of[ENFORCE_ANY]))
    return clauses;
  u64 candidates = clauses & table->of[ENFORCE_CANDIDATE] ? candidate_clauses(table, image) : 0;
  u64 known = candidates & ENFORCE_DOUBT ? 0 : candidates;
  u64 left = clauses & enforce_clauses_of_process(table, where_current(), known);
  if (candidates & ENFORCE_DOUBT)
    *doubtful = clauses & table->of[ENFORCE_CANDIDATE];
  return left;
}

inline_always u64 clauses_of_current(const struct enforcement *table, u64 clauses, u64 image) {
  u64 doubtful;
  return clauses_left(table, clauses, image, &doubtful);
}

/* The clauses that are met of those which the call and its process have left, by the tests that hold. */
__noinline u64 clauses_met(const struct enforcement *table, u64 clauses, u64 names, u64 peers) {
  if (!table || !clauses)
    return 0;
  struct enforce_facts facts = {.table = table, .clauses = clauses, .names = names, .peers = peers};
  return enforce_met(&facts);
}

/* Of the same those without tests of names. If none is met, those with such tests are left in `clauses`. */
inline_always u64 nameless_clauses_met(const struct enforcement *table, u64 *clauses) {
  u64 met = clauses_met(table, *clauses & ~table->named, 0, 0);
  *clauses &= table->named;
  return met;
}

#endif
