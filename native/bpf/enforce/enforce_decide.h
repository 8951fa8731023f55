/* Decides what rules that the kernel enforces match: by the facts of a call, its names and its peer. Plain C, which is
 * also compiled for the tests: there it is held against the rules (test/unit/native/enforcement-decision.test.ts). */

#ifndef WASPREY_ENFORCE_DECIDE_H
#define WASPREY_ENFORCE_DECIDE_H

#include "enforce/enforce_tables.h"

#ifdef __bpf__
#define ENFORCE_LOOP(count, step, context) bpf_loop(count, step, context, 0)
#define ENFORCE_FUNCTION static __always_inline
#else
#define ENFORCE_LOOP(count, step, context)                      \
  for (__u32 turn = 0; turn < (count) && !step(turn, context);) \
  turn++
#define ENFORCE_FUNCTION static inline
#endif

ENFORCE_FUNCTION __u64 enforce_zero(const struct enforcement *table) {
  return *(const volatile __u64 *)&table->zero;
}

/* A text that is read backwards, byte by byte: a path is known from its end, and none has to be kept. */
struct enforce_text {
  const struct enforcement *table;
  __u64 ending;    /* state of the walk from the end */
  __u64 beginning; /* state of the walk that looks for beginnings */
  __u64 tests;     /* that hold already */
};

ENFORCE_FUNCTION const struct enforce_state *enforce_state_at(const struct enforcement *table, __u64 state) {
  return &table->states[state % ENFORCE_STATES];
}

ENFORCE_FUNCTION void enforce_begin_text(struct enforce_text *text, const struct enforcement *table, __u32 number) {
  text->table = table;
  text->ending = ENFORCE_ENDINGS(number) | enforce_zero(table);
  text->beginning = ENFORCE_BEGINNINGS(number) | enforce_zero(table);
  text->tests = enforce_state_at(table, text->ending)->passed;
}

/* Reads the byte before those that were read. */
ENFORCE_FUNCTION void enforce_read_byte(struct enforce_text *text, __u8 byte) {
  const struct enforcement *table = text->table;
  __u64 byte_class = table->classes[byte] % ENFORCE_CLASSES;
  text->ending = enforce_state_at(table, text->ending)->next[byte_class];
  text->beginning = enforce_state_at(table, text->beginning)->next[byte_class];
  text->tests |= enforce_state_at(table, text->ending)->passed;
}

/* Tests that hold of a text that was read up to its first byte. */
ENFORCE_FUNCTION __u64 enforce_tests_of_text(const struct enforce_text *text) {
  return text->tests | enforce_state_at(text->table, text->ending)->ended |
         enforce_state_at(text->table, text->beginning)->ended;
}

/* Tests of addresses and ports. */
struct enforce_peer {
  const struct enforcement *table;
  __u64 address[2]; /* of IPv4 as mapped */
  __u64 port;
  __u64 is_ipv4;
  __u64 tests;
};

static long enforce_network_step(__u32 index, struct enforce_peer *peer) {
  if (index >= ENFORCE_NETWORKS)
    return 1;
  const struct enforce_network *network = &peer->table->networks[index];
  if (network->is_ipv4 == peer->is_ipv4 && (peer->address[0] & network->mask[0]) == network->address[0] &&
      (peer->address[1] & network->mask[1]) == network->address[1])
    peer->tests |= network->tests;
  return 0;
}

static long enforce_ports_step(__u32 index, struct enforce_peer *peer) {
  if (index >= ENFORCE_PORT_RANGES)
    return 1;
  const struct enforce_ports *ports = &peer->table->ports[index];
  if (peer->port >= ports->from && peer->port <= ports->to)
    peer->tests |= ports->tests;
  return 0;
}

/* None holds without a peer. */
ENFORCE_FUNCTION __u64 enforce_tests_of_peer(struct enforce_peer *peer) {
  __u64 low = peer->is_ipv4 ? peer->address[1] >> 32 : peer->address[1];
  peer->tests = enforce_zero(peer->table);
  if (!peer->port && !peer->address[0] && !low)
    return 0;
  ENFORCE_LOOP(peer->table->networks_used, enforce_network_step, peer);
  ENFORCE_LOOP(peer->table->ports_used, enforce_ports_step, peer);
  return peer->tests;
}

#define ENFORCE_KERNEL_THREAD 0x00200000 /* PF_KTHREAD */

/* Whether a task is never acted on, whatever it does: a thread of the kernel, and process 1, by its flags and the
 * number of its process in the machine's own pid namespace. */
ENFORCE_FUNCTION int enforce_is_of_machine(__u64 flags, __u64 process) {
  return flags & ENFORCE_KERNEL_THREAD || process <= 1;
}

/* Clauses that are left by what the process is. `where`: ENFORCE_CONTAINER or ENFORCE_HOST; 0: not known. `candidates`:
 * clauses whose rule it is a candidate for. */
ENFORCE_FUNCTION __u64 enforce_clauses_of_process(const struct enforcement *table, __u64 where, __u64 candidates) {
  return table->of[ENFORCE_ANY] | table->of[where % ENFORCE_PROCESS_KINDS] |
         (table->of[ENFORCE_CANDIDATE] & candidates);
}

/* What is known of a call, beside what has left `clauses`. */
struct enforce_facts {
  const struct enforcement *table;
  __u64 clauses;
  __u64 names; /* tests that hold */
  __u64 peers; /* tests that hold */
  __u64 met;
};

static long enforce_clause_step(__u32 index, struct enforce_facts *facts) {
  if (index >= ENFORCE_CLAUSES)
    return 1;
  const struct enforce_clause *clause = &facts->table->clauses[index];
  if ((facts->names & (clause->names | clause->no_names)) == clause->names &&
      (facts->peers & (clause->peers | clause->no_peers)) == clause->peers)
    facts->met |= (__u64)1 << index;
  return 0;
}

/* The clauses that are met. */
ENFORCE_FUNCTION __u64 enforce_met(struct enforce_facts *facts) {
  facts->met = enforce_zero(facts->table);
  ENFORCE_LOOP(facts->table->clauses_used, enforce_clause_step, facts);
  return facts->met & facts->clauses;
}

/* A window after one more was done; 0: none is left. What was done in the window before counts as if it had been a
 * moment ago, so that there are never more within so many seconds, wherever they begin. */
ENFORCE_FUNCTION enforce_window enforce_next_window(enforce_window window, const struct enforce_limit *limit,
                                                    __u64 now) {
  __u64 begun = window >> 32, before = window >> 16 & ENFORCE_MOST_COUNT, count = window & ENFORCE_MOST_COUNT;
  __u64 passed = now > begun ? now - begun : 0; /* another processor may have begun it a moment ahead */
  if (passed >= 2 * limit->seconds) {
    begun = now;
    before = count = 0;
  } else if (passed >= limit->seconds) {
    begun += limit->seconds;
    before = count;
    count = 0;
  }
  return before + count < limit->count ? begun << 32 | before << 16 | (count + 1) : 0;
}

/* Clauses that are left by what is known of a call at once. */
ENFORCE_FUNCTION __u64 enforce_clauses_of(const struct enforcement *table, __u64 type, __u64 failed) {
  return type < EVENT_TYPE_COUNT ? table->types[type] & table->results[failed & 1] : 0;
}

#endif
