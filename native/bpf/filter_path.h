/* The path part of the kernel filter: the clauses that the passed or the resolved name of a file can
 * satisfy. Names are read in place; no path is built. */

#ifndef WASPREY_FILTER_PATH_H
#define WASPREY_FILTER_PATH_H

#include "elsewhere.h"
#include "remembered.h"

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

/* Walks forwards over the beginning of a name. False when the walk is dead. */
inline_always bool step_over(struct states *states, const u64 *words, u64 length) {
  for (u32 word = 0; word < LOOKED_BYTES / 8; word++) {
    for (u32 i = 0; i < 8; i++) {
      if (8 * word + i >= length)
        return true;
      step(states, words[word] >> 8 * i);
      if (!states->state)
        return false;
    }
  }
  return true;
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

/* Clauses that a path can meet, or names below it, by what was looked at. A global function, as put_path() is. */
__noinline u64 clauses_looked_at(struct filter *filter, const struct looked_at *looked, u32 below) {
  if (!filter || !looked)
    return FILTER_EVERY_CLAUSE;
  u64 components = size_looked_at(looked, SIZE_OF_PATH);
  u64 clauses = components + !!below <= 1 ? filter->top_level : 0;
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

#define LOOKED 0
#define MEETS_NOTHING 1
#define MEETS_ALL 2 /* undecidable */

/* Looks at the path of a dentry on a mount. */
inline_always u64 look_at_path(struct filter *filter, u64 fs, u64 dentry, u64 mnt, u32 asked,
                               struct looked_at *looked) {
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
    return MEETS_ALL;
  if (climb.walk.partial)
    return asked == PATH_ELSEWHERE ? MEETS_NOTHING : MEETS_ALL;
  looked->sizes = zero;
  put_size(looked, SIZE_OF_PATH, climb.components, LOOKED_COMPONENTS);
#pragma unroll
  for (u32 i = 0; i < LOOKED_COMPONENTS; i++)
    look_at_beginning(looked, i, climb.top[i]);
  look_at_ending(looked, dentry);
  return LOOKED;
}

/* The same as a global function, as put_path() is. */
__noinline u64 look_at(struct filter *filter, u64 dentry, u64 mnt, u32 asked, struct looked_at *looked) {
  if (!filter || !looked)
    return MEETS_ALL;
  return look_at_path(filter, LOAD_WORD(task_struct, bpf_get_current_task_btf(), fs), dentry, mnt, asked, looked);
}

/* Looks at the path of an open file, and finds its other path; its dentry is 0 if it has none. A global function, as
 * put_path() is. */
__noinline u64 look_at_file(struct filter *filter, u64 file, struct looked_at *looked, struct place *other) {
  if (!filter || !looked || !other)
    return MEETS_ALL;
  struct task_struct *task = bpf_get_current_task_btf();
  u64 dentry = LOAD_WORD(file, file, f_path.dentry), mnt = LOAD_WORD(file, file, f_path.mnt);
  if (!find_elsewhere_of(task, dentry, mnt, other))
    other->dentry = 0;
  return look_at_path(filter, LOAD_WORD(task_struct, task, fs), dentry, mnt, PATH_ITSELF, looked);
}

/* Clauses that the path of a dentry on a mount can meet, or names below it. */
inline_always u64 clauses_of_place(struct filter *filter, u64 dentry, u64 mnt, u32 asked) {
  struct looked_at looked = {};
  u64 result = look_at(filter, dentry, mnt, asked, &looked);
  if (result != LOOKED)
    return result == MEETS_ALL ? FILTER_EVERY_CLAUSE : 0;
  return clauses_looked_at(filter, &looked, asked == PATHS_BELOW);
}

inline_always u64 clauses_below_file(struct filter *filter, u64 file) {
  return clauses_of_place(filter, LOAD_WORD(file, file, f_path.dentry), LOAD_WORD(file, file, f_path.mnt), PATHS_BELOW);
}

/* Clauses that the names of an open file can meet: its path, and its other path. */
inline_always u64 clauses_of_file(struct filter *filter, u64 file) {
  struct place other = {};
  u64 dentry = LOAD_WORD(file, file, f_path.dentry), mnt = LOAD_WORD(file, file, f_path.mnt);
  u64 clauses = clauses_of_place(filter, dentry, mnt, PATH_ITSELF);
  return find_elsewhere(dentry, mnt, &other)
             ? clauses | clauses_of_place(filter, other.dentry, other.mnt, PATH_ELSEWHERE)
             : clauses;
}

/* clauses_looked_at(), remembered: for programs on tracepoints. */
inline_always u64 clauses_remembered(struct filter *filter, const struct looked_at *looked) {
  const u64 *words = (const u64 *)looked;
  u64 serial = *(volatile u64 *)&filter->serial;
  struct remembered_name *known = remembered_entry(&remembered_resolved, words, LOOKED_WORDS);
  if (known && is_remembered(known, serial, words, LOOKED_WORDS))
    return known->clauses;
  u64 clauses = clauses_looked_at(filter, looked, false);
  if (known)
    keep_verdict(known, serial, words, LOOKED_WORDS, clauses);
  return clauses;
}

/* clauses_of_file(), remembered: for programs on tracepoints. */
inline_always u64 clauses_of_opened_file(struct filter *filter, u64 file) {
  struct looked_at looked = {};
  struct place other = {};
  if (look_at_file(filter, file, &looked, &other) != LOOKED)
    return FILTER_EVERY_CLAUSE;
  u64 clauses = clauses_remembered(filter, &looked);
  if (!other.dentry)
    return clauses;
  u64 result = look_at(filter, other.dentry, other.mnt, PATH_ELSEWHERE, &looked);
  return result == LOOKED      ? clauses | clauses_remembered(filter, &looked)
         : result == MEETS_ALL ? FILTER_EVERY_CLAUSE
                               : clauses;
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

/* Clauses that the path at an address of the current process can meet, if it is absolute or names below its directory
 * can meet those of `below`. A global function, as put_path() is. */
__noinline u64 clauses_of_passed(struct filter *filter, u64 address, u64 below) {
  struct passed_path path = {};
  if (!filter)
    return FILTER_EVERY_CLAUSE;
  long size = bpf_probe_read_user_str(path.words, PASSED_ROOM, (void *)address);
  if (size <= 1 || size >= PASSED_ROOM)
    return FILTER_EVERY_CLAUSE;
  path.length = size - 1;
  if ((u8)path.words[0] == '/')
    below = 0;
  if (size > (long)(REMEMBERED_WORDS * sizeof(u64)))
    return clauses_of_text(filter, &path) | below;
  u64 serial = *(volatile u64 *)&filter->serial;
  struct remembered_name *known = remembered_entry(&remembered_passed, path.words, REMEMBERED_WORDS);
  if (known && is_remembered(known, serial, path.words, REMEMBERED_WORDS))
    return known->clauses | below;
  u64 clauses = clauses_of_text(filter, &path);
  if (known)
    keep_verdict(known, serial, path.words, REMEMBERED_WORDS, clauses);
  return clauses | below;
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
  return directory ? clauses_below_file(filter, directory) : FILTER_EVERY_CLAUSE;
}

#endif
