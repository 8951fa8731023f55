/* Common data of every syscall hook: the task, its call, the result, the image id. */

#ifndef WASPREY_SYSCALL_H
#define WASPREY_SYSCALL_H

#include "thread_images.h"
#include "compat_calls.h"
#include "record.h"

/* A program that on_call() continues in at the return of its system calls (hooks.h). */
#define HOOK_PROGRAM(name) SEC("raw_tp") int name(struct bpf_raw_tracepoint_args *ctx)

#if defined(__TARGET_ARCH_x86)
#define STATUS_COMPAT 2 /* TS_COMPAT */

/* Whether the thread is within a 32-bit system call. */
inline_always bool is_compat_thread(const struct task_struct *task) {
  return task->thread_info.status & STATUS_COMPAT;
}

/* Whether the returning system call is a 32-bit one. */
inline_always bool is_compat(const struct bpf_raw_tracepoint_args *ctx) {
  return is_compat_thread(bpf_get_current_task_btf());
}
#elif defined(__TARGET_ARCH_arm64)
#define THREAD_32BIT (1 << 22) /* _TIF_32BIT */

/* Whether the thread is within a 32-bit system call: all calls of a 32-bit program are. */
inline_always bool is_compat_thread(const struct task_struct *task) {
  return task->thread_info.flags & THREAD_32BIT;
}

/* Whether the returning system call is a 32-bit one. At the end of an exec the thread is already that of the new
 * program, 32-bit or not, while the call's number is still one of the old program. Such an exec is known by its
 * registers, which are zero then: no other call of those numbers succeeds with arguments of zero. The exit of its
 * function is no event, whatever the thread is. */
inline_always bool is_compat(const struct bpf_raw_tracepoint_args *ctx) {
  struct task_struct *task = bpf_get_current_task_btf();
  bool compat = is_compat_thread(task);
  if (on_exits)
    return compat;
  u32 number = number_of(ctx);
  bool is_exec = compat ? number == NATIVE_execve || number == NATIVE_execveat
                        : number == COMPAT_execve || number == COMPAT_execveat;
  if (likely(!is_exec) || result_of(ctx))
    return compat;
  const struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
  return registers->orig_x0 || registers->regs[1] ? compat : !compat;
}
#endif

/* The hook of the system call with a number. */
inline_always struct call_hook hook_at(const struct capture_shared *control, u32 number) {
  opaque(number);
  if (number >= CALLS)
    return (struct call_hook){};
  return control->calls[number];
}

/* The hook of this system call. */
inline_always struct call_hook hook_of(const struct bpf_raw_tracepoint_args *ctx,
                                       const struct capture_shared *control) {
  return hook_at(control, number_of(ctx));
}

#define AT_FDCWD (-100)

/* Records carry x86-64's numbers; arm64 has its own for four of the flags. */
inline_always u32 common_open_flags(u32 flags) {
#if defined(__TARGET_ARCH_arm64)
  return (flags & ~0x3c000u) | (flags & 0x4000) << 2 /* O_DIRECTORY */ | (flags & 0x8000) << 2 /* O_NOFOLLOW */ |
         (flags & 0x10000) >> 2 /* O_DIRECT */ | (flags & 0x20000) >> 2 /* O_LARGEFILE */;
#else
  return flags;
#endif
}

/* Whether the call has been to the program that makes the image of its process, and come back. That program is too
 * large to be part of a hook: the hook goes there by a tail call, and it returns to the hook by another. Noted by CPU,
 * where nothing comes in between: threads of the process may do the same on others. */
inline_always bool was_snapshot_tried(struct ring_control *ring, struct task_struct *task) {
  bool tried = ring->snapshot_tried == (u32)task->pid;
  ring->snapshot_tried = 0;
  return tried;
}

/* Whether a process has no image, one that is out of date, or one that may be (see thread_images.h). */
inline_always bool lacks_image(const struct process *process) {
  return unlikely(!process || !process->id || process->changed || process->watched);
}

/* The image last found on this CPU, if it is of that process and no process has got a new one since; else 0.
 * Spares a task storage lookup, 40 ns where getppid takes 165. The check word is for a program that another interrupts
 * between its stores. */
inline_always u64 last_image(const struct ring_control *ring, u64 leader, u64 generation) {
  u64 image = *(volatile u64 *)&ring->last_image;
  bool valid = ring->last_process == leader && ring->last_generation == generation &&
               ring->last_check == (leader ^ generation ^ image);
  return valid ? image : 0;
}

inline_always void keep_image(struct ring_control *ring, u64 leader, u64 generation, u64 image) {
  ring->last_process = leader;
  ring->last_generation = generation;
  ring->last_image = image;
  ring->last_check = leader ^ generation ^ image;
}

/* Whether calls of the type make a process or a thread. */
inline_always bool is_clone(u32 type) {
  return type == EVENT_CLONE || type == EVENT_CLONE3 || type == EVENT_FORK || type == EVENT_VFORK;
}

/* Whether the event of a call is written before the call ends: see successes.bpf.c. */
inline_always bool is_reported(u32 type, s64 result) {
  return type == EVENT_EXECVE || type == EVENT_EXECVEAT ? !result : is_clone(type) && result > 0;
}

/* Begins the event of a system call: finds the image of its process, or leaves to make one (see lacks_image()). */
inline_always bool begin(struct record *record, struct bpf_raw_tracepoint_args *ctx, struct task_struct *task) {
  if (!open_record(record))
    return false;
  record->type = hook_of(ctx, record->capture).type;
  record->result = result_of(ctx);
  if (!record->type)
    return false; /* not wanted any more */
  u64 generation = *(volatile u64 *)&record->capture->generation;
  u64 leader = LOAD_WORD(task_struct, task, group_leader);
  record->image = last_image(record->ring, leader, generation);
  if (record->image)
    return true;
  struct process *process = process_of(task, 0);
  bool tried = was_snapshot_tried(record->ring, task);
  bool lacks = lacks_image(process);
  if (lacks && !tried)
    bpf_tail_call(ctx, &programs, SLOT_SNAPSHOT);
  record->image = process ? process->id : 0;
  if (!lacks)
    keep_image(record->ring, leader, generation, record->image);
  return true;
}

#endif
