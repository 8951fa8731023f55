/* execve and execveat that fail. Those that succeed: successes.bpf.c. */

#include "filter/filter.h"

#define EXEC_RAW_LIMIT sizeof(struct event_exec)
#define EXEC_DIRECTORY_LIMIT (EXEC_RAW_LIMIT + LONGEST_TEXT + 1)
#define EXEC_LONGEST (EXEC_DIRECTORY_LIMIT + PATH_ROOM)

struct exec_arguments {
  u64 path;
  s32 dirfd;
  u32 flags;
};

inline_always struct exec_arguments exec_arguments(u32 type, const struct call *call) {
  if (type == EVENT_EXECVEAT)
    return (struct exec_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0), ARGUMENT(call, 4)};
  return (struct exec_arguments){ARGUMENT(call, 0), AT_FDCWD, 0};
}

/* All but the passed path, and the directory that it is relative to. */
inline_always void begin_exec(struct event_exec *event, s32 dirfd, u32 flags) {
  event->header.fd = -1;
  event->name = event->directory = ABSENT;
  event->dirfd = dirfd;
  event->at_flags = flags;
}

inline_always void write_exec(struct record *record, struct task_struct *task, const struct call *call) {
  struct exec_arguments arguments = exec_arguments(event_type(record), call);
  struct event_exec *event = (void *)record->header;
  begin_exec(event, arguments.dirfd, arguments.flags);
  event->raw = append_text(record, call, arguments.path, EXEC_RAW_LIMIT);
  if (is_relative(record, event->raw, EXEC_RAW_LIMIT))
    event->directory = append_directory(record, task, arguments.dirfd, EXEC_DIRECTORY_LIMIT);
  commit(record);
}

HOOK_PROGRAM(on_execve) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  if (!result_of(ctx) || !begin(&record, ctx, task) || !passes(&record, FILTER_EXEC) ||
      !reserve(&record, task, EXEC_LONGEST, sizeof(struct event_exec)))
    return PASS_ON;
  struct call call = call_of(task);
  write_exec(&record, task, &call);
  return PASS_ON;
}
