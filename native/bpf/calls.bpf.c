/* The end of every system call, where most are left alone: those that a rule needs go on to the program that tells of
 * them.
 *
 * One program on the one tracepoint that all calls share. Programs on the tracepoints of single calls cost 280 ns where
 * they are attached, and 54 ns every other call of the machine, since the kernel takes its slow way then in any case;
 * and they do not see 32-bit calls, for which this one was there as well (146 ns together). It costs 105 ns by itself, and
 * calls are added and left out by a word in a table. (Linux 6.18, getppid 165 ns bare.) */

#include "syscall.h"

HOOK_PROGRAM(on_call) {
  struct capture_shared *control = capture();
  if (!control)
    return 0;
  if (unlikely(is_compat())) {
    bpf_tail_call(ctx, &programs, SLOT_COMPAT);
    return 0;
  }
  struct call_hook hook = hook_of(ctx, control);
  if (unlikely(hook.change))
    bpf_tail_call(ctx, &programs, SLOT_CHANGE);
  if (unlikely(hook.slot))
    bpf_tail_call(ctx, &programs, hook.slot);
  return 0;
}
