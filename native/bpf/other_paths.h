/* Another path of a file than the one that a process has for it: that of another hard link; for a bind mount, a
 * detached tree, an overlay, or a process with its own root the path that it has for the first process of the
 * container, or of the machine. Rules name a file by one of its paths. */

#ifndef WASPREY_OTHER_PATHS_H
#define WASPREY_OTHER_PATHS_H

#include "descriptor.h"
#include "first_process_path.h"

/* Most names of a file that are checked. */
#define MOST_NAMES 1024

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

/* More mounts of a file system are not looked at. */
#define MOST_MOUNTS_OF_ONE 1024

/* The mounts of a file system: a list of struct mount from 6.18 on, the newest first; before, one with a head, the
 * oldest first. */
struct super_block___chained {
  struct mount *s_mounts;
} RELOCATED;
struct mount___chained {
  struct mount *mnt_next_for_sb;
} RELOCATED;
struct super_block___listed {
  struct list_head s_mounts;
} RELOCATED;
struct mount___listed {
  struct list_head mnt_instance;
} RELOCATED;
#define CHAINED bpf_core_field_exists(((struct mount___chained *)0)->mnt_next_for_sb)

/* Looks for the oldest mount of a file system in a mount namespace. */
struct mounts {
  u64 mount; /* or the word of its list, before 6.18 */
  u64 end;
  u64 space;
  u64 found;
};

static long mounts_step(u32 index, struct mounts *mounts) {
  if (!mounts->mount || mounts->mount == mounts->end)
    return 1;
  u64 mount = mounts->mount;
  if (CHAINED) {
    mounts->mount = LOAD_WORD(mount___chained, mount, mnt_next_for_sb);
  } else {
    mount -= bpf_core_field_offset(struct mount___listed, mnt_instance);
    mounts->mount = LOAD_WORD(list_head, mounts->mount, next);
  }
  u64 root = LOAD_WORD(mount, mount, mnt.mnt_root);
  if (LOAD_WORD(mount, mount, mnt_ns) != mounts->space || LOAD_WORD(dentry, root, d_parent) != root)
    return 0; /* of a part of it alone: the file may not be there */
  mounts->found = mount + MNT_OFFSET;
  return !CHAINED;
}

/* The mount by which a file system is at home: with all of it, in the same namespace; 0: none. */
inline_always u64 mount_at_home(u64 super, u64 home) {
  struct mounts mounts = {.space = LOAD_WORD(mount, home - MNT_OFFSET, mnt_ns)};
  if (CHAINED) {
    mounts.mount = LOAD_WORD(super_block___chained, super, s_mounts);
  } else {
    mounts.end = super + bpf_core_field_offset(struct super_block___listed, s_mounts);
    mounts.mount = LOAD_WORD(list_head, mounts.end, next);
  }
  bpf_loop(MOST_MOUNTS_OF_ONE, mounts_step, &mounts, 0);
  return mounts.found;
}

/* Another name of a file with several links; 0: unknown. */
inline_always u64 other_link(u64 dentry, u64 inode) {
  if ((LOAD(inode, inode, i_mode) & FORMAT_MASK) != FORMAT_REGULAR || LOAD(inode, inode, i_nlink) <= 1)
    return 0;
  struct names names = {.node = LOAD_WORD(inode, inode, i_dentry.first), .own = dentry};
  bpf_loop(MOST_NAMES, names_step, &names, 0);
  return names.found;
}

/* Finds the place of the other path of a dentry on a mount; false if it has no other path. Most opens that the filter
 * drops come by here, so nothing is loaded before it is needed, nor twice. */
inline_always bool find_elsewhere_of(struct task_struct *task, u64 dentry, u64 mnt, struct place *place) {
  u64 fs = LOAD_WORD(task_struct, task, fs);
  u64 root_mnt = LOAD_WORD(fs_struct, fs, root.mnt), home = home_mount((u64)task, fs);
  u64 home_super = LOAD_WORD(vfsmount, home, mnt_sb);
  bool is_at_home = LOAD_WORD(fs_struct, fs, root.dentry) == LOAD_WORD(vfsmount, home, mnt_root) &&
                    (root_mnt == home || LOAD_WORD(vfsmount, root_mnt, mnt_sb) == home_super);
  u64 inode = LOAD_WORD(dentry, dentry, d_inode);
  u64 link = other_link(dentry, inode);
  u64 target = link ? link : dentry;
  place->dentry = target;
  place->mnt = mnt;
  if (is_at_home && (mnt == home || mnt == root_mnt))
    return link;
  u64 super = LOAD_WORD(dentry, dentry, d_sb);
  u64 overlaid =
      !link && super != home_super && LOAD(super_block, super, s_magic) == OVERLAYFS_MAGIC ? overlaid_dentry(inode) : 0;
  if (overlaid) {
    u64 below = LOAD_WORD(dentry, overlaid, d_sb);
    u64 at_home = below == home_super ? home : mount_at_home(below, home);
    if (at_home) {
      place->dentry = overlaid;
      place->mnt = at_home;
      return true;
    }
  }
  if (super == home_super) {
    place->mnt = home;
    return true;
  }
  u64 space = LOAD_WORD(nsproxy, LOAD_WORD(task_struct, task, nsproxy), mnt_ns);
  if (is_at_home && LOAD_WORD(mount, mnt - MNT_OFFSET, mnt_ns) == space)
    return link;
  u64 at_home = mount_at_home(super, home);
  if (at_home)
    place->mnt = at_home;
  return true;
}

/* The same as a global function, as put_path() is. */
__noinline bool find_elsewhere(u64 dentry, u64 mnt, struct place *place) {
  return place && find_elsewhere_of(bpf_get_current_task_btf(), dentry, mnt, place);
}

inline_always bool find_file_elsewhere(u64 file, struct place *place) {
  return find_elsewhere(LOAD_WORD(file, file, f_path.dentry), LOAD_WORD(file, file, f_path.mnt), place);
}

/* Appends the other path of a dentry on a mount, if it has one. No rule can name a path that can't be followed up to a
 * root. */
inline_always struct string_ref append_elsewhere(struct record *record, u64 dentry, u64 mnt, u64 limit) {
  struct place place = {};
  u64 start = filled(record, limit);
  bool partial;
  if (!find_elsewhere(dentry, mnt, &place))
    return ABSENT;
  struct string_ref path = append_path_to(record, place.dentry, place.mnt, NO_ROOT, NO_ROOT, limit, &partial);
  if (!partial)
    return path;
  fill(record, start);
  return ABSENT;
}

/* The same for a `struct path` at an address. */
inline_always struct string_ref append_path_elsewhere(struct record *record, u64 path, u64 limit) {
  return append_elsewhere(record, LOAD_WORD(path, path, dentry), LOAD_WORD(path, path, mnt), limit);
}

/* Appends the other path of what a path as passed starts from: the root, the current directory, or a directory
 * descriptor. The first limit is where the passed path may start at most. */
inline_always struct string_ref append_base(struct record *record, struct task_struct *task, struct string_ref raw,
                                            s32 dirfd, u64 raw_limit, u64 limit) {
  u64 fs = LOAD_WORD(task_struct, task, fs), offset = raw.offset;
  if (!offset)
    return ABSENT;
  opaque(offset);
  if (offset > raw_limit)
    return ABSENT;
  u64 start = fs + bpf_core_field_offset(struct fs_struct, pwd);
  if (((u8 *)record->header)[offset] == '/')
    start = fs + bpf_core_field_offset(struct fs_struct, root);
  else if (dirfd != AT_FDCWD)
    start = file_at(task, dirfd) ? path_of(file_at(task, dirfd)) : 0;
  return start ? append_path_elsewhere(record, start, limit) : ABSENT;
}

#endif
