/* execve, execveat: failed ones too. What the new program is, is told by its image. */

#include "descriptor.h"

#define EXEC_RAW_LIMIT sizeof(struct event_exec)
#define EXEC_DIRECTORY_LIMIT (EXEC_RAW_LIMIT + LONGEST_TEXT + 1)
#define EXEC_LONGEST (EXEC_DIRECTORY_LIMIT + PATH_ROOM)

/* A failed call's path is read from its argument. After a successful one the registers and the memory they pointed to
 * are gone, but the kernel has put a copy of the path (bprm->filename, what AT_EXECFN points to) on the new stack,
 * right behind the environment, and no code of the new program has run yet. For execveat on a descriptor that copy is
 * /dev/fd/N/PATH. */
inline_always const void *exec_path(struct task_struct *task, const void *argument, s64 result) {
  return result ? argument : (void *)task->mm->env_end;
}

inline_always int exec_event(struct exit_context *ctx, u32 type, struct task_struct *task, const void *path, s32 dirfd,
                             u32 flags) {
  struct record record;
  u64 image = IMAGE_OF(ctx, task, type);
  s64 result = ctx->result;
  if (!reserve(&record, type, EXEC_LONGEST, task, image, result))
    return 0;
  struct event_exec *event = (void *)record.header;
  record.used = sizeof(*event);
  event->header.fd = -1;
  event->name = event->directory = ABSENT;
  event->dirfd = dirfd;
  event->at_flags = flags;
  event->raw = append_user_text(&record, exec_path(task, path, result), EXEC_RAW_LIMIT);
  if (is_relative(&record, event->raw, dirfd, EXEC_RAW_LIMIT))
    event->directory = append_directory(&record, task, dirfd, EXEC_DIRECTORY_LIMIT);
  commit(&record);
  return 0;
}

HOOK(execve, execve) {
  struct task_struct *task = bpf_get_current_task_btf();
  return exec_event(ctx, EVENT_EXECVE, task, (void *)ARGUMENT_0(registers_of(task)), AT_FDCWD, 0);
}

/* A successful call has lost its registers: directory and flags are then not known. */
HOOK(execveat, execveat) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct pt_regs *registers = registers_of(task);
  bool failed = ctx->result;
  return exec_event(ctx, EVENT_EXECVEAT, task, (void *)ARGUMENT_1(registers),
                    failed ? (s32)ARGUMENT_0(registers) : AT_FDCWD, failed ? ARGUMENT_4(registers) : 0);
}
