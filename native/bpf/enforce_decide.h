/* Decides what rules that the kernel enforces match: by the facts of a call, its names and its peer. Plain C, which is
 * also compiled for the tests: there it is held against the rules (test/unit/tests/enforcement-decision.test.ts). */

#ifndef WASPREY_ENFORCE_DECIDE_H
#define WASPREY_ENFORCE_DECIDE_H

#include "enforce_tables.h"

#ifdef __bpf__
#define ENFORCE_LOOP(count, step, context) bpf_loop(count, step, context, 0)
#define ENFORCE_FUNCTION static __always_inline
#else
#define ENFORCE_LOOP(count, step, context)                      \
  for (__u32 turn = 0; turn < (count) && !step(turn, context);) \
  turn++
#define ENFORCE_FUNCTION static inline
#endif

/* Longest text, as of a record's string, and the mask of a position in it. */
#define ENFORCE_LONGEST_TEXT 4095

ENFORCE_FUNCTION __u64 enforce_zero(const struct enforcement *table) {
  return *(const volatile __u64 *)&table->zero;
}

/* A walk over a part of a text, forwards from `at` or backwards from before `at`. */
struct enforce_walk {
  const struct enforcement *table;
  const __u8 *text;
  __u64 at;
  __u64 state;
  __u64 tests;
};

ENFORCE_FUNCTION const struct enforce_state *enforce_state_of(const struct enforce_walk *walk) {
  return &walk->table->states[walk->state % ENFORCE_STATES];
}

/* Returns 1 when the walk is over. */
ENFORCE_FUNCTION long enforce_step(struct enforce_walk *walk, __u8 byte) {
  __u64 byte_class = walk->table->classes[byte] % ENFORCE_CLASSES;
  walk->state = byte_class ? enforce_state_of(walk)->next[byte_class] : ENFORCE_DEAD;
  if (!walk->state)
    return 1;
  walk->tests |= enforce_state_of(walk)->passed;
  return 0;
}

static long enforce_step_on(__u32 index, struct enforce_walk *walk) {
  (void)index;
  __u64 at = walk->at & ENFORCE_LONGEST_TEXT;
  walk->at = at + 1;
  return enforce_step(walk, walk->text[at]);
}

static long enforce_step_back(__u32 index, struct enforce_walk *walk) {
  (void)index;
  __u64 at = (walk->at - 1) & ENFORCE_LONGEST_TEXT;
  walk->at = at;
  return enforce_step(walk, walk->text[at]);
}

/* Tests that hold of a text, which is bytes `from` to `to` of a room of ENFORCE_LONGEST_TEXT + 1. */
ENFORCE_FUNCTION __u64 enforce_tests_of(const struct enforcement *table, const __u8 *room, __u64 from, __u64 to,
                                        __u32 text) {
  struct enforce_walk walk;
  __u32 length = (to - from) & ENFORCE_LONGEST_TEXT;
  walk.table = table;
  walk.text = room;
  walk.at = from | enforce_zero(table);
  walk.state = ENFORCE_FORWARDS(text) | enforce_zero(table);
  walk.tests = enforce_state_of(&walk)->passed;
  ENFORCE_LOOP(length, enforce_step_on, &walk);
  __u64 tests = walk.tests | enforce_state_of(&walk)->ended;
  walk.at = to | enforce_zero(table);
  walk.state = ENFORCE_BACKWARDS(text) | enforce_zero(table);
  walk.tests = enforce_state_of(&walk)->passed;
  ENFORCE_LOOP(length, enforce_step_back, &walk);
  return tests | walk.tests;
}

/* Looks for the last slash before `at`. */
struct enforce_slash {
  const __u8 *text;
  __u64 at;
};

static long enforce_slash_step(__u32 index, struct enforce_slash *slash) {
  (void)index;
  __u64 at = (slash->at - 1) & ENFORCE_LONGEST_TEXT;
  if (slash->text[at] == '/')
    return 1;
  slash->at = at;
  return 0;
}

/* Where the last component of a text begins: behind its last slash. */
ENFORCE_FUNCTION __u64 enforce_last_component(const __u8 *room, __u64 from, __u64 to) {
  struct enforce_slash slash;
  __u32 length = (to - from) & ENFORCE_LONGEST_TEXT;
  slash.text = room;
  slash.at = to;
  ENFORCE_LOOP(length, enforce_slash_step, &slash);
  return slash.at;
}

/* Tests of the names of a file by one of its paths; the room may be changed. */
ENFORCE_FUNCTION __u64 enforce_tests_of_path(const struct enforcement *table, __u8 *room, __u64 length,
                                             __u32 is_directory) {
  __u64 tests = enforce_tests_of(table, room, 0, length, ENFORCE_PATH);
  __u64 end = length;
  if (!table->directories)
    return tests;
  if (!is_directory) {
    end = enforce_last_component(room, 0, length);
    end = end > 1 ? end - 1 : 1; /* `/` */
    if (length)
      room[0] = '/';
  }
  return tests | enforce_tests_of(table, room, 0, end, ENFORCE_DIRECTORY);
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

/* Clauses that are left by what the process is. `where`: ENFORCE_CONTAINER or ENFORCE_HOST; 0: not known. `candidates`:
 * clauses whose rule it is a candidate for. */
ENFORCE_FUNCTION __u64 enforce_clauses_of_process(const struct enforcement *table, __u64 where, __u64 candidates) {
  return table->of[ENFORCE_ANY_PROCESS] | table->of[where % ENFORCE_PROCESS_KINDS] |
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
