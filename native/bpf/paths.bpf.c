/* Calls on two paths. */

#include "other_paths.h"
#include "filter/filter.h"

#define PATHS_OLD_LIMIT sizeof(struct event_paths)
#define PATHS_NEW_LIMIT (PATHS_OLD_LIMIT + LONGEST_TEXT + 1)
#define PATHS_TEXT_LIMIT (PATHS_NEW_LIMIT + LONGEST_TEXT + 1)
#define PATHS_OLD_DIRECTORY_LIMIT (PATHS_TEXT_LIMIT + LONGEST_TEXT + 1)
#define PATHS_NEW_DIRECTORY_LIMIT (PATHS_OLD_DIRECTORY_LIMIT + LONGEST_TEXT + 1)
#define PATHS_OLD_BASE_LIMIT (PATHS_NEW_DIRECTORY_LIMIT + LONGEST_TEXT + 1)
#define PATHS_NEW_BASE_LIMIT (PATHS_OLD_BASE_LIMIT + LONGEST_TEXT + 1)
#define PATHS_LONGEST (PATHS_NEW_BASE_LIMIT + PATH_ROOM)
_Static_assert(PATHS_LONGEST <= LONGEST_RECORD, "slack of the ring");

struct paths_arguments {
  u64 old_path;
  u64 new_path;
  u64 text;
  u64 flags;
  s32 old_dirfd;
  s32 new_dirfd;
};

/* FMODE_NEED_UNMOUNT: the descriptor was made with a mount of its own, by open_tree or fsmount. */
#define FILE_UNMOUNTS 0x10000000
#define MS_REMOUNT 32
#define MS_NOATIME 1024
#define MS_NODIRATIME 2048
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_REC 16384
#define MS_STRICTATIME (1 << 24)
#define AT_RECURSIVE 0x8000

struct mount_attributes {
  u64 set;
  u64 clear;
  u64 propagation;
};

/* The flags by which mount(2) would do what mount_setattr does. */
inline_always u64 flags_of_attributes(const struct call *call) {
  struct mount_attributes attributes = {};
  bpf_probe_read_user(&attributes, sizeof(attributes), untagged(ARGUMENT(call, 3)));
  u64 set = attributes.set;
  u64 flags = set & 0xf; /* read-only, without set-uid programs, devices, programs: bits of the same value */
  flags |= set & 0x10 ? MS_NOATIME : 0;
  flags |= set & 0x20 ? MS_STRICTATIME : 0;
  flags |= set & 0x80 ? MS_NODIRATIME : 0;
  flags |= set || attributes.clear ? MS_REMOUNT | MS_BIND : 0;
  flags |= ARGUMENT(call, 2) & AT_RECURSIVE ? MS_REC : 0;
  return flags | attributes.propagation;
}

inline_always struct paths_arguments paths_arguments(u32 type, const struct call *call) {
  switch (type) {
    case EVENT_RENAMEAT:
      return (struct paths_arguments){ARGUMENT(call, 1), ARGUMENT(call, 3), 0, 0, ARGUMENT(call, 0), ARGUMENT(call, 2)};
    case EVENT_RENAMEAT2:
    case EVENT_LINKAT:
      return (struct paths_arguments){ARGUMENT(call, 1),      ARGUMENT(call, 3), 0,
                                      (u32)ARGUMENT(call, 4), ARGUMENT(call, 0), ARGUMENT(call, 2)};
    case EVENT_MOVE_MOUNT:
      return (struct paths_arguments){ARGUMENT(call, 1), ARGUMENT(call, 3), 0, 0, ARGUMENT(call, 0), ARGUMENT(call, 2)};
    case EVENT_MOUNT_SETATTR:
      return (struct paths_arguments){0, ARGUMENT(call, 1), 0, flags_of_attributes(call), AT_FDCWD, ARGUMENT(call, 0)};
    case EVENT_SYMLINKAT:
      return (struct paths_arguments){ARGUMENT(call, 0), ARGUMENT(call, 2), 0, 0, AT_FDCWD, ARGUMENT(call, 1)};
    case EVENT_MOUNT:
      return (struct paths_arguments){ARGUMENT(call, 0), ARGUMENT(call, 1), ARGUMENT(call, 2),
                                      ARGUMENT(call, 3), AT_FDCWD,          AT_FDCWD};
    default:
      return (struct paths_arguments){ARGUMENT(call, 0), ARGUMENT(call, 1), 0, 0, AT_FDCWD, AT_FDCWD};
  }
}

/* Whether a file system has one mount alone. */
inline_always bool has_one_mount(u64 super) {
  if (CHAINED)
    return !LOAD_WORD(mount___chained, LOAD_WORD(super_block___chained, super, s_mounts), mnt_next_for_sb);
  u64 head = super + bpf_core_field_offset(struct super_block___listed, s_mounts);
  return LOAD_WORD(list_head, LOAD_WORD(list_head, head, next), next) == head;
}

#define LONGEST_TYPE 63
#define LONGEST_DEVICE 511

inline_always struct string_ref append_short(struct record *record, u64 address, u32 longest, u64 limit) {
  u64 start = filled(record, limit);
  long length = bpf_probe_read_kernel_str((void *)record->header + start, longest + 1, (void *)address);
  if (length <= 0)
    return ABSENT;
  fill(record, start + length);
  return (struct string_ref){start, length - 1};
}

/* The mount that move_mount has moved: a new one of a file system, a copy of another (a bind mount), or an old one. */
inline_always void write_moved(struct record *record, struct task_struct *task, s32 dirfd) {
  struct event_paths *event = (void *)record->header;
  u64 file = file_at(task, dirfd);
  if (!file || !(LOAD(file, file, f_mode) & FILE_UNMOUNTS)) {
    event->call_flags = MS_MOVE;
    return;
  }
  u64 mnt = LOAD_WORD(file, file, f_path.mnt), super = LOAD_WORD(vfsmount, mnt, mnt_sb);
  u64 type = LOAD_WORD(super_block, super, s_type);
  event->call_flags = MS_BIND;
  if (!has_one_mount(super))
    return;
  event->call_flags = 0;
  event->text = append_short(record, LOAD_WORD(file_system_type, type, name), LONGEST_TYPE, PATHS_TEXT_LIMIT);
  event->device = append_short(record, LOAD_WORD(mount, mnt - MNT_OFFSET, mnt_devname), LONGEST_DEVICE,
                               PATHS_TEXT_LIMIT + LONGEST_TYPE + 1);
}

/* As in write_path(), an absolute path may lead back to the current directory. */
inline_always bool needs_directory(struct record *record, struct string_ref raw, s32 dirfd, u64 limit) {
  return dirfd == AT_FDCWD ? raw.offset : is_relative(record, raw, limit);
}

inline_always void write_paths(struct record *record, struct task_struct *task, const struct call *call) {
  struct paths_arguments arguments = paths_arguments(event_type(record), call);
  struct event_paths *event = (void *)record->header;
  bool symlinkat =
      event_type(record) == EVENT_SYMLINKAT; /* Falco's fd.name of it is the directory, whatever the path */
  event->header.fd = symlinkat ? arguments.new_dirfd : -1;
  event->other_view = event->pad = 0;
  event->old_name = event->new_name = event->old_directory = event->new_directory = ABSENT;
  event->device = ABSENT;
  event->old_dirfd = arguments.old_dirfd;
  event->new_dirfd = arguments.new_dirfd;
  event->call_flags = arguments.flags;
  event->old_raw = append_text(record, call, arguments.old_path, PATHS_OLD_LIMIT);
  event->new_raw = append_text(record, call, arguments.new_path, PATHS_NEW_LIMIT);
  count_gone(record, arguments.old_path, event->old_raw);
  count_gone(record, arguments.new_path, event->new_raw);
  event->text = append_text(record, call, arguments.text, PATHS_TEXT_LIMIT);
  if (event_type(record) == EVENT_MOVE_MOUNT)
    write_moved(record, task, arguments.old_dirfd);
  if (needs_directory(record, event->old_raw, arguments.old_dirfd, PATHS_OLD_LIMIT))
    event->old_directory = append_directory(record, task, arguments.old_dirfd, PATHS_OLD_DIRECTORY_LIMIT);
  if (arguments.new_dirfd == arguments.old_dirfd && event->old_directory.offset)
    event->new_directory = event->old_directory;
  else if ((symlinkat && arguments.new_dirfd >= 0) ||
           needs_directory(record, event->new_raw, arguments.new_dirfd, PATHS_NEW_LIMIT))
    event->new_directory = append_directory(record, task, arguments.new_dirfd, PATHS_NEW_DIRECTORY_LIMIT);
  event->old_base =
      append_base(record, task, event->old_raw, arguments.old_dirfd, PATHS_OLD_LIMIT, PATHS_OLD_BASE_LIMIT);
  event->new_base =
      append_base(record, task, event->new_raw, arguments.new_dirfd, PATHS_NEW_LIMIT, PATHS_NEW_BASE_LIMIT);
  commit(record);
}

/* Some are a mount to rules, too. */
inline_always bool passes_paths(struct record *record) {
  struct filter *filter = find_filter();
  if (!filter)
    return true;
  u64 clauses = clauses_of_call(filter, record, record->type, record->result, FILTER_OTHER);
  if (record->type == EVENT_MOVE_MOUNT || record->type == EVENT_MOUNT_SETATTR)
    clauses |= clauses_of_call(filter, record, EVENT_MOUNT, record->result, FILTER_OTHER);
  return clauses || filtered(record, record->type);
}

HOOK_PROGRAM(on_paths) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  if (!begin(&record, ctx, task) || !passes_paths(&record) ||
      !reserve(&record, task, PATHS_LONGEST, sizeof(struct event_paths)))
    return PASS_ON;
  struct call call = call_of(task);
  write_paths(&record, task, &call);
  return PASS_ON;
}
