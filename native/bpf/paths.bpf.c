/* Calls on two paths. */

#include "elsewhere.h"
#include "filter.h"

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

inline_always struct paths_arguments paths_arguments(u32 type, const struct call *call) {
  switch (type) {
    case EVENT_RENAMEAT:
      return (struct paths_arguments){ARGUMENT(call, 1), ARGUMENT(call, 3), 0, 0,
                                      ARGUMENT(call, 0), ARGUMENT(call, 2)};
    case EVENT_RENAMEAT2:
    case EVENT_LINKAT:
      return (struct paths_arguments){ARGUMENT(call, 1),      ARGUMENT(call, 3), 0,
                                      (u32)ARGUMENT(call, 4), ARGUMENT(call, 0), ARGUMENT(call, 2)};
    case EVENT_SYMLINKAT:
      return (struct paths_arguments){ARGUMENT(call, 0), ARGUMENT(call, 2), 0, 0, AT_FDCWD,
                                      ARGUMENT(call, 1)};
    case EVENT_MOUNT:
      return (struct paths_arguments){ARGUMENT(call, 0),
                                      ARGUMENT(call, 1),
                                      ARGUMENT(call, 2),
                                      ARGUMENT(call, 3),
                                      AT_FDCWD,
                                      AT_FDCWD};
    default:
      return (struct paths_arguments){ARGUMENT(call, 0), ARGUMENT(call, 1), 0, 0, AT_FDCWD, AT_FDCWD};
  }
}

inline_always void write_paths(struct record *record, struct task_struct *task, const struct call *call) {
  struct paths_arguments arguments = paths_arguments(event_type(record), call);
  struct event_paths *event = (void *)record->header;
  bool symlinkat =
      event_type(record) == EVENT_SYMLINKAT; /* Falco's fd.name of it is the directory, whatever the path */
  event->header.fd = symlinkat ? arguments.new_dirfd : -1;
  event->other_view = event->pad = 0;
  event->old_name = event->new_name = event->old_directory = event->new_directory = ABSENT;
  event->old_dirfd = arguments.old_dirfd;
  event->new_dirfd = arguments.new_dirfd;
  event->call_flags = arguments.flags;
  event->old_raw = append_text(record, call, arguments.old_path, PATHS_OLD_LIMIT);
  event->new_raw = append_text(record, call, arguments.new_path, PATHS_NEW_LIMIT);
  event->text = append_text(record, call, arguments.text, PATHS_TEXT_LIMIT);
  if (is_relative(record, event->old_raw, arguments.old_dirfd, PATHS_OLD_LIMIT))
    event->old_directory = append_directory(record, task, arguments.old_dirfd, PATHS_OLD_DIRECTORY_LIMIT);
  if ((symlinkat && arguments.new_dirfd >= 0) ||
      is_relative(record, event->new_raw, arguments.new_dirfd, PATHS_NEW_LIMIT))
    event->new_directory = append_directory(record, task, arguments.new_dirfd, PATHS_NEW_DIRECTORY_LIMIT);
  event->old_base =
      append_base(record, task, event->old_raw, arguments.old_dirfd, PATHS_OLD_LIMIT, PATHS_OLD_BASE_LIMIT);
  event->new_base =
      append_base(record, task, event->new_raw, arguments.new_dirfd, PATHS_NEW_LIMIT, PATHS_NEW_BASE_LIMIT);
  commit(record);
}

HOOK_PROGRAM(on_paths) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  if (!begin(&record, ctx, task) || !passes(&record, FILTER_OTHER) ||
      !reserve(&record, task, PATHS_LONGEST, sizeof(struct event_paths)))
    return PASS_ON;
  struct call call = call_of(task);
  write_paths(&record, task, &call);
  return PASS_ON;
}
