/* Calls on one path. */

#include "other_paths.h"
#include "filter/filter.h"

#define PATH_RAW_LIMIT sizeof(struct event_path)
#define PATH_TEXT_LIMIT (PATH_RAW_LIMIT + LONGEST_TEXT + 1)
#define PATH_DIRECTORY_LIMIT (PATH_TEXT_LIMIT + LONGEST_TEXT + 1)
#define PATH_BASE_LIMIT (PATH_DIRECTORY_LIMIT + LONGEST_TEXT + 1)
#define PATH_LONGEST (PATH_BASE_LIMIT + PATH_ROOM)

struct path_arguments {
  u64 path;
  s32 dirfd;
  u32 flags;
  u32 mode;
  u32 owner;
  u32 group;
  u64 text;
};

/* A device as stat(2) has it, in the kernel's own encoding. */
inline_always u32 kernel_device(u32 device) {
  return (device & 0xfff00) << 12 | (device & 0xff) | (device >> 12 & 0xfff00);
}

inline_always struct path_arguments path_arguments(u32 type, const struct call *call) {
  switch (type) {
    case EVENT_UNLINKAT:
      return (struct path_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0), ARGUMENT(call, 2), 0};
    case EVENT_MKDIRAT:
    case EVENT_FCHMODAT:
      return (struct path_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0), 0, ARGUMENT(call, 2)};
    case EVENT_MKDIR:
    case EVENT_CHMOD:
      return (struct path_arguments){ARGUMENT(call, 0), AT_FDCWD, 0, ARGUMENT(call, 1)};
    case EVENT_UMOUNT2:
      return (struct path_arguments){ARGUMENT(call, 0), AT_FDCWD, ARGUMENT(call, 1), 0};
    case EVENT_CHOWN:
    case EVENT_LCHOWN:
      return (struct path_arguments){ARGUMENT(call, 0), AT_FDCWD, .owner = ARGUMENT(call, 1),
                                     .group = ARGUMENT(call, 2)};
    case EVENT_FCHOWNAT:
      return (struct path_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0), ARGUMENT(call, 4),
                                     .owner = ARGUMENT(call, 2), .group = ARGUMENT(call, 3)};
    case EVENT_SETXATTR:
    case EVENT_LSETXATTR:
    case EVENT_REMOVEXATTR:
    case EVENT_LREMOVEXATTR:
      return (struct path_arguments){ARGUMENT(call, 0), AT_FDCWD, .text = ARGUMENT(call, 1)};
    case EVENT_SETXATTRAT:
    case EVENT_REMOVEXATTRAT:
      return (struct path_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0), ARGUMENT(call, 2),
                                     .text = ARGUMENT(call, 3)};
    case EVENT_FSPICK:
    case EVENT_OPEN_TREE:
      return (struct path_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0), ARGUMENT(call, 2)};
    case EVENT_FUTIMESAT:
      return (struct path_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0)};
    case EVENT_UTIMENSAT:
      return (struct path_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0), ARGUMENT(call, 3)};
    case EVENT_FILE_SETATTR:
      return (struct path_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0), ARGUMENT(call, 4)};
    case EVENT_MKNOD:
      return (struct path_arguments){ARGUMENT(call, 0), AT_FDCWD, kernel_device(ARGUMENT(call, 2)), ARGUMENT(call, 1)};
    case EVENT_MKNODAT:
      return (struct path_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0), kernel_device(ARGUMENT(call, 3)),
                                     ARGUMENT(call, 2)};
    default:
      return (struct path_arguments){ARGUMENT(call, 0), AT_FDCWD};
  }
}

/* An empty path, for calls without one: they are about the descriptor itself. */
inline_always struct string_ref append_empty(struct record *record, u64 limit) {
  u64 start = filled(record, limit);
  *((u8 *)record->header + start) = 0;
  fill(record, start + 1);
  return (struct string_ref){start, 0};
}

/* The *at calls here have their directory as fd.name, for any path: it is reported even if the path is absolute. So is
 * the current directory: an absolute path may lead back to it, by /proc/self/cwd. */
inline_always void write_path(struct record *record, struct task_struct *task, const struct call *call) {
  struct path_arguments arguments = path_arguments(event_type(record), call);
  struct event_path *event = (void *)record->header;
  event->header.fd = arguments.dirfd; /* AT_FDCWD too: fd.num is the number that was passed, as in Falco */
  event->name = event->directory = ABSENT;
  event->dirfd = arguments.dirfd;
  event->call_flags = arguments.flags;
  event->mode = arguments.mode;
  event->owner = arguments.owner;
  event->group = arguments.group;
  event->other_view = 0;
  event->raw = !arguments.path && arguments.dirfd >= 0 ? append_empty(record, PATH_RAW_LIMIT)
                                                       : append_text(record, call, arguments.path, PATH_RAW_LIMIT);
  count_gone(record, arguments.path, event->raw);
  event->text = append_text(record, call, arguments.text, PATH_TEXT_LIMIT);
  if (arguments.dirfd >= 0 || arguments.dirfd == AT_FDCWD)
    event->directory = append_directory(record, task, arguments.dirfd, PATH_DIRECTORY_LIMIT);
  event->base = append_base(record, task, event->raw, arguments.dirfd, PATH_RAW_LIMIT, PATH_BASE_LIMIT);
  commit(record);
}

HOOK_PROGRAM(on_path) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  if (!begin(&record, ctx, task) || !passes(&record, FILTER_OTHER) ||
      !reserve(&record, task, PATH_LONGEST, sizeof(struct event_path)))
    return PASS_ON;
  struct call call = call_of(task);
  write_path(&record, task, &call);
  return PASS_ON;
}
