/* Calls on one path. */

#include "filter.h"

#define PATH_RAW_LIMIT sizeof(struct event_path)
#define PATH_DIRECTORY_LIMIT (PATH_RAW_LIMIT + LONGEST_TEXT + 1)
#define PATH_LONGEST (PATH_DIRECTORY_LIMIT + PATH_ROOM)

struct path_arguments {
  u64 path;
  s32 dirfd;
  u32 flags;
  u32 mode;
};

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
    default:
      return (struct path_arguments){ARGUMENT(call, 0), AT_FDCWD, 0, 0};
  }
}

/* The *at calls here have their directory as fd.name, for any path: it is reported even if the path is absolute.
 */
inline_always void write_path(struct record *record, struct task_struct *task, const struct call *call) {
  struct path_arguments arguments = path_arguments(event_type(record), call);
  struct event_path *event = (void *)record->header;
  event->header.fd = arguments.dirfd; /* AT_FDCWD too: fd.num is the number that was passed, as in Falco */
  event->name = event->directory = ABSENT;
  event->dirfd = arguments.dirfd;
  event->call_flags = arguments.flags;
  event->mode = arguments.mode;
  event->other_view = 0;
  event->raw = append_text(record, call, arguments.path, PATH_RAW_LIMIT);
  if (arguments.dirfd >= 0)
    event->directory = append_directory(record, task, arguments.dirfd, PATH_DIRECTORY_LIMIT);
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
