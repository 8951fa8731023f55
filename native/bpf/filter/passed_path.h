/* The clauses of the kernel filter that a path can meet by its bytes, as a process has passed it. */

#ifndef WASPREY_PASSED_PATH_H
#define WASPREY_PASSED_PATH_H

#include "filter/looked_at.h"

/* Passed paths of more than 510 bytes pass the filter. Those in a container's control group or root file system have
 * 120 to 250. */
#define PASSED_ROOM 512

/* A path as passed: its bytes, then zeros to the end of its last word, and of the first REMEMBERED_WORDS. */
struct passed_path {
  u64 words[PASSED_ROOM / 8];
  u64 length;
};

/* For each CPU, whose programs are not preempted (maps.h): the stack has no room for one. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct passed_path);
} passed_paths SEC(".maps");

#define EACH_BYTE(value) (0x0101010101010101 * (u64)(value))

/* The top bit of each byte that is 0. */
inline_always u64 zero_bytes(u64 word) {
  return ~(((word & EACH_BYTE(0x7f)) + EACH_BYTE(0x7f)) | word | EACH_BYTE(0x7f));
}

/* Whether there is neither `./` nor `//` in it, nor either at its end: then no component is `.`, `..` or empty.
 * *slashes is not 0 if there is a slash behind the first byte. `zero`: see look_at_path(). */
inline_always bool is_plain(const struct passed_path *path, u64 zero, u64 *slashes) {
  u64 pairs = 0, carry = 0, length = path->length | zero;
  *slashes = 0;
  for (u32 i = 0; i < PASSED_ROOM / 8; i++) {
    u64 word = path->words[i];
    u64 slash = zero_bytes(word ^ EACH_BYTE('/'));
    u64 slash_or_dot = zero_bytes((word | EACH_BYTE(1)) ^ EACH_BYTE('/')); /* '.' is '/' without its lowest bit */
    pairs |= (slash_or_dot << 8 | carry) & (slash | zero_bytes(word));
    carry = slash_or_dot >> 56;
    *slashes |= i ? slash : slash & ~(u64)0xff;
    if (8 * i + 7 >= length)
      break;
  }
  return !pairs;
}

/* Clauses whose beginning an absolute path can satisfy. */
inline_always u64 clauses_of_beginning(struct filter *filter, const struct passed_path *path) {
  struct states states = states_from(filter, STATE_BEGINNINGS);
  for (u32 word = 0; word < LONGEST_BEGINNING / 8; word++) {
    for (u32 i = 0; i < 8; i++) {
      u8 byte = path->words[word] >> 8 * i;
      if (!byte)
        return states.clauses;
      step(&states, byte);
      if (!states.state)
        return states.clauses;
    }
  }
  return states.clauses;
}

/* As clauses_of_ending(), of the last component of a path. */
inline_always u64 clauses_of_last(struct filter *filter, const struct passed_path *path) {
  struct states states = states_from(filter, STATE_ENDINGS);
  for (u32 i = 1; i <= LOOKED_BYTES; i++) {
    u64 at = path->length - i;
    opaque(at);
    u8 byte = at < PASSED_ROOM ? ((u8 *)path->words)[at] : '/';
    step(&states, byte);
    if (!states.state || byte == '/')
      return states.clauses;
  }
  u64 before = path->length - LOOKED_BYTES - 1;
  opaque(before);
  if (before < PASSED_ROOM && ((u8 *)path->words)[before] != '/')
    return reachable(&states);
  step(&states, '/');
  return states.clauses;
}

/* Clauses that a path can meet by its own bytes: a relative one by its ending alone. */
inline_always u64 clauses_of_text(struct filter *filter, const struct passed_path *path) {
  u64 slashes;
  if (!is_plain(path, *(volatile u64 *)&filter->zero, &slashes))
    return FILTER_EVERY_CLAUSE;
  u64 clauses = clauses_of_last(filter, path);
  if ((u8)path->words[0] != '/')
    return clauses;
  if (!slashes)
    clauses |= filter->top_level;
  return clauses | clauses_of_beginning(filter, path);
}

/* Reads the path at an address of the current process; false if it is empty, unreadable or too long. */
inline_always bool read_passed_path(struct passed_path *path, u64 address) {
#pragma unroll
  for (u32 i = 0; i < REMEMBERED_WORDS; i++)
    path->words[i] = 0;
  long size = bpf_probe_read_user_str(path->words, PASSED_ROOM, (void *)address);
  if (size <= 1 || size >= PASSED_ROOM)
    return false;
  path->length = size - 1;
  u64 last = BOUNDED(size, 0, PASSED_ROOM - 1), after = 8 * (last % 8);
  path->words[last / 8] &= ((u64)1 << after) - 1; /* another path's bytes are behind it */
  return true;
}

/* Clauses that the path at an address of the current process can meet by its own bytes. Sets *relative to whether it
 * can meet others by its directory. A global function, as put_path() is. */
__noinline u64 clauses_of_passed(struct filter *filter, u64 address, u64 *relative) {
  u32 zero = 0;
  struct passed_path *path = bpf_map_lookup_elem(&passed_paths, &zero);
  if (!filter || !relative || !path || !read_passed_path(path, address))
    return FILTER_EVERY_CLAUSE;
  *relative = (u8)path->words[0] != '/';
  if (path->length >= REMEMBERED_WORDS * sizeof(u64))
    return clauses_of_text(filter, path);
  u64 serial = *(volatile u64 *)&filter->serial;
  struct remembered_name *known = remembered_entry(&remembered_passed, path->words, REMEMBERED_WORDS);
  if (known && is_remembered(known, serial, path->words, REMEMBERED_WORDS))
    return known->clauses;
  u64 clauses = clauses_of_text(filter, path);
  if (known)
    keep_verdict(known, serial, path->words, REMEMBERED_WORDS, clauses);
  return clauses;
}

#endif
