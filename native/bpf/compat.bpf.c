/* 32-bit system calls on x86-64: those of 32-bit programs, and `int 0x80` from any. They have numbers of their own. */

#include "passed.h"

#if defined(__TARGET_ARCH_x86)

#define COMPAT_SOCKETCALL 102
#define COMPAT_UMOUNT 22
#define COMPAT_FCNTL 55
#define COMPAT_FCNTL64 221
#define OVERFLOW_ID 0xffff /* in 16 bits, the id that says "leave it" */

/* What a call is: the event it makes, the change it may have made to its process (hooks.h), ids of 16 bits. */
struct compat_call {
  u8 type;
  u8 change;
  u8 short_ids;
};

/* By i386 number (arch/x86/entry/syscalls/syscall_32.tbl). The arguments are those of the native call, in its order. */
static const struct compat_call compat_calls[] = {
    [2] = {EVENT_FORK},
    [5] = {EVENT_OPEN},
    [8] = {EVENT_CREAT},
    [9] = {EVENT_LINK},
    [10] = {EVENT_UNLINK},
    [11] = {EVENT_EXECVE},
    [12] = {0, CHANGE_PLACE}, /* chdir */
    [15] = {EVENT_CHMOD},
    [21] = {EVENT_MOUNT},
    [COMPAT_UMOUNT] = {EVENT_UMOUNT2},
    [23] = {EVENT_SETUID, CHANGE_CREDENTIALS, 1},
    [26] = {EVENT_PTRACE},
    [37] = {EVENT_KILL},
    [38] = {EVENT_RENAME},
    [39] = {EVENT_MKDIR},
    [40] = {EVENT_RMDIR},
    [41] = {EVENT_DUP},
    [46] = {EVENT_SETGID, CHANGE_CREDENTIALS, 1},
    [52] = {EVENT_UMOUNT2},
    [COMPAT_FCNTL] = {EVENT_DUP},
    [57] = {EVENT_SETPGID, CHANGE_GROUP},
    [61] = {0, CHANGE_PLACE}, /* chroot */
    [63] = {EVENT_DUP2},
    [66] = {EVENT_SETSID, CHANGE_GROUP},
    [70] = {0, CHANGE_CREDENTIALS, 1}, /* setreuid */
    [71] = {0, CHANGE_CREDENTIALS, 1}, /* setregid */
    [83] = {EVENT_SYMLINK},
    [94] = {EVENT_FCHMOD},
    [COMPAT_SOCKETCALL] = {EVENT_SOCKET}, /* or another: see find_socketcall() */
    [120] = {EVENT_CLONE},
    [128] = {EVENT_INIT_MODULE},
    [133] = {0, CHANGE_PLACE}, /* fchdir */
    [164] = {EVENT_SETRESUID, CHANGE_CREDENTIALS, 1},
    [170] = {0, CHANGE_CREDENTIALS, 1}, /* setresgid */
    [185] = {0, CHANGE_CREDENTIALS},    /* capset */
    [190] = {EVENT_VFORK},
    [203] = {0, CHANGE_CREDENTIALS}, /* setreuid32 */
    [204] = {0, CHANGE_CREDENTIALS}, /* setregid32 */
    [208] = {EVENT_SETRESUID, CHANGE_CREDENTIALS},
    [210] = {0, CHANGE_CREDENTIALS}, /* setresgid32 */
    [213] = {EVENT_SETUID, CHANGE_CREDENTIALS},
    [214] = {EVENT_SETGID, CHANGE_CREDENTIALS},
    [217] = {EVENT_PIVOT_ROOT, CHANGE_PLACE},
    [COMPAT_FCNTL64] = {EVENT_DUP},
    [238] = {EVENT_TKILL},
    [270] = {EVENT_TGKILL},
    [283] = {EVENT_KEXEC_LOAD},
    [288] = {EVENT_KEYCTL},
    [295] = {EVENT_OPENAT},
    [296] = {EVENT_MKDIRAT},
    [301] = {EVENT_UNLINKAT},
    [302] = {EVENT_RENAMEAT},
    [303] = {EVENT_LINKAT},
    [304] = {EVENT_SYMLINKAT},
    [306] = {EVENT_FCHMODAT},
    [310] = {EVENT_UNSHARE, CHANGE_PLACE},
    [330] = {EVENT_DUP3},
    [336] = {EVENT_PERF_EVENT_OPEN},
    [337] = {EVENT_RECVMMSG},
    [342] = {EVENT_OPEN_BY_HANDLE_AT},
    [345] = {EVENT_SENDMMSG},
    [346] = {EVENT_SETNS, CHANGE_PLACE},
    [350] = {EVENT_FINIT_MODULE},
    [353] = {EVENT_RENAMEAT2},
    [356] = {EVENT_MEMFD_CREATE},
    [357] = {EVENT_BPF},
    [358] = {EVENT_EXECVEAT},
    [359] = {EVENT_SOCKET},
    [361] = {EVENT_BIND},
    [362] = {EVENT_CONNECT},
    [363] = {EVENT_LISTEN},
    [364] = {EVENT_ACCEPT4},
    [369] = {EVENT_SENDTO},
    [370] = {EVENT_SENDMSG},
    [371] = {EVENT_RECVFROM},
    [372] = {EVENT_RECVMSG},
    [374] = {EVENT_USERFAULTFD},
    [417] = {EVENT_RECVMMSG}, /* recvmmsg_time64 */
    [435] = {EVENT_CLONE3},
    [437] = {EVENT_OPENAT2},
    [452] = {EVENT_FCHMODAT}, /* fchmodat2 */
};
#define COMPAT_CALLS (sizeof(compat_calls) / sizeof(*compat_calls))

/* By number of socketcall(2) (include/uapi/linux/net.h): the event, and how many arguments there are (net/socket.c). */
static const struct socket_call {
  u8 type;
  u8 arguments;
} socket_calls[] = {
    [1] = {EVENT_SOCKET, 3},
    [2] = {EVENT_BIND, 3},
    [3] = {EVENT_CONNECT, 3},
    [4] = {EVENT_LISTEN, 2},
    [5] = {EVENT_ACCEPT, 3},
    [10] = {EVENT_RECVFROM, 4}, /* recv: the address of the sender is not asked for */
    [11] = {EVENT_SENDTO, 6},
    [12] = {EVENT_RECVFROM, 6},
    [16] = {EVENT_SENDMSG, 3},
    [17] = {EVENT_RECVMSG, 3},
    [18] = {EVENT_ACCEPT4, 4},
    [19] = {EVENT_RECVMMSG, 5},
    [20] = {EVENT_SENDMMSG, 4},
};
#define SOCKET_CALLS (sizeof(socket_calls) / sizeof(*socket_calls))

/* socketcall(2): its arguments are the number of a call, and the address of that one's arguments. No more of them is read
 * than the kernel reads: what lies behind may not be there. */
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
  bpf_probe_read_user(words, size, (void *)passed->passed[1]);
#pragma unroll
  for (u32 i = 0; i < 6; i++)
    passed->passed[i] = words[i];
  return socket_calls[number].type;
}

inline_always u64 wide_id(u64 id) {
  return (u16)id == OVERFLOW_ID ? 0xffffffff : (u16)id;
}

inline_always void fill_arguments(struct passed_call *passed, const struct pt_regs *registers, u32 number) {
  u64 *to = passed->passed;
  to[0] = (u32)registers->bx;
  to[1] = (u32)registers->cx;
  to[2] = (u32)registers->dx;
  to[3] = (u32)registers->si;
  to[4] = (u32)registers->di;
  to[5] = (u32)registers->bp;
  if (number == COMPAT_UMOUNT)
    to[1] = 0;
}

HOOK_PROGRAM(on_compat) {
  struct task_struct *task = bpf_get_current_task_btf();
  s64 result = result_of(ctx);
  struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
  struct capture_shared *control = capture();
  struct passed_call *passed = passed_space();
  u32 cpu = bpf_get_smp_processor_id();
  struct ring_control *ring = bpf_map_lookup_elem(&ring_control, &cpu);
  u64 number = (u32)registers->orig_ax;
  opaque(number);
  if (number >= COMPAT_CALLS || !control || !passed || !ring)
    return 0;
  const struct compat_call *call = &compat_calls[number];
  u32 change = call->change, type = call->type;
  struct process *process = type || change ? process_of(task, 0) : 0;
  if (process && process->id && change && result >= 0)
    note_change(process, task, change);
  if (!type)
    return 0;
  __builtin_memset(passed, 0, offsetof(struct passed_call, texts));
  fill_arguments(passed, registers, number);
  if (call->short_ids) {
    passed->passed[0] = wide_id(passed->passed[0]);
    passed->passed[1] = wide_id(passed->passed[1]);
    passed->passed[2] = wide_id(passed->passed[2]);
  }
  if (number == COMPAT_SOCKETCALL)
    type = find_socketcall(passed);
  if ((number == COMPAT_FCNTL || number == COMPAT_FCNTL64) && !duplicates(passed->passed[1]))
    return 0;
  if (!may_be_wanted(control, type))
    return 0;
  if (unlikely(!process || !process->id) && wants_snapshot(ring, task))
    bpf_tail_call(ctx, &programs, SLOT_SNAPSHOT);
  fill_caller(passed, task);
  passed->type = type;
  passed->way = WAY_COMPAT;
  passed->flags |= EVENT_FLAG_COMPAT;
  passed->result = result;
  bool many = type == EVENT_SENDMMSG || type == EVENT_RECVMMSG;
  bpf_tail_call(ctx, &programs, many ? SLOT_PASSED_MANY : SLOT_PASSED);
  return 0;
}

#endif
