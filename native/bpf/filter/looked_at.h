/* What the tables of the kernel filter look at of a path, and the clauses that they accept by it. */

#ifndef WASPREY_LOOKED_AT_H
#define WASPREY_LOOKED_AT_H

#include "filter/remembered.h"

/* Limits for a resolved path: the number of components from the root, and of bytes in each. */
#define LOOKED_COMPONENTS 3
#define LOOKED_BYTES 16

/* The current state of a walk, and the clauses accepted so far. */
struct states {
  struct filter *filter;
  u64 state;
  u64 clauses;
};

inline_always struct states states_from(struct filter *filter, u64 state) {
  return (struct states){filter, state, 0};
}

inline_always void step(struct states *states, u8 byte) {
  struct filter *filter = states->filter;
  states->state = filter->states[states->state % FILTER_STATES].next[filter->classes[byte] % FILTER_CLASSES];
  states->clauses |= filter->states[states->state % FILTER_STATES].accepted;
}

inline_always u64 reachable(const struct states *states) {
  return states->clauses | states->filter->states[states->state % FILTER_STATES].possible;
}

/* What the tables look at of a path: of each component next to the root the first bytes, of the last one the last, as
 * words to compare. */
struct looked_at {
  u64 beginnings[LOOKED_COMPONENTS][LOOKED_BYTES / 8]; /* zeros behind a shorter name */
  u64 ending[LOOKED_BYTES / 8];                        /* the last eight bytes first; zeros before a shorter name */
  u64 sizes; /* a byte each: of these names, and how many components; what is larger than matters is one more */
};
#define LOOKED_WORDS (sizeof(struct looked_at) / sizeof(u64))
_Static_assert(LOOKED_WORDS <= REMEMBERED_WORDS, "what is looked at is remembered whole");

#define SIZE_OF_ENDING LOOKED_COMPONENTS
#define SIZE_OF_PATH (LOOKED_COMPONENTS + 1)
#define LOOKED_BELOW ((u64)1 << 8 * (SIZE_OF_PATH + 1)) /* names below the path are asked about, not the path */

inline_always u64 size_looked_at(const struct looked_at *looked, u32 which) {
  return (u8)(looked->sizes >> 8 * which);
}

/* All bits if the one is less than the other, else none. The difference is hidden from clang, which would make a branch
 * of it: each is another state to the verifier, and eight of them in a row made on_open() seven times as long to it. */
inline_always u64 if_less(u64 one, u64 other) {
  u64 difference = one - other;
  opaque(difference);
  return (s64)difference >> 63;
}

inline_always void put_size(struct looked_at *looked, u32 which, u64 size, u64 most) {
  u64 too_large = if_less(most, size);
  looked->sizes |= ((size & ~too_large) | ((most + 1) & too_large)) << 8 * which;
}

/* How far to shift away what of eight bytes does not belong to a name, of which `length` bytes are left, if any. */
inline_always u64 shift_of(u64 length) {
  return (64 - 8 * length) & if_less(length, 8) & 63;
}

/* The name of a dentry: address and length, which without direct loads are read at once (hash, length, address). */
struct name {
  u64 bytes;
  u64 length;
};
inline_always struct name name_of(u64 dentry) {
  if (HAS_CAST)
    return (struct name){LOAD_WORD(dentry, dentry, d_name.name), name_length(dentry)};
  u64 words[2] = {};
  bpf_probe_read_kernel(words, sizeof(words), (void *)(dentry + bpf_core_field_offset(struct dentry, d_name)));
  return (struct name){words[1], words[0] >> 32};
}

/* A dentry of 0 has an empty name. */
inline_always void look_at_beginning(struct looked_at *looked, u32 which, u64 dentry) {
  struct name name = name_of(dentry);
  put_size(looked, which, name.length, LOOKED_BYTES);
  u64 shift = shift_of(name.length), second = shift_of(name.length - 8), is_longer = if_less(8, name.length);
  looked->beginnings[which][0] = load_word(name.bytes) << shift >> shift & if_less(0, name.length);
  looked->beginnings[which][1] = load_word(name.bytes + 8) << second >> second & is_longer;
}

inline_always void look_at_ending(struct looked_at *looked, u64 dentry) {
  struct name name = name_of(dentry);
  u64 last = name.bytes + name.length - 8;
  put_size(looked, SIZE_OF_ENDING, name.length, LOOKED_BYTES);
  u64 shift = shift_of(name.length), second = shift_of(name.length - 8), is_longer = if_less(8, name.length);
  looked->ending[0] = load_word(last) >> shift << shift & if_less(0, name.length);
  looked->ending[1] = load_word(last - 8) >> second << second & is_longer;
}

/* Where a walk is, and the beginning of the name that it goes over next. */
struct name_walk {
  u64 state;
  u64 clauses;
  u64 words[LOOKED_BYTES / 8];
  u64 length;
};

/* Walks forwards over the beginning of a name. False when the walk is dead. A global function, as put_path() is: there
 * are as many ways out of it as bytes. */
__noinline u32 walk_over_name(struct filter *filter, struct name_walk *walk) {
  if (!filter || !walk)
    return 0;
  struct states states = {filter, walk->state, walk->clauses};
  u64 length = walk->length;
  for (u32 word = 0; word < LOOKED_BYTES / 8; word++) {
    for (u32 i = 0; i < 8 && states.state && 8 * word + i < length; i++)
      step(&states, walk->words[word] >> 8 * i);
  }
  walk->state = states.state;
  walk->clauses = states.clauses;
  return states.state != 0;
}

inline_always bool step_over(struct states *states, const u64 *words, u64 length) {
  struct name_walk walk = {states->state, states->clauses, {words[0], words[1]}, length};
  bool lives = walk_over_name(states->filter, &walk);
  states->state = walk.state;
  states->clauses = walk.clauses;
  return lives;
}

/* Clauses whose ending a last component can satisfy. */
inline_always u64 clauses_of_ending(struct filter *filter, const struct looked_at *looked) {
  struct states states = states_from(filter, STATE_ENDINGS);
  u64 length = size_looked_at(looked, SIZE_OF_ENDING);
  for (u32 word = 0; word < LOOKED_BYTES / 8; word++) {
    for (u32 i = 0; i < 8; i++) {
      if (8 * word + i >= length) {
        step(&states, '/');
        return states.clauses;
      }
      step(&states, looked->ending[word] >> (56 - 8 * i));
      if (!states.state)
        return states.clauses;
    }
  }
  if (length > LOOKED_BYTES)
    return reachable(&states);
  step(&states, '/');
  return states.clauses;
}

/* Clauses that a path can meet, or names below it, by what was looked at. A global function, as put_path() is. */
__noinline u64 clauses_looked_at(struct filter *filter, const struct looked_at *looked) {
  if (!filter || !looked)
    return FILTER_EVERY_CLAUSE;
  u64 components = size_looked_at(looked, SIZE_OF_PATH);
  bool below = looked->sizes & LOOKED_BELOW;
  u64 clauses = components + below <= 1 ? filter->top_level : 0;
  if (components && !below)
    clauses |= clauses_of_ending(filter, looked);
  struct states states = states_from(filter, STATE_BEGINNINGS);
  for (u32 i = 0; i < LOOKED_COMPONENTS && i < components; i++) {
    u64 length = size_looked_at(looked, i);
    u64 goes_on = (LOOKED_BYTES - length) >> 63; /* asked now: each turn of the loop learns something of the length */
    opaque(goes_on);
    step(&states, '/');
    if (!states.state || !step_over(&states, looked->beginnings[i], length))
      return clauses | states.clauses;
    if (goes_on)
      return clauses | reachable(&states);
  }
  if (components <= LOOKED_COMPONENTS && !below)
    return clauses | states.clauses;
  step(&states, '/');
  return clauses | reachable(&states);
}

/* clauses_looked_at(), remembered: for programs on tracepoints. */
inline_always u64 clauses_remembered(struct filter *filter, const struct looked_at *looked) {
  const u64 *words = (const u64 *)looked;
  u64 serial = *(volatile u64 *)&filter->serial;
  struct remembered_name *known = remembered_entry(&remembered_resolved, words, LOOKED_WORDS);
  if (known && is_remembered(known, serial, words, LOOKED_WORDS))
    return known->clauses;
  u64 clauses = clauses_looked_at(filter, looked);
  if (known)
    keep_verdict(known, serial, words, LOOKED_WORDS, clauses);
  return clauses;
}

#endif
