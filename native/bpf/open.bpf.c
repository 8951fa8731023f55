/* open, openat, openat2, creat. */

#include "descriptor.h"

#define O_CREAT 0100
#define O_TMPFILE_BIT 020000000
#define CREAT_FLAGS 01101 /* O_CREAT | O_WRONLY | O_TRUNC */

struct open_arguments {
  const void *path;
  s32 dirfd;
  u32 flags;
  u32 mode;
  u32 resolve;
};

#define OPEN_RAW_LIMIT sizeof(struct event_open)
#define OPEN_DIRECTORY_LIMIT (OPEN_RAW_LIMIT + LONGEST_TEXT + 1)
#define OPEN_RESOLVED_LIMIT (OPEN_DIRECTORY_LIMIT + PATH_GAP + LONGEST_TEXT + 1)
#define OPEN_LONGEST (OPEN_RESOLVED_LIMIT + PATH_ROOM)

/* Records carry x86-64's numbers; arm64 has its own for four of the flags. */
inline_always u32 common_open_flags(u32 flags) {
#if defined(__TARGET_ARCH_arm64)
  return (flags & ~0x3c000u) | (flags & 0x4000) << 2 /* O_DIRECTORY */ | (flags & 0x8000) << 2 /* O_NOFOLLOW */ |
         (flags & 0x10000) >> 2 /* O_DIRECT */ | (flags & 0x20000) >> 2 /* O_LARGEFILE */;
#else
  return flags;
#endif
}

inline_always int open_event(struct exit_context *ctx, u32 type, struct task_struct *task,
                             struct open_arguments arguments) {
  struct record record;
  u64 image = IMAGE_OF(ctx, task, type);
  s64 result = ctx->result;
  if (!reserve(&record, type, OPEN_LONGEST, task, image, result))
    return 0;
  struct event_open *event = (void *)record.header;
  record.used = sizeof(*event);
  clear_descriptor((void *)event);
  event->header.fd = result < 0 ? -1 : result;
  event->dirfd = arguments.dirfd;
  event->open_flags = common_open_flags(arguments.flags);
  event->mode = arguments.flags & (O_CREAT | O_TMPFILE_BIT) ? arguments.mode : 0;
  event->resolve = arguments.resolve;
  event->raw = append_user_text(&record, arguments.path, OPEN_RAW_LIMIT);
  if (is_relative(&record, event->raw, arguments.dirfd, OPEN_RAW_LIMIT))
    event->directory = append_directory(&record, task, arguments.dirfd, OPEN_DIRECTORY_LIMIT);
  u64 file = file_at(task, result);
  if (file) {
    fill_file((void *)event, file);
    if (LOAD(file, file, f_mode) & FILE_CREATED)
      event->state |= DESCRIPTOR_CREATED;
    append_resolved(&record, file, task, OPEN_RESOLVED_LIMIT);
  }
  commit(&record);
  return 0;
}

HOOK(open, open) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct pt_regs *registers = registers_of(task);
  struct open_arguments arguments = {(void *)ARGUMENT_0(registers), AT_FDCWD, ARGUMENT_1(registers),
                                     ARGUMENT_2(registers)};
  return open_event(ctx, EVENT_OPEN, task, arguments);
}

HOOK(openat, openat) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct pt_regs *registers = registers_of(task);
  struct open_arguments arguments = {(void *)ARGUMENT_1(registers), ARGUMENT_0(registers), ARGUMENT_2(registers),
                                     ARGUMENT_3(registers)};
  return open_event(ctx, EVENT_OPENAT, task, arguments);
}

HOOK(openat2, openat2) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct pt_regs *registers = registers_of(task);
  struct open_how how = {};
  bpf_probe_read_user(&how, sizeof(how), (void *)ARGUMENT_2(registers));
  struct open_arguments arguments = {(void *)ARGUMENT_1(registers), ARGUMENT_0(registers), how.flags, how.mode,
                                     how.resolve};
  return open_event(ctx, EVENT_OPENAT2, task, arguments);
}

HOOK(creat, creat) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct pt_regs *registers = registers_of(task);
  struct open_arguments arguments = {(void *)ARGUMENT_0(registers), AT_FDCWD, CREAT_FLAGS, ARGUMENT_1(registers)};
  return open_event(ctx, EVENT_CREAT, task, arguments);
}
