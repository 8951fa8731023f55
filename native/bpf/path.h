/* Paths as the kernel has them: from dentry and mount up to the root of a process, across mounts, as d_path does it.
 * Two walks: the first measures, the second writes from the end, so that nothing has to be moved and nothing zeroed. */

#ifndef WASPREY_PATH_H
#define WASPREY_PATH_H

#include "maps.h"

/* Names longer than this are no names that a file system of ours has (NTFS: 255 UTF-16 units, 765 bytes of UTF-8). */
#define LONGEST_NAME 1023

/* A path's text starts so far behind what is before it: names are copied in words that end where the name ends, so that
 * up to 7 bytes before its start are written over. The verifier believes that it may be 24: the room it is told of
 * begins 16 bytes earlier, in what is there already. */
#define PATH_GAP 8
#define PATH_OVERLAP 16

/* Room that a path takes at most, from where it is appended. */
#define PATH_ROOM (PATH_GAP + LONGEST_TEXT + 1 + LONGEST_NAME + 1)

/* What put_path() may write to: gap, text, and what the verifier believes the last name could take. */
struct path_room {
  u8 gap[PATH_OVERLAP + PATH_GAP];
  u8 text[LONGEST_TEXT + 1];
  u8 slack[LONGEST_NAME + 1];
};

/* The walk holds addresses as plain numbers: with typed pointers the verifier would tell apart states that differ in
 * nothing but where a pointer came from, and take a hundred times as long. */
struct walk {
  u64 dentry;
  u64 mnt; /* struct vfsmount in its struct mount */
  u64 mnt_root;
  u64 root_dentry;
  u64 root_mnt;
  struct path_room *room;
  u64 partial;
};

/* First walk: length so far; second: where the part written starts. It is kept in front of the text, not on the stack:
 * what comes from there is any number to the verifier, so that one turn of the walk looks like the next. The word is
 * written over with the last name, just before it is set anew. */
#define POSITION(room) (*(u64 *)((room)->gap + PATH_OVERLAP))

#define MNT_OFFSET bpf_core_field_offset(struct mount, mnt)

/* At the root of a mount: goes on from its mount point. False at the top. */
inline_always bool cross_mount(struct walk *walk) {
  u64 mount = walk->mnt - MNT_OFFSET;
  u64 parent = LOAD_WORD(mount, mount, mnt_parent);
  if (parent == mount) {
    if (!LOAD_WORD(mount, mount, mnt_ns))
      walk->partial = 1; /* unmounted lazily, or never mounted */
    return false;
  }
  walk->dentry = LOAD_WORD(mount, mount, mnt_mountpoint);
  walk->mnt = parent + MNT_OFFSET;
  walk->mnt_root = LOAD_WORD(vfsmount, walk->mnt, mnt_root);
  return true;
}

inline_always bool at_root(const struct walk *walk) {
  return walk->dentry == walk->root_dentry && walk->mnt == walk->root_mnt;
}

inline_always u64 name_length(u64 dentry) {
  return (u32)LOAD_WORD(dentry, dentry, d_name.len);
}

static long measure_step(u32 index, struct walk *walk) {
  if (at_root(walk))
    return 1;
  if (walk->dentry == walk->mnt_root)
    return !cross_mount(walk);
  u64 parent = LOAD_WORD(dentry, walk->dentry, d_parent);
  u64 length = name_length(walk->dentry);
  u64 position = POSITION(walk->room) + length + 1;
  if (parent == walk->dentry || length > LONGEST_NAME || position > LONGEST_TEXT) {
    walk->partial = 1;
    return 1;
  }
  POSITION(walk->room) = position;
  walk->dentry = parent;
  return 0;
}

/* Copies a name so that it ends at `end`. */
inline_always void put_name(struct path_room *room, u64 end, u64 name, u64 length) {
  if (HAS_CAST && length <= 24) {
    u8 *last = room->gap + end; /* 24 bytes before the end */
    *(u64 *)(last + 16) = load_word(name + length - 8);
    if (length > 8)
      *(u64 *)(last + 8) = load_word(name + length - 16);
    if (length > 16)
      *(u64 *)last = load_word(name + length - 24);
    return;
  }
  u64 start = (end - length) & LONGEST_TEXT;
  bpf_probe_read_kernel(room->text + start, length & LONGEST_NAME, (void *)name);
}

static long write_step(u32 index, struct walk *walk) {
  u64 end = POSITION(walk->room) & LONGEST_TEXT;
  if (at_root(walk) || !end)
    return 1;
  if (walk->dentry == walk->mnt_root)
    return !cross_mount(walk);
  u64 parent = LOAD_WORD(dentry, walk->dentry, d_parent);
  u64 length = name_length(walk->dentry);
  if (parent == walk->dentry || length >= end) { /* renamed since it was measured */
    walk->partial = 1;
    return 1;
  }
  put_name(walk->room, end, LOAD_WORD(dentry, walk->dentry, d_name.name), length);
  u64 start = (end - length - 1) & LONGEST_TEXT;
  walk->room->text[start] = '/';
  POSITION(walk->room) = start;
  walk->dentry = parent;
  return 0;
}

/* What put_path() returns, in one register: length, bytes to skip before the text, whether it is partial. */
#define PATH_LENGTH(result) ((result) & LONGEST_TEXT)
#define PATH_SKIP(result) ((result) >> 16 & LONGEST_TEXT)
#define PATH_PARTIAL(result) ((result) >> 32)

/* Writes the path of a dentry on a mount, as a process whose root is the other two sees it, behind the room's gap. All
 * four are addresses. A path that is cut at its beginning (too deep, unmounted, renamed under way) is partial. A global
 * function: the verifier looks at it once, not at each call. */
__noinline u64 put_path(struct path_room *room, u64 dentry, u64 mnt, u64 root_dentry, u64 root_mnt) {
  if (!room)
    return 0;
  struct walk walk = {
      .dentry = dentry,
      .mnt = mnt,
      .mnt_root = LOAD_WORD(vfsmount, mnt, mnt_root),
      .root_dentry = root_dentry,
      .root_mnt = root_mnt,
      .room = room,
  };
  POSITION(room) = 0;
  bpf_loop(2 * (LONGEST_TEXT + 1), measure_step, &walk, 0);
  u64 total = POSITION(room) & LONGEST_TEXT;
  if (!total) {
    room->text[0] = '/';
    return 1 | walk.partial << 32;
  }
  walk.dentry = dentry;
  walk.mnt = mnt;
  walk.mnt_root = LOAD_WORD(vfsmount, mnt, mnt_root);
  bpf_loop(2 * (LONGEST_TEXT + 1), write_step, &walk, 0);
  u64 skip = POSITION(room) & LONGEST_TEXT;
  POSITION(room) = 0;
  if (skip > total)
    return 0;
  return (total - skip) | skip << 16 | (skip ? 1 : walk.partial) << 32;
}

/* The same for the `struct path` at an address, and the root of the task. */
inline_always u64 put_path_of(struct path_room *room, u64 path, struct task_struct *task) {
  return put_path(room, LOAD_WORD(path, path, dentry), LOAD_WORD(path, path, mnt),
                  LOAD_WORD(fs_struct, task->fs, root.dentry), LOAD_WORD(fs_struct, task->fs, root.mnt));
}

/* Unlinked since it was opened; what d_path marks with " (deleted)". */
inline_always bool is_deleted(u64 dentry) {
  return !LOAD_WORD(dentry, dentry, d_hash.pprev) && LOAD_WORD(dentry, dentry, d_parent) != dentry;
}

#endif
