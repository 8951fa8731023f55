/* Facts of an executable file: inode times, layer of overlayfs, from memfd, writable by the one who runs it. */

#ifndef WASPREY_EXECUTABLE_H
#define WASPREY_EXECUTABLE_H

#include "first_process_path.h"

#define TMPFS_MAGIC 0x01021994
#define HUGETLBFS_MAGIC 0x958458f6
#define SB_READ_ONLY 1
#define INODE_IMMUTABLE 8
#define CAP_DAC_OVERRIDE 1
#define CAP_FOWNER 3

/* Inode times have moved twice: i_ctime until 6.5, __i_ctime until 6.10, seconds and nanoseconds apart since. */
struct inode___times_apart {
  s64 i_ctime_sec;
  u32 i_ctime_nsec;
  s64 i_mtime_sec;
  u32 i_mtime_nsec;
} RELOCATED;
struct inode___underscored {
  struct timespec64 __i_ctime;
  struct timespec64 __i_mtime;
} RELOCATED;
struct inode___plain {
  struct timespec64 i_ctime;
  struct timespec64 i_mtime;
} RELOCATED;

/* Since 6.13 the top bit of i_ctime_nsec marks that the time was queried. */
#define NSEC_MASK 0x7fffffff

/* A time of the inode at an address, as ns since the epoch. */
#define INODE_TIME(inode, which)                                                            \
  ({                                                                                        \
    struct inode___times_apart *apart = 0;                                                  \
    struct inode___underscored *underscored = 0;                                            \
    s64 seconds, rest;                                                                      \
    if (bpf_core_field_exists(apart->i_##which##_sec)) {                                    \
      seconds = load_word(inode + bpf_core_field_offset(apart->i_##which##_sec));           \
      rest = load_word(inode + bpf_core_field_offset(apart->i_##which##_nsec)) & NSEC_MASK; \
    } else if (bpf_core_field_exists(underscored->__i_##which)) {                           \
      seconds = load_word(inode + bpf_core_field_offset(underscored->__i_##which.tv_sec));  \
      rest = load_word(inode + bpf_core_field_offset(underscored->__i_##which.tv_nsec));    \
    } else {                                                                                \
      struct inode___plain *plain = 0;                                                      \
      seconds = load_word(inode + bpf_core_field_offset(plain->i_##which.tv_sec));          \
      rest = load_word(inode + bpf_core_field_offset(plain->i_##which.tv_nsec));            \
    }                                                                                       \
    seconds * 1000000000 + rest;                                                            \
  })

#define LAYER_NONE 0
#define LAYER_UPPER 1
#define LAYER_LOWER 2

/* The overlayfs layer of a file. The inode is embedded in struct ovl_inode and followed by __upperdentry:
 * that struct is in a module's BTF at best, but its order has held since 4.19. */
inline_always u32 overlay_layer(u64 inode) {
  u64 super = LOAD_WORD(inode, inode, i_sb);
  if (LOAD(super_block, super, s_magic) != OVERLAYFS_MAGIC)
    return LAYER_NONE;
  return load_word(inode + bpf_core_type_size(struct inode)) ? LAYER_UPPER : LAYER_LOWER;
}

/* A memfd is an unlinked file of the kernel's own tmpfs mount whose dentry is a root named "memfd:...". */
inline_always bool is_memfd(u64 dentry) {
  if (LOAD_WORD(dentry, dentry, d_parent) != dentry || LOAD(dentry, dentry, d_name.len) < 6)
    return false;
  u64 start = load_word(LOAD_WORD(dentry, dentry, d_name.name));
  return (start & 0xffffffffffff) == 0x3a64666d656d; /* "memfd:" */
}

/* Whether an executable is memory alone: a memfd, or what the kernel keeps as such a file for memory that processes
 * share (mmap(2), shmget(2)), which can be run by its mapping (/proc/PID/map_files). A disk has files whose dentry has
 * no parent, too: those opened by a handle. */
inline_always bool is_memory(u64 dentry) {
  if (LOAD_WORD(dentry, dentry, d_parent) != dentry)
    return false;
  u64 magic = LOAD(super_block, LOAD_WORD(dentry, dentry, d_sb), s_magic);
  return magic == TMPFS_MAGIC || magic == HUGETLBFS_MAGIC;
}

/* A search in a list of the kernel, by bpf_loop: a plain loop would be verified once for each iteration. */
struct search {
  u64 entries; /* address */
  u32 wanted;
  u32 found;
};

static long match_extent(u32 index, struct search *search) {
  u64 extent = search->entries + index * sizeof(struct uid_gid_extent);
  search->found = search->wanted - LOAD(uid_gid_extent, extent, lower_first) < LOAD(uid_gid_extent, extent, count);
  return search->found;
}

static long match_group(u32 index, struct search *search) {
  u32 group = load_word(search->entries + index * sizeof(u32));
  search->found = group == search->wanted;
  return search->found;
}

/* Whether an id of the file's owner means anything in the user namespace: root there has no power over others. */
inline_always bool maps_id(u64 map, u32 id) {
  u32 extents = LOAD(uid_gid_map, map, nr_extents);
  struct search search = {.entries = map + bpf_core_field_offset(struct uid_gid_map, extent), .wanted = id};
  if (extents > 5)
    return true; /* kept elsewhere then: nobody maps so many and leaves the owner of an executable out */
  bpf_loop(extents, match_extent, &search, 0);
  return search.found;
}

inline_always bool in_group(u64 cred, u32 gid) {
  if (LOAD(cred, cred, fsgid.val) == gid)
    return true;
  u64 groups = LOAD_WORD(cred, cred, group_info);
  struct search search = {.entries = groups + bpf_core_field_offset(struct group_info, gid), .wanted = gid};
  bpf_loop(LOAD(group_info, groups, ngroups), match_group, &search, 0);
  return search.found;
}

/* As Falco defines EXE_WRITABLE: by mode bits, or by CAP_DAC_OVERRIDE, or since its user may chmod it (CAP_FOWNER). A
 * global function, as put_path() is. */
__noinline bool is_writable(u64 inode, u64 cred) {
  u64 super = LOAD_WORD(inode, inode, i_sb);
  if (LOAD(super_block, super, s_flags) & SB_READ_ONLY || LOAD(inode, inode, i_flags) & INODE_IMMUTABLE)
    return false;
  u32 mode = LOAD(inode, inode, i_mode);
  u32 uid = LOAD(inode, inode, i_uid.val);
  u32 gid = LOAD(inode, inode, i_gid.val);
  if (LOAD(cred, cred, fsuid.val) == uid ? mode & 0200 : in_group(cred, gid) ? mode & 0020 : mode & 0002)
    return true;
  if (!(LOAD_WORD(cred, cred, cap_effective) & (1 << CAP_DAC_OVERRIDE | 1 << CAP_FOWNER)))
    return false;
  u64 user_ns = LOAD_WORD(cred, cred, user_ns);
  return maps_id(user_ns + bpf_core_field_offset(struct user_namespace, uid_map), uid) &&
         maps_id(user_ns + bpf_core_field_offset(struct user_namespace, gid_map), gid);
}

#endif
