/* execve, execveat: failed ones too. The process image describes the new program. */

#include "filter.h"

#define EXEC_RAW_LIMIT sizeof(struct event_exec)
#define EXEC_DIRECTORY_LIMIT (EXEC_RAW_LIMIT + LONGEST_TEXT + 1)
#define EXEC_LONGEST (EXEC_DIRECTORY_LIMIT + PATH_ROOM)

struct exec_arguments {
  u64 path;
  s32 dirfd;
  u32 flags;
};

/* After a successful call the registers and the memory they pointed to are gone: directory and flags are not known. But
 * the kernel has put a copy of the path (bprm->filename, what AT_EXECFN points to) on the new stack, right behind the
 * environment, and no code of the new program has run yet. For execveat on a descriptor that copy is /dev/fd/N/PATH. */
inline_always struct exec_arguments exec_arguments(u32 type, struct task_struct *task, const struct call *call,
                                                   s64 result) {
  if (!result)
    return (struct exec_arguments){PINNED(LOAD(mm_struct, LOAD_WORD(task_struct, task, mm), env_end)), AT_FDCWD, 0};
  if (type == EVENT_EXECVEAT)
    return (struct exec_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0), ARGUMENT(call, 4)};
  return (struct exec_arguments){ARGUMENT(call, 0), AT_FDCWD, 0};
}

inline_always void write_exec(struct record *record, struct task_struct *task, const struct call *call, s64 result) {
  struct exec_arguments arguments = exec_arguments(event_type(record), task, call, result);
  struct event_exec *event = (void *)record->header;
  event->header.fd = -1;
  event->name = event->directory = ABSENT;
  event->dirfd = arguments.dirfd;
  event->at_flags = arguments.flags;
  event->raw = append_text(record, call, arguments.path, EXEC_RAW_LIMIT);
  if (is_relative(record, event->raw, arguments.dirfd, EXEC_RAW_LIMIT))
    event->directory = append_directory(record, task, arguments.dirfd, EXEC_DIRECTORY_LIMIT);
  commit(record);
}

/* Whether on_traced_exec() has reported the exec that returns this result; clears the mark. */
inline_always bool is_exec_told(struct task_struct *task, s64 result) {
  struct process *process = result ? 0 : process_of(task, 0);
  return process && __sync_lock_test_and_set(&process->exec_told, 0);
}

HOOK_PROGRAM(on_execve) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  if (is_exec_told(task, result_of(ctx)) || !begin(&record, ctx, task))
    return PASS_ON;
  record.type = PINNED(type_of_exec(record.type, record.result)); /* or the number checked is not the one that is used */
  if (!passes(&record, FILTER_EXEC) ||
      !reserve(&record, task, EXEC_LONGEST, sizeof(struct event_exec)))
    return PASS_ON;
  struct call call = call_of(task);
  write_exec(&record, task, &call, result_of(ctx));
  return PASS_ON;
}
