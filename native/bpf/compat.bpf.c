/* 32-bit system calls: those of 32-bit programs, and on x86-64 `int 0x80` from any. They have numbers of their own. */

#include "compat_calls.h"
#include "passed.h"

#define MMAP2_UNIT 4096    /* bytes, of mmap2's offset */
#define PROT_ALL 7         /* PROT_READ | PROT_WRITE | PROT_EXEC; bits of vm_flags too */
#define OVERFLOW_ID 0xffff /* in 16 bits, the id that says "leave it" */

#if defined(__TARGET_ARCH_x86)

/* By number of socketcall(2): the event, and how many arguments there are. */
#define CALL(name, number, type, arguments) [number] = {type, arguments},
static const struct socket_call {
  u8 type;
  u8 arguments;
} socket_calls[] = {WASPREY_SOCKETCALLS(CALL)};
#undef CALL
#define SOCKET_CALLS (sizeof(socket_calls) / sizeof(*socket_calls))

/* Whether the arguments of a socketcall lie where sendmmsg has written how much it sent. */
inline_always bool is_block_overwritten(u32 type, u64 block, u64 size, u64 first, s64 result) {
  return type == EVENT_SENDMMSG && result > 0 && block < first + result * sizeof(struct compat_mmsghdr) &&
         block + size > first;
}

/* socketcall(2): its arguments are the number of a call, and the address of that call's arguments. Only as many
 * are read as the kernel reads: the memory after them may be unmapped. */
inline_always u32 find_socketcall(struct passed_call *passed) {
  u32 words[6] = {};
  u64 number = (u32)passed->passed[0];
  opaque(number);
  if (number >= SOCKET_CALLS)
    return 0;
  u64 size = socket_calls[number].arguments * sizeof(*words);
  opaque(size);
  if (size > sizeof(words))
    return 0;
  u64 block = passed->passed[1];
  u32 type = socket_calls[number].type;
  bool gone = bpf_probe_read_user(words, size, (void *)block);
  passed->overwritten = gone || is_block_overwritten(type, block, size, words[1], passed->result);
#pragma unroll
  for (u32 i = 0; i < 6; i++)
    passed->passed[i] = words[i];
  return type;
}

inline_always u64 compat_number(const struct pt_regs *registers) {
  return (u32)registers->orig_ax;
}

inline_always void fill_arguments(struct passed_call *passed, const struct pt_regs *registers) {
  u64 *to = passed->passed;
  to[0] = (u32)registers->bx;
  to[1] = (u32)registers->cx;
  to[2] = (u32)registers->dx;
  to[3] = (u32)registers->si;
  to[4] = (u32)registers->di;
  to[5] = (u32)registers->bp;
}

/* The mapping at an address. */
struct mapped {
  u64 end; /* 0: not known */
  u64 access;
};

static long look_at_mapped(struct task_struct *task, struct vm_area_struct *area, struct mapped *mapped) {
  mapped->end = LOAD_WORD(vm_area_struct, (u64)area, vm_end);
  mapped->access = LOAD_WORD(vm_area_struct, (u64)area, vm_flags);
  return 0;
}

/* Sets what is known of an mmap(2) whose arguments may be others by now: where it is, and with which access. */
inline_always void pass_mapping(u64 passed[6], u64 at, const struct mapped *mapped) {
  passed[0] = at;
  passed[1] = mapped->end ? mapped->end - at : 0;
  passed[2] = mapped->end ? mapped->access & PROT_ALL : PROT_ALL;
  passed[3] = passed[5] = 0;
  passed[4] = -1;
}

/* mmap(2) of i386: its argument is the address of the arguments. Those may lie where it maps (MAP_FIXED): then they are
 * gone, or what is mapped there has others in their place. */
inline_always void find_mapping(struct passed_call *passed) {
  u32 words[6] = {};
  u64 block = passed->passed[0], at = passed->result;
  bool gone = bpf_probe_read_user(words, sizeof(words), (void *)block);
#pragma unroll
  for (u32 i = 0; i < 6; i++)
    passed->passed[i] = words[i];
  if (passed->result < 0 || (!gone && block + sizeof(words) <= at))
    return;
  struct mapped mapped = {};
  bpf_find_vma(bpf_get_current_task_btf(), at, look_at_mapped, &mapped, 0);
  if (!gone && mapped.end && block >= mapped.end)
    return;
  passed->overwritten = 1;
  pass_mapping(passed->passed, at, &mapped);
}

/* The type of the event, which the number alone does not determine. Clears arguments that the native call has and this
 * one lacks. */
inline_always u32 event_of(struct passed_call *passed, u64 number, u32 type) {
  if (number == COMPAT_umount)
    passed->passed[1] = 0;
  if (number == COMPAT_mmap)
    find_mapping(passed);
  return number == COMPAT_socketcall ? find_socketcall(passed) : type;
}

#elif defined(__TARGET_ARCH_arm64)

inline_always u64 compat_number(const struct pt_regs *registers) {
  return (u32)registers->syscallno;
}

inline_always void fill_arguments(struct passed_call *passed, const struct pt_regs *registers) {
  u64 *to = passed->passed;
  to[0] = (u32)registers->orig_x0;
  to[1] = (u32)registers->regs[1];
  to[2] = (u32)registers->regs[2];
  to[3] = (u32)registers->regs[3];
  to[4] = (u32)registers->regs[4];
  to[5] = (u32)registers->regs[5];
}

/* The type of the event. Clears arguments that the native call has and this lacks: recv() asks for no sender's address.
 */
inline_always u32 event_of(struct passed_call *passed, u64 number, u32 type) {
  if (number == COMPAT_recv)
    passed->passed[4] = passed->passed[5] = 0;
  return type;
}

#endif

/* The event of a call by its number alone; 0: none. */
inline_always u32 compat_type(u64 number) {
  opaque(number);
  return number < COMPAT_CALLS ? compat_calls[number].type : 0;
}

#if defined(__TARGET_ARCH_x86)
/* The same by the registers of a call that has not returned. */
inline_always u32 compat_type_of(const struct pt_regs *registers) {
  u64 call = (u32)LOAD(pt_regs, PINNED((u64)registers), bx);
  if (LOAD(pt_regs, PINNED((u64)registers), CALL_NUMBER) != COMPAT_socketcall)
    return compat_type(LOAD(pt_regs, PINNED((u64)registers), CALL_NUMBER));
  opaque(call);
  return call < SOCKET_CALLS ? socket_calls[call].type : 0;
}
#elif defined(__TARGET_ARCH_arm64)
inline_always u32 compat_type_of(const struct pt_regs *registers) {
  return compat_type(LOAD(pt_regs, PINNED((u64)registers), CALL_NUMBER));
}
#endif

inline_always u64 wide_id(u64 id) {
  return (u16)id == OVERFLOW_ID ? 0xffffffff : (u16)id;
}

HOOK_PROGRAM(on_compat) {
  struct task_struct *task = bpf_get_current_task_btf();
  s64 result = result_of(ctx);
  struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
  struct capture_shared *control = capture();
  struct passed_call *passed = passed_space();
  u32 cpu = bpf_get_smp_processor_id();
  struct ring_control *ring = bpf_map_lookup_elem(&ring_control, &cpu);
  u64 number = on_exits ? EXIT_COMPAT(bpf_get_attach_cookie(ctx)) : compat_number(registers);
  opaque(number);
  if (number >= COMPAT_CALLS || !control || !passed || !ring)
    return PASS_ON;
  const struct compat_call *call = &compat_calls[number];
  u32 change = call->change, type = call->type;
  struct process *process = type || change ? process_of(task, 0) : 0;
  bool tried = was_snapshot_tried(ring, task);
  if (!tried && process && process->id && change && result >= 0)
    note_change(process, task, change, control);
  if (number == IO_URING_ENTER && control->silent_requests)
    bpf_tail_call(ctx, &programs, SLOT_SETTLE);
  if (!type)
    return PASS_ON;
  __builtin_memset(passed, 0, offsetof(struct passed_call, texts));
  fill_arguments(passed, registers);
  u32 short_ids = call->short_ids;
#pragma unroll
  for (u32 i = 0; i < 3; i++)
    if (short_ids >> i & 1)
      passed->passed[i] = wide_id(passed->passed[i]);
  passed->result = result;
  type = event_of(passed, number, type);
  if ((number == COMPAT_fcntl || number == COMPAT_fcntl64) && !duplicates(passed->passed[1]))
    return PASS_ON;
  if (number == COMPAT_mmap2)
    passed->passed[5] *= MMAP2_UNIT;
  struct call mapping = {.passed = passed->passed};
  if (!may_be_wanted(control, type) || is_reported(type, result) || is_ordinary_memory(type, &mapping))
    return PASS_ON;
  if (lacks_image(process) && !tried)
    bpf_tail_call(ctx, &programs, SLOT_SNAPSHOT);
  passed->type = type;
  type = *(volatile u32 *)&passed->type; /* or the verifier looks for the image once for each */
  fill_caller(passed, task);
  passed->way = WAY_COMPAT;
  passed->flags |= EVENT_FLAG_COMPAT;
  if (unlikely(passed->overwritten) && result >= 0)
    count_unkept(type);
  bool many = type == EVENT_SENDMMSG || type == EVENT_RECVMMSG;
  bpf_tail_call(ctx, &programs, many ? SLOT_PASSED_MANY : SLOT_PASSED);
  return PASS_ON;
}
