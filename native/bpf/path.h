/* The kernel's paths: from dentry and mount up to the root of a process, across mounts, like d_path.
 * Written backwards from the far end of the room, then moved to its beginning: cheaper than to measure first. */

#ifndef WASPREY_PATH_H
#define WASPREY_PATH_H

#include "maps.h"

/* Longer names than any that a file system of ours has (NTFS: 255 UTF-16 units, 765 bytes of UTF-8). One of FUSE may
 * have longer ones, up to 4095 bytes: a path has LEFT_OUT in their place. */
#define LONGEST_NAME 1023

/* A path may be longer than a text: relative names lead on from any directory. Rules match beginnings (`/etc/`) and
 * endings, so it keeps both. Names between them are left out: each is `/...`, as long as there is room for that, so
 * that `..` behind them leads up as far as it does in the file system. */
#define LEFT_OUT_LENGTH 4
#define KEPT_BEGINNING 1024
#define LEFT_OUT_ROOM 256

/* Names are copied in words that end where the name ends, so that up to 7 bytes before its start are written over; the
 * next name overwrites them. The verifier assumes up to 24: the room it is given begins 16 bytes earlier
 * than where the text is to be, in what is there already. */
#define PATH_GAP 8
#define PATH_OVERLAP 16

/* Names and mounts on the way to a root. Mounts may lie over each other, 100,000 in a namespace (fs.mount-max). */
#define MOST_STEPS (1 << 17)

/* Buffer of put_path(): the walk writes up to the end of `text`, the result begins at its start. The slack is
 * needed by the verifier's estimate of the last name. */
struct path_room {
  u8 overlap[PATH_OVERLAP];
  u8 text[PATH_GAP + LONGEST_TEXT + 1];
  u8 slack[LONGEST_NAME + 1];
};

/* Most room that an appended path takes. */
#define PATH_ROOM (sizeof(struct path_room) - PATH_OVERLAP)

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

/* Eight bytes in a room. Through a function, or clang would see that a room is aligned to nothing and write bytes. */
inline_always u64 *word_at(void *address) {
  return address;
}

/* Where the part written so far starts, counted from behind the gap. Kept behind the text, not on the stack: what comes
 * from there is any number to the verifier, so that one turn of the walk looks like the next. */
#define POSITION(room) (*word_at((room)->slack))

/* Of a path that is too long: its length up to the end of the next name. 0: no path is known to be so. */
#define REMAINING(room) (*word_at((room)->slack + sizeof(u64)))

/* Where the path ends. Not on the stack, of which 6.1 has too little. */
#define LAST_DENTRY(room) (*word_at((room)->slack + 2 * sizeof(u64)))
#define LAST_MNT(room) (*word_at((room)->slack + 3 * sizeof(u64)))

#define MNT_OFFSET bpf_core_field_offset(struct mount, mnt)

/* Whether mounts of a namespace, which is an address, are mounted nowhere: taken away, or made by fsmount(2) or
 * open_tree(2) and not moved to a place yet. The namespace of these has no number, or since 6.18 this one. */
#define ANONYMOUS_NAMESPACE 0xeffffff7 /* MNT_NS_ANON_INO */

inline_always bool is_nowhere(u64 space) {
  if (!space)
    return true;
  u32 number = LOAD(mnt_namespace, space, ns.inum);
  return !number || number == ANONYMOUS_NAMESPACE;
}

/* At the root of a mount: continues from its mount point. False at the top. */
inline_always bool cross_mount(struct walk *walk) {
  u64 mount = walk->mnt - MNT_OFFSET;
  u64 parent = LOAD_WORD(mount, mount, mnt_parent);
  if (parent == mount) {
    if (is_nowhere(LOAD_WORD(mount, mount, mnt_ns)))
      walk->partial = 1;
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

/* Copies a name so that it ends at `end`. */
inline_always void put_name(struct path_room *room, u64 end, u64 name, u64 length) {
  if (HAS_CAST && length <= 24) {
    u8 *last = room->overlap + end; /* 24 bytes before the end */
    *word_at(last + 16) = load_word(name + length - 8);
    if (length > 8)
      *word_at(last + 8) = load_word(name + length - 16);
    if (length > 16)
      *word_at(last) = load_word(name + length - 24);
    return;
  }
  u64 start = (end - length) & LONGEST_TEXT;
  bpf_probe_read_kernel(room->text + PATH_GAP + start, length & LONGEST_NAME, (void *)name);
}

/* Whether a name is in the middle of a path that is too long. Takes note of what remains behind it. */
inline_always bool is_left_out(struct path_room *room, u64 end, u64 length) {
  u64 remaining = REMAINING(room);
  if (likely(!remaining))
    return false;
  REMAINING(room) = remaining > length + 1 ? remaining - length - 1 : 1;
  return length > LONGEST_NAME || (remaining > KEPT_BEGINNING && end <= KEPT_BEGINNING + LEFT_OUT_ROOM + length);
}

/* Writes `/...`, if there is room for it before the path's beginning. */
inline_always void put_left_out(struct path_room *room) {
  u64 end = POSITION(room); /* read again: 6.1 has no room for it on the stack */
  if (end < KEPT_BEGINNING + LEFT_OUT_LENGTH)
    return;
  u64 start = (end - LEFT_OUT_LENGTH) & LONGEST_TEXT;
  u8 *text = room->text + PATH_GAP + start;
  text[0] = '/';
  text[1] = text[2] = text[3] = '.';
  POSITION(room) = start;
}

static long path_step(u32 index, struct walk *walk) {
  if (at_root(walk))
    return 1;
  if (walk->dentry == walk->mnt_root)
    return !cross_mount(walk);
  u64 end = POSITION(walk->room) & LONGEST_TEXT;
  opaque(end); /* or clang would keep it without the mask too: on 6.1 the stack is full */
  u64 parent = LOAD_WORD(dentry, walk->dentry, d_parent);
  u64 length = name_length(walk->dentry);
  if (parent == walk->dentry) {
    walk->partial = 1; /* outside the tree */
    return 1;
  }
  if (is_left_out(walk->room, end, length)) {
    put_left_out(walk->room);
    walk->dentry = parent;
    return 0;
  }
  if (length >= end || length > LONGEST_NAME)
    return 1;
  opaque(length); /* or clang would leave out the mask in put_name(), which the verifier needs */
  put_name(walk->room, end, LOAD_WORD(dentry, walk->dentry, d_name.name), length);
  u64 start = (end - length - 1) & LONGEST_TEXT;
  walk->room->text[PATH_GAP + start] = '/';
  POSITION(walk->room) = start;
  walk->dentry = parent;
  return 0;
}

/* Adds up the path's length. */
static long length_step(u32 index, struct walk *walk) {
  if (at_root(walk))
    return 1;
  if (walk->dentry == walk->mnt_root)
    return !cross_mount(walk);
  u64 parent = LOAD_WORD(dentry, walk->dentry, d_parent);
  if (parent == walk->dentry)
    return 1;
  REMAINING(walk->room) += name_length(walk->dentry) + 1;
  walk->dentry = parent;
  return 0;
}

/* Moves what was written to the beginning of the text. Short ones by eight words, whatever their length: a third of the
 * helper's cost. */
inline_always void move_text(struct path_room *room, u64 start, u64 length) {
  u8 *from = room->text + PATH_GAP + start;
  if (length > 8 * sizeof(u64)) {
    bpf_probe_read_kernel(room->text, length, from);
    return;
  }
#pragma unroll
  for (u32 i = 0; i < 8; i++)
    *word_at(room->text + i * sizeof(u64)) = *word_at(from + i * sizeof(u64));
}

/* What put_path() returns, in one register: length, and whether it is partial. */
#define PATH_LENGTH(result) ((result) & LONGEST_TEXT)
#define PATH_PARTIAL(result) ((result) >> 32)

/* Goes to where the path ends. */
inline_always void begin_walk(struct walk *walk) {
  walk->dentry = LAST_DENTRY(walk->room);
  walk->mnt = LAST_MNT(walk->room);
  walk->mnt_root = LOAD_WORD(vfsmount, walk->mnt, mnt_root);
}

/* Whether a walk that has ended had more to write. */
inline_always bool is_too_long(const struct walk *walk) {
  return !walk->partial && walk->dentry != walk->mnt_root && !at_root(walk);
}

/* Writes the path of a dentry on a mount, as a process whose root is the other two sees it, to the text of the room.
 * All four are addresses. A path whose beginning is unknown (unmounted) is partial; one renamed under way
 * may mix both names. A global function: the verifier looks at it once, not at each call. */
__noinline u64 put_path(struct path_room *room, u64 dentry, u64 mnt, u64 root_dentry, u64 root_mnt) {
  if (!room)
    return 0;
  struct walk walk = {.root_dentry = root_dentry, .root_mnt = root_mnt, .room = room};
  POSITION(room) = LONGEST_TEXT;
  REMAINING(room) = 0;
  LAST_DENTRY(room) = dentry;
  LAST_MNT(room) = mnt;
  begin_walk(&walk);
  if (bpf_loop(MOST_STEPS, path_step, &walk, 0) >= MOST_STEPS)
    walk.partial = 1;
  if (unlikely(is_too_long(&walk))) {
    begin_walk(&walk);
    bpf_loop(MOST_STEPS, length_step, &walk, 0);
    begin_walk(&walk);
    POSITION(room) = LONGEST_TEXT;
    if (bpf_loop(MOST_STEPS, path_step, &walk, 0) >= MOST_STEPS || is_too_long(&walk))
      walk.partial = 1;
  }
  u64 start = POSITION(room) & LONGEST_TEXT;
  u64 length = LONGEST_TEXT - start;
  if (!length) {
    room->text[0] = '/';
    return 1 | walk.partial << 32;
  }
  *word_at(room->text + start) = 0; /* the first word copied has left kernel bytes before the name */
  move_text(room, start, length);
  return length | walk.partial << 32;
}

/* The same for the `struct path` at an address, and the root of the task. */
inline_always u64 put_path_of(struct path_room *room, u64 path, struct task_struct *task) {
  u64 fs = LOAD_WORD(task_struct, task, fs);
  return put_path(room, LOAD_WORD(path, path, dentry), LOAD_WORD(path, path, mnt),
                  LOAD_WORD(fs_struct, fs, root.dentry), LOAD_WORD(fs_struct, fs, root.mnt));
}

#endif
