/* Tests that hold of names: of a path, an executable, or what a program is called. A path is read where the kernel has
 * it, from its end to the root, and never written down: programs of cgroups and of BPF LSM may be preempted for as long
 * as a process likes (by others of its own, of a higher priority), so they take nothing that others need. What they use
 * is on their stack. */

#ifndef WASPREY_ENFORCE_NAMES_H
#define WASPREY_ENFORCE_NAMES_H

#include "enforce_decide.h"
#include "executable.h"

/* Which part of a path is tested: how many names are read, and whether the last one is left out. `/` is left of the
 * directory if there is no other name. */
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

/* On the stack. At the start its words are numbers that the verifier does not know: with known ones each turn of a loop
 * would be a different state to it. */
struct reading {
  struct walk walk;
  struct enforce_text text;
  u64 at;        /* behind the byte that is read next */
  u64 left_out;  /* names */
  u64 names;     /* that are read at most */
  u64 read;      /* bytes of the path */
  u64 remaining; /* of a path that is too long */
};

/* A byte of the kernel, by the word that it is in: the next one may be on a page that is missing. */
inline_always u8 load_byte(u64 address) {
  return load_word(address & ~7ull) >> 8 * (address & 7);
}

static long read_byte_step(u32 index, struct reading *reading) {
  u64 at = reading->at - 1;
  reading->at = at;
  enforce_read_byte(&reading->text, load_byte(at));
  return 0;
}

inline_always void read_bytes(struct reading *reading, u64 address, u64 length) {
  reading->at = address + length;
  bpf_loop(length, read_byte_step, reading, 0);
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
  walk->dentry = parent;
  return AT_NAME;
}

/* Ends also where the path is longer than any text. */
static long read_name_step(u32 index, struct reading *reading) {
  u64 name = 0, length = 0;
  if (!reading->names || reading->read > LONGEST_TEXT)
    return 1;
  u32 found = go_up(&reading->walk, &name, &length);
  if (found != AT_NAME)
    return found == AT_END;
  if (reading->left_out) {
    reading->left_out = 0;
    return 0;
  }
  reading->names--;
  reading->read += length + 1;
  read_bytes(reading, name, length);
  enforce_read_byte(&reading->text, '/');
  return 0;
}

/* Adds up what remains of the path. */
static long measure_step(u32 index, struct reading *reading) {
  u64 name = 0, length = 0;
  u32 found = go_up(&reading->walk, &name, &length);
  if (found == AT_NAME)
    reading->remaining += length + 1;
  return found == AT_END;
}

/* Passes by what is left out of a path that is too long. */
static long pass_by_step(u32 index, struct reading *reading) {
  u64 name = 0, length = 0;
  if (reading->remaining <= KEPT_BEGINNING)
    return 1;
  u32 found = go_up(&reading->walk, &name, &length);
  if (found == AT_NAME)
    reading->remaining -= length + 1;
  return found == AT_END;
}

/* Of a path that is too long, the end was read. What is between that and the beginning meets no test, and records leave
 * it out too: see put_path(). */
static __noinline void read_beginning(struct reading *reading, u32 text) {
  u64 dentry = reading->walk.dentry, mnt = reading->walk.mnt, mnt_root = reading->walk.mnt_root;
  u64 zero = enforce_zero(reading->text.table);
  reading->remaining = zero;
  bpf_loop(MOST_STEPS, measure_step, reading, 0);
  reading->walk.dentry = dentry;
  reading->walk.mnt = mnt;
  reading->walk.mnt_root = mnt_root;
  bpf_loop(MOST_STEPS, pass_by_step, reading, 0);
  reading->text.ending = ENFORCE_DEAD;
  reading->text.beginning = ENFORCE_BEGINNINGS(text) | zero;
  reading->read = zero;
  if (bpf_loop(MOST_STEPS, read_name_step, reading, 0) >= MOST_STEPS || reading->read > LONGEST_TEXT)
    reading->walk.partial = 1;
}

/* Finds the tests that hold of a part of the path of a place; false if it leads to no root. A global function, as
 * put_path() is. */
__noinline bool read_path(const struct enforcement *table, struct rooted_place *place, u32 text, u32 part) {
  if (!table || !place)
    return false;
  struct reading reading;
  struct walk *walk = &reading.walk;
  enforce_begin_text(&reading.text, table, text);
  reading.at = enforce_zero(table);
  reading.left_out = part & 1;
  reading.names = part >> 1;
  reading.read = enforce_zero(table);
  reading.remaining = enforce_zero(table);
  walk->room = 0;
  walk->partial = enforce_zero(table);
  walk->dentry = place->dentry;
  walk->mnt = place->mnt;
  walk->mnt_root = LOAD_WORD(vfsmount, walk->mnt, mnt_root);
  walk->root_dentry = place->root_dentry;
  walk->root_mnt = place->root_mnt;
  if (!place->dentry || bpf_loop(MOST_STEPS, read_name_step, &reading, 0) >= MOST_STEPS)
    return false;
  if (unlikely(reading.read > LONGEST_TEXT))
    read_beginning(&reading, text);
  if (walk->partial)
    return false;
  if (!reading.read)
    enforce_read_byte(&reading.text, '/');
  place->tests = enforce_tests_of_text(&reading.text);
  return true;
}

/* The same for a name that is a text in the kernel. */
__noinline u64 tests_of_text(const struct enforcement *table, u64 address, u64 length, u32 text) {
  if (!table)
    return 0;
  struct reading reading;
  enforce_begin_text(&reading.text, table, text);
  read_bytes(&reading, address, length);
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

/* Finds the tests that hold of a part of the path of an executable, or of the name of a memfd, as images have it; false
 * if it is not known. */
inline_always bool read_executable(const struct enforcement *table, u64 file, u32 text, u32 part, u64 *tests) {
  if (!file)
    return false;
  struct rooted_place place = place_of_file(file);
  u64 inode = LOAD_WORD(file, file, f_inode);
  if (LOAD(super_block, LOAD_WORD(inode, inode, i_sb), s_magic) == TMPFS_MAGIC && is_memfd(place.dentry)) {
    u64 length = name_length(place.dentry);
    *tests = tests_of_text(table, LOAD_WORD(dentry, place.dentry, d_name.name), length, text);
    return length;
  }
  if (!read_path(table, &place, text, part))
    return false;
  *tests = place.tests;
  return true;
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
