/* The return of every system call. Most are ignored; calls that a rule needs continue in the program that captures
 * them.
 *
 * One program is attached to the one tracepoint that all calls share. Programs on the tracepoints of single calls
 * cost more for these calls, and half as much as this one for every other call of the machine, because the kernel
 * takes its slow path then in any case. They also miss 32-bit calls, which would need this program as well. A word
 * in a table enables each call.
 *
 * The cost depends on the machine. getppid took 165 ns without it and 270 with it on the virtual machine that it
 * was written on (Linux 6.18), 85 and 110 on one with two Xeons. On the former, programs on single tracepoints
 * made it 445 for calls that have one and 219 for others, 311 with the one for 32-bit calls. `npm run bench`
 * measures it on any machine. */

#include "syscall.h"

/* Goes to the program of a slot, if it is that one, a constant: the kernel makes a plain jump of it. A number that it
 * does not know goes through a retpoline, which takes 20 ns. */
#define GO_IF(slot, key) \
  if ((slot) == (key))   \
  bpf_tail_call_static(ctx, &programs, key)

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
  GO_IF(hook.slot, SLOT_OPEN);
  if (likely(!hook.slot))
    return PASS_ON;
  GO_IF(hook.slot, SLOT_DESCRIPTOR);
  GO_IF(hook.slot, SLOT_SOCKET);
  GO_IF(hook.slot, SLOT_PATH);
  GO_IF(hook.slot, SLOT_PROCESS);
  bpf_tail_call(ctx, &programs, hook.slot);
  return PASS_ON;
}
