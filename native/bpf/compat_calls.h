/* 32-bit system calls by their numbers, i386's on x86-64 and ARM's on arm64, which are the same up to 256 or so
 * (arch/x86/entry/syscalls/syscall_32.tbl, arch/arm64/tools/syscall_32.tbl). */

#ifndef WASPREY_COMPAT_CALLS_H
#define WASPREY_COMPAT_CALLS_H

#include "maps.h"

/* What a call is: the event it makes, the change it may have made to its process (hooks.h), whether its ids have 16
 * bits. The arguments are those of the native call, in its order. */
struct compat_call {
  u8 type;
  u8 change;
  u8 short_ids;
};

#define COMPAT_FCNTL 55
#define COMPAT_FCNTL64 221
#define COMPAT_EXECVE 11
#if defined(__TARGET_ARCH_x86)
#define COMPAT_UMOUNT 22
#define COMPAT_SOCKETCALL 102
#define COMPAT_EXECVEAT 358
#elif defined(__TARGET_ARCH_arm64)
#define COMPAT_RECV 291
#define COMPAT_EXECVEAT 387
#endif

static const struct compat_call compat_calls[] = {
    [2] = {EVENT_FORK},
    [5] = {EVENT_OPEN},
    [8] = {EVENT_CREAT},
    [9] = {EVENT_LINK},
    [10] = {EVENT_UNLINK},
    [COMPAT_EXECVE] = {EVENT_EXECVE},
    [12] = {0, CHANGE_PLACE}, /* chdir */
    [15] = {EVENT_CHMOD},
    [21] = {EVENT_MOUNT},
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
    [COMPAT_FCNTL64] = {EVENT_DUP},
    [238] = {EVENT_TKILL},
    [417] = {EVENT_RECVMMSG}, /* recvmmsg_time64 */
    [435] = {EVENT_CLONE3},
    [437] = {EVENT_OPENAT2},
    [452] = {EVENT_FCHMODAT}, /* fchmodat2 */
#if defined(__TARGET_ARCH_x86)
    [COMPAT_UMOUNT] = {EVENT_UMOUNT2},
    [COMPAT_SOCKETCALL] = {EVENT_SOCKET}, /* or another: see find_socketcall() */
    [217] = {EVENT_PIVOT_ROOT, CHANGE_PLACE},
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
    [COMPAT_EXECVEAT] = {EVENT_EXECVEAT},
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
#elif defined(__TARGET_ARCH_arm64)
    [218] = {EVENT_PIVOT_ROOT, CHANGE_PLACE},
    [268] = {EVENT_TGKILL},
    [281] = {EVENT_SOCKET},
    [282] = {EVENT_BIND},
    [283] = {EVENT_CONNECT},
    [284] = {EVENT_LISTEN},
    [285] = {EVENT_ACCEPT},
    [290] = {EVENT_SENDTO},
    [COMPAT_RECV] = {EVENT_RECVFROM},
    [292] = {EVENT_RECVFROM},
    [296] = {EVENT_SENDMSG},
    [297] = {EVENT_RECVMSG},
    [311] = {EVENT_KEYCTL},
    [322] = {EVENT_OPENAT},
    [323] = {EVENT_MKDIRAT},
    [328] = {EVENT_UNLINKAT},
    [329] = {EVENT_RENAMEAT},
    [330] = {EVENT_LINKAT},
    [331] = {EVENT_SYMLINKAT},
    [333] = {EVENT_FCHMODAT},
    [337] = {EVENT_UNSHARE, CHANGE_PLACE},
    [347] = {EVENT_KEXEC_LOAD},
    [358] = {EVENT_DUP3},
    [364] = {EVENT_PERF_EVENT_OPEN},
    [365] = {EVENT_RECVMMSG},
    [366] = {EVENT_ACCEPT4},
    [371] = {EVENT_OPEN_BY_HANDLE_AT},
    [374] = {EVENT_SENDMMSG},
    [375] = {EVENT_SETNS, CHANGE_PLACE},
    [379] = {EVENT_FINIT_MODULE},
    [382] = {EVENT_RENAMEAT2},
    [385] = {EVENT_MEMFD_CREATE},
    [386] = {EVENT_BPF},
    [COMPAT_EXECVEAT] = {EVENT_EXECVEAT},
    [388] = {EVENT_USERFAULTFD},
    [401] = {EVENT_KEXEC_FILE_LOAD},
#endif
};
#define COMPAT_CALLS (sizeof(compat_calls) / sizeof(*compat_calls))

#endif
