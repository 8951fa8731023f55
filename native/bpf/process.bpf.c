/* Calls with numbers alone, or of which only the name and the result are reported. What they change in their process is
 * in its image. A clone has two events: of the parent (result: the child; see successes.bpf.c), and of the child
 * (result 0), whose system call ends too. */

#include "filter/filter.h"

#define CLONE_FLAGS_MASK (~0xffull) /* the lowest byte of clone's flags is the signal at the child's end */
#define VFORK_FLAGS 0x4100          /* CLONE_VFORK | CLONE_VM */

#define PROCESS_TEXT_LIMIT sizeof(struct event_process)
#define PROCESS_LONGEST (PROCESS_TEXT_LIMIT + LONGEST_TEXT + 1)

/* Thread id in the innermost pid namespace. */
inline_always u32 virtual_tid(struct task_struct *task) {
  u64 pid = LOAD_WORD(task_struct, task, thread_pid);
  return pid_at(pid, LOAD(pid, pid, level));
}

/* The flags of a clone3. Where its pidfd lies over them, the kernel has written that by now: the call is counted as
 * lost, because nobody knows what they were. */
inline_always u64 clone3_flags(u64 arguments) {
  struct clone_args_begin {
    u64 flags;
    u64 pidfd; /* address */
  } read = {};
  bpf_probe_read_user(&read, sizeof(read), untagged(arguments));
  u64 at = (u64)untagged(arguments), pidfd = (u64)untagged(read.pidfd);
  if (unlikely(pidfd < at + sizeof(read.flags) && pidfd + sizeof(s32) > at))
    count_unkept(EVENT_CLONE3);
  return read.flags;
}

inline_always u64 clone_flags(u32 type, const struct call *call) {
  switch (type) {
    case EVENT_CLONE:
      return ARGUMENT(call, 0) & CLONE_FLAGS_MASK;
    case EVENT_CLONE3:
      return clone3_flags(ARGUMENT(call, 0));
    case EVENT_VFORK:
      return VFORK_FLAGS;
    default:
      return 0;
  }
}

inline_always void write_process(struct record *record, struct task_struct *task, const struct call *call) {
  struct event_process *event = (void *)record->header;
  u64 text = 0;
  event->header.fd = -1;
  event->numbers[0] = event->numbers[1] = event->numbers[2] = event->numbers[3] = 0;
  switch (event_type(record)) {
    case EVENT_SETUID:
    case EVENT_SETGID:
    case EVENT_UNSHARE:
      event->numbers[0] = (u32)ARGUMENT(call, 0);
      break;
    case EVENT_SETRESUID:
      event->numbers[0] = (u32)ARGUMENT(call, 0);
      event->numbers[1] = (u32)ARGUMENT(call, 1);
      event->numbers[2] = (u32)ARGUMENT(call, 2);
      break;
    case EVENT_PTRACE:
      event->numbers[0] = ARGUMENT(call, 0);
      event->numbers[1] = (s32)ARGUMENT(call, 1);
      event->numbers[2] = ARGUMENT(call, 2);
      event->numbers[3] = ARGUMENT(call, 3);
      break;
    case EVENT_INIT_MODULE:
      event->numbers[0] = ARGUMENT(call, 1);
      text = ARGUMENT(call, 2);
      break;
    case EVENT_KILL:
    case EVENT_TKILL:
    case EVENT_TGKILL:
    case EVENT_SETPGID:
      event->numbers[0] = (s32)ARGUMENT(call, 0);
      event->numbers[1] = (s32)ARGUMENT(call, 1);
      event->numbers[2] = (s32)ARGUMENT(call, 2);
      break;
    case EVENT_CLONE:
    case EVENT_CLONE3:
    case EVENT_FORK:
    case EVENT_VFORK:
      event->numbers[0] = clone_flags(event_type(record), call);
      event->numbers[1] = virtual_tid(task);
      break;
    default: /* nothing but the name and the result */
      break;
  }
  event->text = append_text(record, call, text, PROCESS_TEXT_LIMIT);
  commit(record);
}

HOOK_PROGRAM(on_process) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  if (!begin(&record, ctx, task) || is_reported(record.type, record.result) || !passes(&record, FILTER_OTHER) ||
      !reserve(&record, task, PROCESS_LONGEST, sizeof(struct event_process)))
    return PASS_ON;
  struct call call = call_of(task);
  write_process(&record, task, &call);
  return PASS_ON;
}
