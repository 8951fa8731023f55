/* The end of every system call, where most are left alone: those that a rule needs go on to the program that tells of
 * them.
 *
 * One program on the one tracepoint that all calls share. Programs on the tracepoints of single calls cost more where
 * they are attached, and half of what this one costs at every other call of the machine, since the kernel takes its
 * slow way then in any case; and they do not see 32-bit calls, for which this one was there as well. Calls are added
 * and left out by a word in a table.
 *
 * What it costs depends on the machine. getppid took 165 ns without it and 270 with it on the virtual machine that it
 * was written on (Linux 6.18), 85 and 110 on one with two Xeons. On the former, programs on single tracepoints made it
 * 445 for calls that have one and 219 for others, 311 with the one for 32-bit calls. `npm run bench` tells it of any
 * machine. */

#include "syscall.h"

HOOK_PROGRAM(on_call) {
  struct capture_shared *control = capture();
  if (!control)
    return PASS_ON;
  if (unlikely(is_compat(ctx))) {
    bpf_tail_call(ctx, &programs, SLOT_COMPAT);
    return PASS_ON;
  }
  struct call_hook hook = hook_of(ctx, control);
  if (unlikely(hook.change))
    bpf_tail_call(ctx, &programs, SLOT_CHANGE);
  if (unlikely(hook.slot))
    bpf_tail_call(ctx, &programs, hook.slot);
  return PASS_ON;
}
