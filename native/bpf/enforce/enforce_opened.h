/* What an opened file meets by its names, for the programs that decide before the end of an open and at it. */

#ifndef WASPREY_ENFORCE_OPENED_H
#define WASPREY_ENFORCE_OPENED_H

#include "enforce/enforce.h"
#include "filter/filter_path.h"

/* Whether a call opens a file, or a request of io_uring does. */
inline_always bool is_opening(u64 type) {
#define OR_TYPE(call, event_type) || type == event_type
  return false WASPREY_ENFORCED_OPENS(OR_TYPE);
#undef OR_TYPE
}

/* Tests that hold of the path of a place; ENFORCE_DOUBT if it leads to no root. Tests of names have no such bit. */
inline_always u64 tests_of_place(const struct enforcement *table, struct rooted_place *place, u32 is_directory) {
  if (!read_path(table, place, ENFORCE_PATH, WHOLE_PATH))
    return ENFORCE_DOUBT;
  u64 tests = place->tests;
  if (!table->directories)
    return tests;
  u32 part = is_directory ? WHOLE_PATH : DIRECTORY_PART;
  return read_path(table, place, ENFORCE_DIRECTORY, part) ? tests | place->tests : ENFORCE_DOUBT;
}

inline_always u64 tests_of_file(const struct enforcement *table, u64 file, u32 is_directory) {
  struct rooted_place place = place_of_file(file);
  u64 tests = tests_of_place(table, &place, is_directory);
  if (!table->resolved || tests == ENFORCE_DOUBT)
    return tests;
  return read_path(table, &place, ENFORCE_RESOLVED, WHOLE_PATH) ? tests | place.tests : ENFORCE_DOUBT;
}

/* The same for its other path. */
inline_always u64 tests_elsewhere(const struct enforcement *table, u64 file, u32 is_directory) {
  struct place found = {};
  if (!find_file_elsewhere(file, &found))
    return ENFORCE_DOUBT;
  struct rooted_place place = {found.dentry, found.mnt, NO_ROOT, NO_ROOT};
  return tests_of_place(table, &place, is_directory);
}

/* Whether there is a path to test: see describe_file(). */
inline_always bool has_path(u64 file) {
  u64 inode = LOAD_WORD(file, file, f_inode);
  u64 dentry = LOAD_WORD(file, file, f_path.dentry);
  u8 kind = file_kind(LOAD(inode, inode, i_mode), LOAD(super_block, LOAD_WORD(inode, inode, i_sb), s_magic), dentry);
  if ((LOAD(inode, inode, i_mode) & FORMAT_MASK) == FORMAT_SOCKET || (kind != 'f' && kind != 'd'))
    return false;
  return LOAD_WORD(dentry, dentry, d_parent) != dentry ||
         LOAD_WORD(vfsmount, LOAD_WORD(file, file, f_path.mnt), mnt_root) == dentry;
}

/* The clauses that the other path of a file meets. Tests of ENFORCE_RESOLVED are about its own path: where that is not
 * known, only those clauses count which are met whether such tests hold or not. */
inline_always u64 met_elsewhere(const struct enforcement *table, u64 clauses, u64 elsewhere, u64 names) {
  if (!(names & ENFORCE_DOUBT))
    return clauses_met(table, clauses, elsewhere | (names & table->resolved), 0);
  u64 met = clauses_met(table, clauses, elsewhere, 0);
  return table->resolved ? clauses_met(table, met, elsewhere | table->resolved, 0) : met;
}

/* The clauses that an opened file meets by its resolved path, or by its other one. The path as passed is not looked at:
 * the process may change it meanwhile. */
__noinline u64 clauses_of_opened(const struct enforcement *table, u64 file, u64 clauses, u32 is_directory) {
  if (!table)
    return 0;
  u64 met = nameless_clauses_met(table, &clauses);
  if (met || !clauses)
    return met;
  if (!file)
    return 0; /* it failed: there is nothing to stop */
  if (!has_path(file))
    return ENFORCE_DOUBT;
  u64 names = tests_of_file(table, file, is_directory);
  met = names & ENFORCE_DOUBT ? 0 : clauses_met(table, clauses, names, 0);
  if (met)
    return met;
  u64 elsewhere = tests_elsewhere(table, file, is_directory);
  met = elsewhere & ENFORCE_DOUBT ? 0 : met_elsewhere(table, clauses, elsewhere, names);
  return met || !(names & ENFORCE_DOUBT) ? met : ENFORCE_DOUBT;
}

#endif
