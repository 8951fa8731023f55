/* Another path of an open file than the one by which it was opened: that of another hard link, for a bind
 * mount the path in its own file system, and for a process with its own root the path from the top of its mounts.
 * Rules name a file by one of its paths. */

#ifndef WASPREY_ELSEWHERE_H
#define WASPREY_ELSEWHERE_H

#include "descriptor.h"

/* Most names of a file that are checked. */
#define MOST_NAMES 16

/* Finds the oldest name other than `own`: a file is looked up before a new link to it is made. */
struct names {
  u64 node;
  u64 own;
  u64 found;
};

/* The link of a dentry among those of its inode: in the union d_u up to 6.18, in an unnamed one in 7.3. */
struct dentry___named_union {
  union {
    struct hlist_node d_alias;
  } d_u;
} RELOCATED;
struct dentry___unnamed_union {
  struct hlist_node d_alias;
} RELOCATED;

inline_always u64 alias_offset(void) {
  struct dentry___named_union *named = 0;
  struct dentry___unnamed_union *unnamed = 0;
  return bpf_core_field_exists(named->d_u) ? bpf_core_field_offset(named->d_u.d_alias)
                                           : bpf_core_field_offset(unnamed->d_alias);
}

static long names_step(u32 index, struct names *names) {
  if (!names->node)
    return 1;
  u64 dentry = names->node - alias_offset();
  names->node = LOAD_WORD(hlist_node, names->node, next);
  if (dentry != names->own && LOAD_WORD(dentry, dentry, d_hash.pprev)) /* one that is hashed was not removed */
    names->found = dentry;
  return 0;
}

/* The root of the other path: none, so that it leads up to the top. */
#define NO_ROOT 0

/* A root lies at most so many mounts below the top. */
#define MOST_MOUNTS_UP 8

/* The mount at the top of those that the current process has above it. The root of a machine is mounted over that
 * of its initial RAM disk, which nobody sees. Global functions, as put_path() is. */
__noinline u64 top_mount(void) {
  u64 fs = LOAD_WORD(task_struct, bpf_get_current_task_btf(), fs);
  u64 mount = LOAD_WORD(fs_struct, fs, root.mnt) - MNT_OFFSET;
#pragma unroll
  for (u32 i = 0; i < MOST_MOUNTS_UP; i++) {
    u64 parent = LOAD_WORD(mount, mount, mnt_parent);
    if (parent == mount || LOAD_WORD(mount, mount, mnt_mountpoint) == LOAD_WORD(mount, parent, mnt.mnt_root))
      break;
    mount = parent;
  }
  return mount + MNT_OFFSET;
}

/* The mount of the other path: the one at the top, if it has the same file system. */
__noinline u64 mount_elsewhere(u64 file) {
  u64 mnt = LOAD_WORD(file, file, f_path.mnt), top = top_mount();
  return LOAD_WORD(vfsmount, mnt, mnt_sb) == LOAD_WORD(vfsmount, top, mnt_sb) ? top : mnt;
}

/* Whether the process sees only a part of its mounts, by chroot(2). */
inline_always bool has_own_root(void) {
  u64 fs = LOAD_WORD(task_struct, bpf_get_current_task_btf(), fs), mnt = LOAD_WORD(fs_struct, fs, root.mnt);
  return mnt != top_mount() || LOAD_WORD(fs_struct, fs, root.dentry) != LOAD_WORD(vfsmount, mnt, mnt_root);
}

/* The dentry at the end of the other path; 0: unknown. A global function, as put_path() is. */
__noinline u64 dentry_elsewhere(u64 file) {
  u64 inode = LOAD_WORD(file, file, f_inode);
  u64 dentry = LOAD_WORD(file, file, f_path.dentry);
  if ((LOAD(inode, inode, i_mode) & FORMAT_MASK) == FORMAT_REGULAR && LOAD(inode, inode, i_nlink) > 1) {
    struct names names = {.node = LOAD_WORD(inode, inode, i_dentry.first), .own = dentry};
    bpf_loop(MOST_NAMES, names_step, &names, 0);
    if (names.found)
      return names.found;
  }
  return mount_elsewhere(file) != LOAD_WORD(file, file, f_path.mnt) || has_own_root() ? dentry : 0;
}

#endif
