/* The path part of the kernel filter: the clauses that the passed or the resolved name of a file can
 * satisfy. Names are read in place; no path is built. */

#ifndef WASPREY_FILTER_PATH_H
#define WASPREY_FILTER_PATH_H

#include "elsewhere.h"
#include "filter.h"

/* Longer passed paths, and names below more mounts and directories, pass the filter. */
#define PASSED_ROOM 128
#define MOST_CLIMBED 96

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

/* Walks forwards over the beginning of a name. False when the walk is dead. */
inline_always bool step_over(struct states *states, u64 name, u64 length) {
  for (u32 word = 0; word < LOOKED_BYTES / 8; word++) {
    u64 bytes = load_word(name + 8 * word);
    for (u32 i = 0; i < 8; i++) {
      if (8 * word + i >= length)
        return true;
      step(states, bytes >> 8 * i);
      if (!states->state)
        return false;
    }
  }
  return true;
}

/* Clauses whose ending a last component can satisfy, by its last bytes. */
inline_always u64 clauses_of_ending(struct filter *filter, u64 name, u64 length) {
  struct states states = states_from(filter, STATE_ENDINGS);
  for (u32 word = 0; word < LOOKED_BYTES / 8; word++) {
    u64 bytes = load_word(name + length - 8 * (word + 1));
    for (u32 i = 0; i < 8; i++) {
      if (8 * word + i >= length) {
        step(&states, '/');
        return states.clauses;
      }
      step(&states, bytes >> (56 - 8 * i));
      if (!states.state)
        return states.clauses;
    }
  }
  if (length > LOOKED_BYTES)
    return reachable(&states);
  step(&states, '/');
  return states.clauses;
}

/* From a dentry up to the root, with the last components passed by on the way. */
struct climb {
  struct walk walk;
  u64 top[LOOKED_COMPONENTS]; /* dentries, the one next to the root first */
  u64 components;
};

inline_always long climb_up(struct climb *climb) {
  struct walk *walk = &climb->walk;
  if (at_root(walk))
    return 1;
  if (walk->dentry == walk->mnt_root)
    return !cross_mount(walk);
  u64 parent = LOAD_WORD(dentry, walk->dentry, d_parent);
  if (parent == walk->dentry) {
    walk->partial = 1;
    return 1;
  }
  climb->top[2] = climb->top[1];
  climb->top[1] = climb->top[0];
  climb->top[0] = walk->dentry;
  climb->components++;
  walk->dentry = parent;
  return 0;
}

static long climb_step(u32 index, struct climb *climb) {
  return climb_up(climb);
}

/* Steps that are made in place. Most climbs end within them, and a call for each took as long as the step itself. */
#define USUAL_STEPS 6

/* Climbs to the top; false if that is too far away. */
inline_always bool climb_to_top(struct climb *climb) {
  struct climb usual = *climb; /* nobody gets its address, so clang keeps it in registers */
#pragma unroll
  for (u32 i = 0; i < USUAL_STEPS; i++)
    if (climb_up(&usual)) {
      *climb = usual;
      return true;
    }
  *climb = usual;
  return bpf_loop(MOST_CLIMBED - USUAL_STEPS, climb_step, climb, 0) < MOST_CLIMBED - USUAL_STEPS;
}

/* Queries about a path. */
#define PATH_ITSELF 0
#define PATHS_BELOW 1
#define PATH_ELSEWHERE 2 /* up to the top of the mounts; one that does not lead there meets nothing */

/* Clauses that the path of a dentry on a mount can meet, or names below it. A global function, as put_path() is. */
__noinline u64 clauses_of_place(struct filter *filter, u64 dentry, u64 mnt, u32 asked) {
  u32 below = asked == PATHS_BELOW;
  if (!filter)
    return FILTER_EVERY_CLAUSE;
  u64 fs = LOAD_WORD(task_struct, bpf_get_current_task_btf(), fs);
  /* Zeros unknown to the verifier: with known ones each iteration would be a different state to it. */
  u64 zero = *(volatile u64 *)&filter->zero;
  struct climb climb = {.top = {zero, zero, zero}, .components = zero};
  climb.walk.partial = zero;
  climb.walk.dentry = dentry;
  climb.walk.mnt = mnt;
  climb.walk.mnt_root = LOAD_WORD(vfsmount, climb.walk.mnt, mnt_root);
  climb.walk.root_dentry = asked == PATH_ELSEWHERE ? NO_ROOT : LOAD_WORD(fs_struct, fs, root.dentry);
  climb.walk.root_mnt = asked == PATH_ELSEWHERE ? NO_ROOT : LOAD_WORD(fs_struct, fs, root.mnt);
  if (!climb_to_top(&climb))
    return FILTER_EVERY_CLAUSE;
  if (climb.walk.partial)
    return asked == PATH_ELSEWHERE ? 0 : FILTER_EVERY_CLAUSE;
  u64 components = climb.components + below;
  u64 clauses = components <= 1 ? filter->top_level : 0;
  if (climb.components && !below)
    clauses |= clauses_of_ending(filter, LOAD_WORD(dentry, dentry, d_name.name), name_length(dentry));
  struct states states = states_from(filter, STATE_BEGINNINGS);
  for (u32 i = 0; i < LOOKED_COMPONENTS && climb.top[i]; i++) {
    u64 length = name_length(climb.top[i]);
    u64 goes_on = (LOOKED_BYTES - length) >> 63; /* asked now: each turn of the loop learns something of the length */
    opaque(goes_on);
    step(&states, '/');
    if (!states.state || !step_over(&states, LOAD_WORD(dentry, climb.top[i], d_name.name), length))
      return clauses | states.clauses;
    if (goes_on)
      return clauses | reachable(&states);
  }
  if (components <= LOOKED_COMPONENTS && !below)
    return clauses | states.clauses;
  step(&states, '/');
  return clauses | reachable(&states);
}

inline_always u64 clauses_of_file(struct filter *filter, u64 file, u32 asked) {
  return clauses_of_place(filter, LOAD_WORD(file, file, f_path.dentry), LOAD_WORD(file, file, f_path.mnt), asked);
}

/* The same for the file's other path. */
inline_always u64 clauses_elsewhere(struct filter *filter, u64 file) {
  struct place place = {};
  return find_file_elsewhere(file, &place) ? clauses_of_place(filter, place.dentry, place.mnt, PATH_ELSEWHERE) : 0;
}

/* A path as passed: its bytes, then zeros. */
struct passed_path {
  u64 words[PASSED_ROOM / 8];
  u64 length;
};

#define EACH_BYTE(value) (0x0101010101010101 * (u64)(value))

/* The top bit of each byte that is 0. */
inline_always u64 zero_bytes(u64 word) {
  return ~(((word & EACH_BYTE(0x7f)) + EACH_BYTE(0x7f)) | word | EACH_BYTE(0x7f));
}

/* Whether there is neither `./` nor `//` in it, nor either at its end: then no component is `.`, `..` or empty.
 * *slashes is not 0 if there is a slash behind the first byte. `zero`: see clauses_of_place(). */
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

/* Clauses that the path at an address of the current process can meet, if it is absolute or names below its directory
 * can meet those of `below`. A global function, as put_path() is. */
__noinline u64 clauses_of_passed(struct filter *filter, u64 address, u64 below) {
  struct passed_path path = {};
  u64 slashes;
  if (!filter)
    return FILTER_EVERY_CLAUSE;
  long size = bpf_probe_read_user_str(path.words, PASSED_ROOM, (void *)address);
  if (size <= 1 || size >= PASSED_ROOM)
    return FILTER_EVERY_CLAUSE;
  path.length = size - 1;
  if (!is_plain(&path, *(volatile u64 *)&filter->zero, &slashes))
    return FILTER_EVERY_CLAUSE;
  u64 clauses = clauses_of_last(filter, &path);
  if ((u8)path.words[0] != '/')
    return clauses | below;
  if (!slashes)
    clauses |= filter->top_level;
  return clauses | clauses_of_beginning(filter, &path);
}

/* Clauses that a name below the current directory can satisfy. */
inline_always u64 clauses_below_current(struct filter *filter, u64 image) {
  struct filter_process *entry = process_entry(filter, image);
  if (!entry)
    return FILTER_EVERY_CLAUSE;
  u64 clauses = *(volatile u64 *)&entry->below;
  return still_of(entry, image) ? clauses : FILTER_EVERY_CLAUSE;
}

inline_always u64 clauses_below(struct filter *filter, u64 image, struct task_struct *task, s32 dirfd) {
  if (dirfd == AT_FDCWD)
    return clauses_below_current(filter, image);
  u64 directory = file_at(task, dirfd);
  return directory ? clauses_of_file(filter, directory, PATHS_BELOW) : FILTER_EVERY_CLAUSE;
}

#endif
