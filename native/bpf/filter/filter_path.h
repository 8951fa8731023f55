/* The path part of the kernel filter: the clauses that the passed or the resolved name of a file can
 * satisfy. Names are read in place; no path is built. */

#ifndef WASPREY_FILTER_PATH_H
#define WASPREY_FILTER_PATH_H

#include "climb.h"
#include "filter/passed_path.h"

_Static_assert(NOTED_COMPONENTS == LOOKED_COMPONENTS, "what the tables look at is what a climb notes");

/* Queries about a path. */
#define PATH_ITSELF 0
#define PATH_ELSEWHERE 1 /* up to the top of the mounts; one that does not lead there meets nothing */

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
  /* The path of a mount's root ends with the name of its mount point. */
  if (unlikely(dentry == climb.walk.mnt_root) && !leave_mounts(&climb.walk))
    return MEETS_ALL;
  looked->sizes = zero;
  look_at_ending(looked, climb.walk.dentry);
  if (!climb_to_top(&climb))
    return MEETS_ALL;
  if (climb.walk.partial)
    return asked == PATH_ELSEWHERE ? MEETS_NOTHING : MEETS_ALL;
  put_size(looked, SIZE_OF_PATH, climb.components, LOOKED_COMPONENTS);
#pragma unroll
  for (u32 i = 0; i < LOOKED_COMPONENTS; i++)
    look_at_beginning(looked, i, climb.top[i]);
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

/* Clauses that the path of a dentry on a mount can meet. */
inline_always u64 clauses_of_place(struct filter *filter, u64 dentry, u64 mnt, u32 asked) {
  struct looked_at looked = {};
  u64 result = look_at(filter, dentry, mnt, asked, &looked);
  if (result != LOOKED)
    return result == MEETS_ALL ? FILTER_EVERY_CLAUSE : 0;
  return clauses_looked_at(filter, &looked);
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

/* Clauses that names below the directory of a path as passed can meet, remembered: for programs on tracepoints. The
 * directory's own path is followed up to the root each time: the directory, or one above it, may have been renamed. */
inline_always u64 clauses_below(struct filter *filter, struct task_struct *task, s32 dirfd) {
  struct looked_at looked = {};
  u64 directory = directory_at(task, dirfd);
  if (!directory || look_at(filter, LOAD_WORD(path, directory, dentry), LOAD_WORD(path, directory, mnt), PATH_ITSELF,
                            &looked) != LOOKED)
    return FILTER_EVERY_CLAUSE;
  looked.sizes |= LOOKED_BELOW; /* not in look_at(): 6.1 has no stack for it there */
  return clauses_remembered(filter, &looked);
}

#endif
