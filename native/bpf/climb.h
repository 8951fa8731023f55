/* From a dentry up to the root of a process, or to the top of all mounts. */

#ifndef WASPREY_CLIMB_H
#define WASPREY_CLIMB_H

#include "other_paths.h"

/* Names below more mounts and directories pass the filter. */
#define MOST_CLIMBED 96

/* Of the components next to the root so many are noted. */
#define NOTED_COMPONENTS 3

/* From a dentry up to the root, with the last components passed by on the way. */
struct climb {
  struct walk walk;
  u64 top[NOTED_COMPONENTS]; /* dentries, the one next to the root first */
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

/* With more mounts at one place a path is undecided. A runtime mounts a container's root over itself. */
#define MOST_STACKED 6

static long leave_step(u32 index, struct walk *walk) {
  return walk->dentry != walk->mnt_root || at_root(walk) || !cross_mount(walk);
}

/* From the root of a mount to its mount point, which may be the root of another; false if too many are stacked. */
inline_always bool leave_mounts(struct walk *walk) {
  return bpf_loop(MOST_STACKED + 2, leave_step, walk, 0) <= MOST_STACKED + 1; /* the turn that stops counts */
}

#endif
