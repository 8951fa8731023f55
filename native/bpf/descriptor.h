/* The file behind a descriptor: found in the task's table, with its kind as Falco's fd.typechar. */

#ifndef WASPREY_DESCRIPTOR_H
#define WASPREY_DESCRIPTOR_H

#include "syscall.h"

/* The common members of open, descriptor and network records have the same offsets in each. */
#define SAME_PLACE(member)                                                                                \
  _Static_assert(offsetof(struct event_open, member) == offsetof(struct event_descriptor, member) &&      \
                     offsetof(struct event_network, member) == offsetof(struct event_descriptor, member), \
                 #member)
SAME_PLACE(kind);
SAME_PLACE(local_address);
SAME_PLACE(directory);

#define ANON_INODE_MAGIC 0x09041934
#define PIPEFS_MAGIC 0x50495045
#define PIDFS_MAGIC 0x50494446

#define FILE_CREATED 0x100000 /* FMODE_CREATED */

#define FORMAT_MASK 0170000
#define FORMAT_SOCKET 0140000
#define FORMAT_REGULAR 0100000
#define FORMAT_DIRECTORY 0040000
#define FORMAT_FIFO 0010000

/* Address of the open file with that number, or 0. Another thread may have closed or replaced it since the
 * syscall. */
inline_always u64 file_at(struct task_struct *task, s64 number) {
  u64 table = LOAD_WORD(files_struct, LOAD_WORD(task_struct, task, files), fdt);
  if (number < 0 || number >= LOAD(fdtable, table, max_fds))
    return 0;
  return load_word(LOAD_WORD(fdtable, table, fd) + number * sizeof(void *));
}

/* Address of the open file that a call made or works on, by the number it has in a system call; 0: none. */
inline_always u64 file_of(const struct call *call, struct task_struct *task, s64 number) {
  return call->way == WAY_IO_URING ? call->file : file_at(task, number);
}

/* That number, or -1. */
inline_always s32 fd_of(const struct call *call, s64 number) {
  return number < 0 ? -1 : call->way == WAY_IO_URING ? call->fd : number;
}

/* Kind of an anonymous inode by the first eight bytes of its name, which the kernel's makers of them have kept. */
inline_always u8 anonymous_kind(u64 dentry) {
  switch (load_word(LOAD_WORD(dentry, dentry, d_name.name))) {
    case 0x6466746e6576655b: /* [eventfd */
      return 'e';
    case 0x6f70746e6576655b: /* [eventpo */
      return 'l';
    case 0x666c616e6769735b: /* [signalf */
      return 's';
    case 0x646672656d69745b: /* [timerfd */
      return 't';
    case 0x00796669746f6e69: /* inotify */
      return 'i';
    case 0x0070616d2d667062: /* bpf-map */
    case 0x676f72702d667062: /* bpf-prog */
    case 0x6b6e696c5f667062: /* bpf_link */
    case 0x6b6e696c2d667062: /* bpf-link */
      return 'b';
    case 0x6e6972755f6f695b: /* [io_urin */
      return 'r';
    case 0x756166726573755b: /* [userfau */
      return 'u';
    case 0x005d64666469705b: /* [pidfd] */
      return 'P';
    default:
      return 'X';
  }
}

/* Kind of a file that is not a socket. Devices and named pipes are 'f', like all files of open(2) in Falco. */
inline_always u8 file_kind(u32 mode, u64 magic, u64 dentry) {
  if ((mode & FORMAT_MASK) == FORMAT_DIRECTORY)
    return 'd';
  switch (magic) {
    case PIPEFS_MAGIC:
      return 'p';
    case PIDFS_MAGIC:
      return 'P';
    case ANON_INODE_MAGIC:
      return anonymous_kind(dentry);
    case TMPFS_MAGIC:
    case HUGETLBFS_MAGIC:
      return is_memfd(dentry) ? 'm' : 'f';
    default:
      return 'f';
  }
}

/* The ring contains older records: members that a call lacks must be set to 0. */
inline_always void clear_descriptor(struct event_descriptor *event) {
  event->other_view = event->device = 0;
  *(u64 *)&event->kind = 0; /* l4, role, state and ports too */
  event->file_mode = 0;
  event->inode = 0;
  __builtin_memset(event->local_address, 0, 2 * sizeof(event->local_address));
  event->name = event->raw = event->resolved = event->directory = ABSENT;
}

/* Further properties of a file. */
#define HAS_NOTHING 0
#define HAS_PATH 1
#define HAS_NAME 2 /* a memfd: that of its dentry */
#define HAS_SOCKET 3

/* Writes kind, inode and state of the open file at an address. A global function, as put_path() is. */
__noinline u32 describe_file(struct event_descriptor *event, u64 file) {
  if (!event)
    return HAS_NOTHING;
  u64 inode = LOAD_WORD(file, file, f_inode);
  u64 dentry = LOAD_WORD(file, file, f_path.dentry);
  u64 super = LOAD_WORD(inode, inode, i_sb);
  u32 mode = LOAD(inode, inode, i_mode);
  u64 magic = LOAD(super_block, super, s_magic);
  event->device = LOAD(super_block, super, s_dev);
  event->file_mode = mode;
  event->inode = LOAD(inode, inode, i_ino);
  if ((mode & FORMAT_MASK) == FORMAT_SOCKET)
    return HAS_SOCKET;
  u8 kind = file_kind(mode, magic, dentry);
  event->kind = kind;
  if (kind == 'm')
    return HAS_NAME;
  if (kind != 'f' && kind != 'd')
    return HAS_NOTHING;
  if (magic == OVERLAYFS_MAGIC)
    event->state = overlay_layer(inode) == LAYER_UPPER ? DESCRIPTOR_UPPER_LAYER : DESCRIPTOR_LOWER_LAYER;
  if (LOAD_WORD(dentry, dentry, d_parent) == dentry) /* a root: of its mount, or a namespace or such that has no path */
    return LOAD_WORD(vfsmount, LOAD_WORD(file, file, f_path.mnt), mnt_root) == dentry ? HAS_PATH : HAS_NOTHING;
  if (!LOAD_WORD(dentry, dentry, d_hash.pprev)) /* unhashed, as what d_path marks with " (deleted)" */
    event->state |= DESCRIPTOR_DELETED;
  return HAS_PATH;
}

inline_always u64 path_of(u64 file) {
  return file + bpf_core_field_offset(struct file, f_path);
}

/* The name of the open file's dentry, for files without a path. */
inline_always void append_dentry_name(struct record *record, u64 file, u64 limit) {
  struct event_descriptor *event = (void *)record->header;
  u64 dentry = LOAD_WORD(file, file, f_path.dentry);
  u64 name = LOAD_WORD(dentry, dentry, d_name.name);
  u64 length = name_length(dentry) & LONGEST_NAME;
  u64 start = filled(record, limit); /* last: 6.1 forgets its bounds on the stack */
  bpf_probe_read_kernel((void *)event + start, length, (void *)name);
  event->resolved = (struct string_ref){start, length};
  fill(record, start + length);
}

/* The path of the open file as the current process sees it, or "memfd:NAME". `has` is what describe_file() returned. */
inline_always void append_resolved(struct record *record, u64 file, struct task_struct *task, u32 has, u64 limit) {
  struct event_descriptor *event = (void *)record->header;
  bool partial;
  if (has == HAS_NAME)
    append_dentry_name(record, file, limit);
  if (has != HAS_PATH)
    return;
  event->resolved = append_path(record, path_of(file), task, limit, &partial);
  if (partial)
    event->state |= DESCRIPTOR_PARTIAL;
}

/* The address of the `struct path` of what a path as passed is relative to; 0: unknown. */
inline_always u64 directory_at(struct task_struct *task, s32 dirfd) {
  u64 fs = LOAD_WORD(task_struct, task, fs);
  if (dirfd == AT_FDCWD)
    return fs ? fs + bpf_core_field_offset(struct fs_struct, pwd) : 0;
  u64 file = file_at(task, dirfd);
  return file ? path_of(file) : 0;
}

/* The path of a directory descriptor, or of the current directory; absent for another descriptor. It is the path of
 * this moment: that of the image is as old as the image, and the directory or one above it may have been renamed. */
inline_always struct string_ref append_directory(struct record *record, struct task_struct *task, s32 dirfd,
                                                 u64 limit) {
  u64 path = dirfd == AT_FDCWD && unlikely(record->of_other) ? 0 : directory_at(task, dirfd);
  bool partial;
  return path ? append_path(record, path, task, limit, &partial) : ABSENT;
}

/* Whether a path as passed is relative. The limit is where it may start at most. */
inline_always bool is_relative(struct record *record, struct string_ref raw, u64 limit) {
  u64 offset = raw.offset;
  if (!offset)
    return false;
  opaque(offset);
  if (offset > limit)
    return false;
  return ((u8 *)record->header)[offset] != '/';
}

#endif
