/* What every syscall hook starts from: the task, its registers as they stood at entry, the result, the image id. */

#ifndef WASPREY_SYSCALL_H
#define WASPREY_SYSCALL_H

#include "image.h"
#include "record.h"

/* What a program on tracepoint/syscalls/sys_exit_* is given. */
struct exit_context {
  u64 common;
  s64 number;
  s64 result;
};

/* Argument n of the current syscall. Registers at exit are those at entry, but for the result's. */
#if defined(__TARGET_ARCH_x86)
#define ARGUMENT_0(registers) ((registers)->di)
#define ARGUMENT_1(registers) ((registers)->si)
#define ARGUMENT_2(registers) ((registers)->dx)
#define ARGUMENT_3(registers) ((registers)->r10)
#define ARGUMENT_4(registers) ((registers)->r8)
#define ARGUMENT_5(registers) ((registers)->r9)
#elif defined(__TARGET_ARCH_arm64)
#define ARGUMENT_0(registers) ((registers)->orig_x0)
#define ARGUMENT_1(registers) ((registers)->regs[1])
#define ARGUMENT_2(registers) ((registers)->regs[2])
#define ARGUMENT_3(registers) ((registers)->regs[3])
#define ARGUMENT_4(registers) ((registers)->regs[4])
#define ARGUMENT_5(registers) ((registers)->regs[5])
#endif

/* The program of a syscall's exit; the tracepoint may be named otherwise than the syscall. */
#define HOOK(name, tracepoint) \
  SEC("tracepoint/syscalls/sys_exit_" #tracepoint) int sys_exit_##name(struct exit_context *ctx)

#define AT_FDCWD (-100)

/* The task's registers; its arguments are read with ARGUMENT_n. */
inline_always struct pt_regs *registers_of(struct task_struct *task) {
  return (struct pt_regs *)bpf_task_pt_regs(task);
}

/* Slow path of image_of_current(). A snapshot is too large a program to be part of each hook: we go there by a tail
 * call, and it comes back here by another, with `resume` telling that it has tried. */
static __noinline struct process *without_image(struct task_struct *task, u32 type) {
  struct process *process = process_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!process)
    return 0;
  if (process->id || process->resume) {
    process->resume = 0;
    return 0;
  }
  process->resume = type;
  return process;
}

/* The image id of the current process; goes away and comes back when there is none yet. */
#define IMAGE_OF(ctx, task, type)                         \
  ({                                                      \
    struct process *image_process = process_of(task, 0);  \
    if (unlikely(!image_process || !image_process->id)) { \
      if (without_image(task, type))                      \
        bpf_tail_call(ctx, &programs, 0);                 \
    }                                                     \
    image_process ? image_process->id : 0;                \
  })

#endif
