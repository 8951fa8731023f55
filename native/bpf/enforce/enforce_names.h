/* Tests that hold of names: of a path, an executable, or what a program is called. A path is read where the kernel has
 * it, from its last name to the root, and never copied: programs of cgroups and of BPF LSM may be preempted for as long
 * as a process likes (by others of its own, of a higher priority), so they take nothing that others need. What they use
 * is on their stack. */

#ifndef WASPREY_ENFORCE_NAMES_H
#define WASPREY_ENFORCE_NAMES_H

#include "enforce/enforce_decide.h"
#include "executable.h"

/* Which part of a path is tested: twice the number of names that are read, and 1 if the last one is left out. `/` is
 * left of the directory if there is no other name. */
#define WHOLE_PATH (MOST_STEPS << 1)
#define DIRECTORY_PART (MOST_STEPS << 1 | 1)
#define FILE_PART (1 << 1)

/* A dentry on a mount, the root up to which its path leads, and what is found of it. */
struct rooted_place {
  u64 dentry;
  u64 mnt;
  u64 root_dentry;
  u64 root_mnt;
  u64 tests; /* that hold */
};

/* On the stack, of which 6.1 has too little for more. At the start the words are numbers that the verifier does not
 * know: with known ones each turn of a loop would be a different state to it. */
struct reading {
  struct walk walk;
  struct enforce_text text;
  u64 name;
  u64 left;  /* bytes of the name that are to be read, and the slash before it */
  u64 names; /* that are to be read: see WHOLE_PATH */
  u64 read;  /* bytes of the path */
};

/* A byte of the kernel, by the word that it is in: the next one may be on a page that is missing. */
inline_always u8 load_byte(u64 address) {
  return load_word(address & ~7ull) >> 8 * (address & 7);
}

#define AT_END 0
#define ON_MOUNT 1 /* another one: there is no name */
#define AT_NAME 2

/* Goes a step up, and says what was there. */
inline_always u32 go_up(struct walk *walk, u64 *name, u64 *length) {
  if (at_root(walk))
    return AT_END;
  if (walk->dentry == walk->mnt_root)
    return cross_mount(walk) ? ON_MOUNT : AT_END;
  u64 parent = LOAD_WORD(dentry, walk->dentry, d_parent);
  if (parent == walk->dentry) {
    walk->partial = 1; /* outside the tree */
    return AT_END;
  }
  *name = LOAD_WORD(dentry, walk->dentry, d_name.name);
  *length = name_length(walk->dentry);
  if (*length > LONGEST_NAME) { /* records have `/...` in its place: see put_path() */
    walk->partial = 1;
    return AT_END;
  }
  walk->dentry = parent;
  return AT_NAME;
}

/* Reads a byte, or finds the next name. Ends also where the path is longer than any text. */
static long read_step(u32 index, struct reading *reading) {
  u64 left = reading->left, names = reading->names, name = 0, length = 0;
  if (left > 1 || (left && names >= 2)) { /* the slash before the last name is part of no text */
    reading->left = left - 1;
    enforce_read_byte(&reading->text, left > 1 ? load_byte(reading->name + left - 2) : '/');
    return 0;
  }
  if (names < 2 || reading->read > LONGEST_TEXT)
    return 1;
  u32 found = go_up(&reading->walk, &name, &length);
  if (found != AT_NAME)
    return found == AT_END;
  if (names & 1) {
    reading->names = names - 1;
    return 0;
  }
  reading->names = names - 2;
  reading->name = name;
  reading->left = length + 1;
  reading->read += length + 1;
  return 0;
}

/* Adds up the bytes of the path. */
static long measure_step(u32 index, struct reading *reading) {
  u64 name = 0, length = 0;
  u32 found = go_up(&reading->walk, &name, &length);
  if (found == AT_NAME)
    reading->left += length + 1;
  return found == AT_END;
}

/* Passes by what is left out of a path that is too long. */
static long pass_by_step(u32 index, struct reading *reading) {
  u64 name = 0, length = 0;
  if (reading->left <= KEPT_BEGINNING)
    return 1;
  u32 found = go_up(&reading->walk, &name, &length);
  if (found == AT_NAME)
    reading->left -= length + 1;
  return found == AT_END;
}

inline_always void start_walk(struct walk *walk, const struct rooted_place *place) {
  walk->dentry = place->dentry;
  walk->mnt = place->mnt;
  walk->mnt_root = LOAD_WORD(vfsmount, walk->mnt, mnt_root);
}

/* For names, mounts, and the bytes of the longest text and of a name that goes beyond it. */
#define MOST_READ_STEPS (2 * MOST_STEPS)

/* Finds the tests that hold of a part of the path of a place; false if it leads to no root. A global function, as
 * put_path() is. */
__noinline bool read_path(const struct enforcement *table, struct rooted_place *place, u32 text, u32 part) {
  if (!table || !place || !place->dentry)
    return false;
  struct reading reading;
  struct walk *walk = &reading.walk;
  enforce_begin_text(&reading.text, table, text);
  reading.name = enforce_zero(table);
  reading.left = enforce_zero(table);
  reading.names = part;
  reading.read = enforce_zero(table);
  walk->room = 0;
  walk->partial = enforce_zero(table);
  walk->root_dentry = place->root_dentry;
  walk->root_mnt = place->root_mnt;
  start_walk(walk, place);
  if (bpf_loop(MOST_READ_STEPS, read_step, &reading, 0) >= MOST_READ_STEPS)
    return false;
  if (unlikely(reading.read > LONGEST_TEXT && reading.names >= 2)) {
    /* Its end was read. What is between that and its beginning meets no test, and records leave it out too: see
     * put_path(). */
    start_walk(walk, place);
    bpf_loop(MOST_STEPS, measure_step, &reading, 0);
    start_walk(walk, place);
    bpf_loop(MOST_STEPS, pass_by_step, &reading, 0);
    reading.text.ending = ENFORCE_DEAD;
    reading.text.beginning = ENFORCE_BEGINNINGS(text) | enforce_zero(table);
    reading.left = enforce_zero(table);
    reading.read = enforce_zero(table);
    if (bpf_loop(MOST_READ_STEPS, read_step, &reading, 0) >= MOST_READ_STEPS || reading.read > LONGEST_TEXT)
      return false;
  }
  if (walk->partial)
    return false;
  if (!reading.read)
    enforce_read_byte(&reading.text, '/');
  place->tests = enforce_tests_of_text(&reading.text);
  return true;
}

/* A text in the kernel, read from its end. */
struct reading_text {
  struct enforce_text text;
  u64 at; /* behind the byte that is read next */
};

static long read_byte_step(u32 index, struct reading_text *reading) {
  u64 at = reading->at - 1;
  reading->at = at;
  enforce_read_byte(&reading->text, load_byte(at));
  return 0;
}

/* The same for a name that is a text in the kernel. */
__noinline u64 tests_of_text(const struct enforcement *table, u64 address, u64 length, u32 text) {
  if (!table)
    return 0;
  struct reading_text reading;
  enforce_begin_text(&reading.text, table, text);
  reading.at = address + length;
  bpf_loop(length, read_byte_step, &reading, 0);
  return enforce_tests_of_text(&reading.text);
}

/* The place of an open file, for the current process. */
inline_always struct rooted_place place_of_file(u64 file) {
  u64 fs = LOAD_WORD(task_struct, bpf_get_current_task_btf(), fs);
  return (struct rooted_place){
      .dentry = LOAD_WORD(file, file, f_path.dentry),
      .mnt = LOAD_WORD(file, file, f_path.mnt),
      .root_dentry = LOAD_WORD(fs_struct, fs, root.dentry),
      .root_mnt = LOAD_WORD(fs_struct, fs, root.mnt),
  };
}

/* Finds the tests that hold of a part of the path of an executable of the current process, or of the name of one that
 * is memory alone, as images have it; false if it is not known. */
inline_always bool read_executable(const struct enforcement *table, u64 file, u32 text, u32 part, u64 *tests) {
  if (!file)
    return false;
  u64 dentry = LOAD_WORD(file, file, f_path.dentry);
  if (is_memory(dentry)) {
    u64 length = name_length(dentry);
    *tests = tests_of_text(table, LOAD_WORD(dentry, dentry, d_name.name), length, text);
    return length;
  }
  struct place found = {};
  find_executable(bpf_get_current_task(), file, &found);
  struct rooted_place place = {.dentry = found.dentry, .mnt = found.mnt, .root_dentry = NO_ROOT, .root_mnt = NO_ROOT};
  bool known = read_path(table, &place, text, part);
  *tests = place.tests;
  return known;
}

#define LONGEST_COMM 15

/* The last component of a text in the kernel that ends with a zero. */
struct last_component {
  u64 start;
  u64 end;
};

static long last_component_step(u32 index, struct last_component *last) {
  u64 at = last->end;
  u8 byte = load_word(at & ~7ull) >> 8 * (at & 7);
  if (!byte)
    return 1;
  last->end = at + 1;
  if (byte == '/')
    last->start = at + 1;
  return 0;
}

/* Tests that hold of what a program is called: the end of a text in the kernel, as far as a process keeps it. */
inline_always u64 tests_of_comm(const struct enforcement *table, u64 address) {
  struct last_component last = {address, address};
  bpf_loop(LONGEST_TEXT + 1, last_component_step, &last, 0);
  u64 length = last.end - last.start;
  return tests_of_text(table, last.start, length < LONGEST_COMM ? length : LONGEST_COMM, ENFORCE_NAME);
}

#endif
