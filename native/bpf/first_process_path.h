/* Where a file is for the first process of the container, or of the machine, whatever root and mounts a process has of
 * its own. */

#ifndef WASPREY_FIRST_PROCESS_PATH_H
#define WASPREY_FIRST_PROCESS_PATH_H

#include "path.h"

#define OVERLAYFS_MAGIC 0x794c7630

/* The root of the other path: none, so that it leads up to the top. */
#define NO_ROOT 0

#define USUAL_MOUNTS_UP 3 /* without a call of bpf_loop */

struct way_up {
  u64 mount;
  u64 top;
};

inline_always bool mount_up(struct way_up *way) {
  u64 parent = LOAD_WORD(mount, way->mount, mnt_parent);
  if (parent == way->mount)
    return false;
  if (LOAD_WORD(mount, way->mount, mnt_mountpoint) != LOAD_WORD(mount, parent, mnt.mnt_root))
    way->top = parent;
  way->mount = parent;
  return true;
}

static long way_up_step(u32 index, struct way_up *way) {
  return !mount_up(way);
}

/* The mount that other paths lead up to, and what it has below it: the one at the top of those that the first process
 * of the pid namespace has above its root. That process is the container's, or the machine's: a process of its own does
 * not choose it by chroot(2), pivot_root(2) or a mount namespace. A mount whose root lies under another is passed by:
 * the root of a machine is mounted over that of its initial RAM disk, which nobody sees. */
inline_always u64 home_mount(u64 task, u64 own_fs) {
  u64 pid = LOAD_WORD(task_struct, task, thread_pid);
  u64 space = LOAD_WORD(upid, upid_at(pid, LOAD(pid, pid, level)), ns);
  u64 fs = LOAD_WORD(task_struct, LOAD_WORD(pid_namespace, space, child_reaper), fs);
  if (!fs)
    fs = own_fs; /* it ends */
  u64 mount = LOAD_WORD(fs_struct, fs, root.mnt) - MNT_OFFSET;
  struct way_up way = {.mount = mount, .top = mount};
#pragma unroll
  for (u32 i = 0; i < USUAL_MOUNTS_UP; i++)
    if (!mount_up(&way))
      return way.top + MNT_OFFSET;
  struct way_up further = way; /* nobody gets the address of the other, so clang keeps it in registers */
  bpf_loop(MOST_STEPS, way_up_step, &further, 0);
  return further.top + MNT_OFFSET;
}

/* The inode of an overlay is followed by its dentry in the upper layer, as overlay_layer() has it, and that in the
 * lowest ones: behind a pointer to struct ovl_entry since 6.5, in the place of it before. That struct came with
 * backing_file. */
struct backing_file {
  int incomplete;
};
#define HAS_OVERLAY_ENTRY bpf_core_type_exists(struct backing_file)

/* The dentry of the file that an overlay shows, in the file system that has it; 0: unknown. */
inline_always u64 overlaid_dentry(u64 inode) {
  u64 behind = inode + bpf_core_type_size(struct inode);
  u64 upper = load_word(behind);
  if (upper)
    return upper;
  if (!HAS_OVERLAY_ENTRY)
    return load_word(behind + 2 * sizeof(u64));
  u64 entry = load_word(behind + sizeof(u64));
  return (u32)load_word(entry) ? load_word(entry + 2 * sizeof(u64)) : 0;
}

/* Where another path ends. */
struct place {
  u64 dentry;
  u64 mnt;
};

/* A dentry on its way up in its file system. */
struct way_within {
  u64 dentry;
  u64 root;
  u64 arrives;
};

static long way_within_step(u32 index, struct way_within *way) {
  u64 parent = LOAD_WORD(dentry, way->dentry, d_parent);
  way->arrives = way->dentry == way->root;
  if (way->arrives || parent == way->dentry)
    return 1;
  way->dentry = parent;
  return 0;
}

/* Whether a dentry lies within the part of its file system that a mount has. */
inline_always bool lies_within(u64 dentry, u64 mnt) {
  struct way_within way = {.dentry = dentry, .root = LOAD_WORD(vfsmount, mnt, mnt_root)};
  bpf_loop(MOST_STEPS, way_within_step, &way, 0);
  return way.arrives;
}

/* What the path of an executable begins with that leads to no root, as that of getcwd(2) does: the rest would pass for
 * one from a root. */
#define UNREACHABLE "(unreachable)"
#define UNREACHABLE_LENGTH (sizeof(UNREACHABLE) - 1)

/* Finds the place of an executable that its path is read from: where the first process has it, so that no process gains
 * a trusted path by a root of its own. A file on a mount of other namespaces, or of none, has the place that it was run
 * from, unless the first process's root has it as well. A global function, as put_path() is. */
__noinline int find_executable(u64 task, u64 file, struct place *place) {
  if (!place)
    return 0;
  u64 dentry = LOAD_WORD(file, file, f_path.dentry), mnt = LOAD_WORD(file, file, f_path.mnt);
  place->dentry = dentry;
  place->mnt = mnt;
  u64 home = home_mount(task, LOAD_WORD(task_struct, task, fs));
  u64 space = LOAD_WORD(mount, mnt - MNT_OFFSET, mnt_ns), home_space = LOAD_WORD(mount, home - MNT_OFFSET, mnt_ns);
  if (space == home_space || is_nowhere(home_space))
    return 0;
  u64 super = LOAD_WORD(dentry, dentry, d_sb), home_super = LOAD_WORD(vfsmount, home, mnt_sb);
  /* Runtimes run from an overlay of their own that is mounted nowhere. */
  if (is_nowhere(space) && LOAD(super_block, super, s_magic) == OVERLAYFS_MAGIC) {
    u64 overlaid = overlaid_dentry(LOAD_WORD(dentry, dentry, d_inode));
    if (overlaid && LOAD_WORD(dentry, overlaid, d_sb) == home_super) {
      dentry = overlaid;
      super = home_super;
    }
  }
  if (super != home_super || !lies_within(dentry, home))
    return 0;
  place->dentry = dentry;
  place->mnt = home;
  return 0;
}

#endif
