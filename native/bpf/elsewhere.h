/* Another path of an open file than the one by which it was reached: through another hard link to it, or, behind a bind
 * mount, where the file system has it itself. Rules that name a file name it by one of its paths. */

#ifndef WASPREY_ELSEWHERE_H
#define WASPREY_ELSEWHERE_H

#include "descriptor.h"

/* Of the names of a file that the kernel remembers, so many are looked at. */
#define MOST_NAMES 16

/* Looks for the oldest name that is another than `own`: a new link is made to what has been looked up before. */
struct names {
  u64 node;
  u64 own;
  u64 found;
};

#define ALIAS_OFFSET bpf_core_field_offset(struct dentry, d_u.d_alias)

static long names_step(u32 index, struct names *names) {
  if (!names->node)
    return 1;
  u64 dentry = names->node - ALIAS_OFFSET;
  names->node = LOAD_WORD(hlist_node, names->node, next);
  if (dentry != names->own && LOAD_WORD(dentry, dentry, d_hash.pprev)) /* one that is hashed was not removed */
    names->found = dentry;
  return 0;
}

inline_always u64 root_mount(void) {
  return LOAD_WORD(fs_struct, LOAD_WORD(task_struct, bpf_get_current_task_btf(), fs), root.mnt);
}

/* The mount by which the other path leads to the file: that of the process's root, if it is of the same file system. */
inline_always u64 mount_elsewhere(u64 file) {
  u64 mnt = LOAD_WORD(file, file, f_path.mnt), root = root_mount();
  return LOAD_WORD(vfsmount, mnt, mnt_sb) == LOAD_WORD(vfsmount, root, mnt_sb) ? root : mnt;
}

/* The dentry at the end of the other path; 0: none is known. A global function, as put_path() is. */
__noinline u64 dentry_elsewhere(u64 file) {
  u64 inode = LOAD_WORD(file, file, f_inode);
  u64 dentry = LOAD_WORD(file, file, f_path.dentry);
  if ((LOAD(inode, inode, i_mode) & FORMAT_MASK) == FORMAT_REGULAR && LOAD(inode, inode, i_nlink) > 1) {
    struct names names = {.node = LOAD_WORD(inode, inode, i_dentry.first), .own = dentry};
    bpf_loop(MOST_NAMES, names_step, &names, 0);
    if (names.found)
      return names.found;
  }
  return mount_elsewhere(file) != LOAD_WORD(file, file, f_path.mnt) ? dentry : 0;
}

#endif
