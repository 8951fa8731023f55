/* A call into the kernel, by any way: its arguments, and the memory that they point to. */

#ifndef WASPREY_CALL_H
#define WASPREY_CALL_H

#include "maps.h"

#define WAY_NATIVE 0
#define WAY_COMPAT 1   /* a 32-bit system call: structs in memory are those of its ABI */
#define WAY_IO_URING 2 /* strings and structs are the kernel's own copies */

/* The arguments of a call. Its way is a constant in each program. */
struct call {
  struct pt_regs *registers; /* arguments of a native system call */
  const u64 *passed;         /* or those of a call that came another way, in the order of the native one; 0: none */
  u32 way;
  s32 fd;   /* io_uring: number of the descriptor it made or works on, or index among the ring's own files */
  u64 file; /* io_uring: address of the open file behind it; 0: not known */
};

/* Argument n of a call. Registers at exit are those at entry, but for the result's. The value is pinned to
 * where it is read: clang likes to merge loads from different structs into one, which the verifier refuses. */
#define PINNED(source)           \
  ({                             \
    u64 pinned_value = (source); \
    opaque(pinned_value);        \
    pinned_value;                \
  })
#if defined(__TARGET_ARCH_x86)
#define REGISTER_0 di
#define REGISTER_1 si
#define REGISTER_2 dx
#define REGISTER_3 r10
#define REGISTER_4 r8
#define REGISTER_5 r9
#elif defined(__TARGET_ARCH_arm64)
#define REGISTER_0 orig_x0
#define REGISTER_1 regs[1]
#define REGISTER_2 regs[2]
#define REGISTER_3 regs[3]
#define REGISTER_4 regs[4]
#define REGISTER_5 regs[5]
#endif
#define ARGUMENT(call, n) ((call)->passed ? (call)->passed[n] : PINNED((call)->registers->REGISTER_##n))

/* Number and result of the system call that returns: on raw_tp/sys_exit and on the exit of its function (registers,
 * result), or on the trace event. The exit has the number from the addon: a tracer can't change it, and a function may
 * serve a native and a 32-bit call. If it serves only one, no table has the other number. */
struct trace_event_raw_sys_exit {
  long id;
  long ret;
} RELOCATED;

#if defined(__TARGET_ARCH_x86)
#define CALL_NUMBER orig_ax
#elif defined(__TARGET_ARCH_arm64)
#define CALL_NUMBER syscallno
#endif
#define EXIT_NATIVE(cookie) ((u32)(cookie) & 0xffff)
#define EXIT_COMPAT(cookie) ((u32)((cookie) >> 16) & 0xffff)
inline_always u32 number_of(const struct bpf_raw_tracepoint_args *ctx) {
  if (on_exits)
    return EXIT_NATIVE(bpf_get_attach_cookie((void *)ctx));
  if (on_trace_events)
    return PINNED(((const struct trace_event_raw_sys_exit *)ctx)->id);
  return LOAD(pt_regs, PINNED(ctx->args[0]), CALL_NUMBER);
}

inline_always s64 result_of(const struct bpf_raw_tracepoint_args *ctx) {
  if (on_trace_events)
    return PINNED(((const struct trace_event_raw_sys_exit *)ctx)->ret);
  return PINNED(ctx->args[1]);
}

/* The task's system call; its arguments are read with ARGUMENT. */
inline_always struct call call_of(struct task_struct *task) {
  return (struct call){.registers = (struct pt_regs *)bpf_task_pt_regs(task)};
}

/* An address of the process for bpf_probe_read_user(). On arm64 system calls ignore a tag in its top byte
 * (PR_SET_TAGGED_ADDR_CTRL), while that helper fails. bpf_probe_read_user_str() ignores it too. */
inline_always void *untagged(u64 address) {
#if defined(__TARGET_ARCH_arm64)
  address &= ~0ull >> 8;
#endif
  return (void *)address;
}

/* Copies the memory that an argument points to; returns 0 on success. */
inline_always long read_memory(const struct call *call, void *to, u32 size, u64 address) {
  return call->way == WAY_IO_URING ? bpf_probe_read_kernel(to, size, (void *)address)
                                   : bpf_probe_read_user(to, size, untagged(address));
}

#endif
