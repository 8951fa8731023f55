// 32-bit system calls of x86-64, by `int 0x80`. What the arguments point to lies below 4 GB: act is linked to fixed
// addresses, and what it allocates comes right behind it.
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "act.h"

#if defined(__x86_64__)
#include <asm/unistd_32.h>

struct compat_call {
  const char* name;
  unsigned number;
};

#define CALL(name) {#name, __NR_##name}
static const struct compat_call calls[] = {
    CALL(open),
    CALL(openat),
    CALL(openat2),
    CALL(creat),
    CALL(unlink),
    CALL(unlinkat),
    CALL(rmdir),
    CALL(mkdir),
    CALL(mkdirat),
    CALL(rename),
    CALL(renameat),
    CALL(renameat2),
    CALL(link),
    CALL(linkat),
    CALL(symlink),
    CALL(symlinkat),
    CALL(chmod),
    CALL(fchmod),
    CALL(fchmodat),
    CALL(dup),
    CALL(dup2),
    CALL(dup3),
    CALL(fcntl),
    CALL(socket),
    CALL(bind),
    CALL(listen),
    CALL(connect),
    CALL(accept4),
    CALL(sendto),
    CALL(sendmsg),
    CALL(mount),
    CALL(umount2),
    CALL(memfd_create),
    CALL(unshare),
    CALL(setns),
    CALL(ptrace),
    CALL(bpf),
    CALL(chdir),
    CALL(setsid),
    CALL(execve),
    CALL(execveat),
    CALL(fchmodat2),
    CALL(recvfrom),
    CALL(recvmsg),
    CALL(io_uring_setup),
    CALL(open_by_handle_at),
    CALL(sendmmsg),
    CALL(recvmmsg),
    {"setuid", __NR_setuid32},
    {"setgid", __NR_setgid32},
    {"setresuid", __NR_setresuid32},
    CALL(kill),
    CALL(tkill),
    CALL(tgkill),
    CALL(setpgid),
    CALL(kexec_load),
    CALL(perf_event_open),
    CALL(pivot_root),
    CALL(keyctl),
    CALL(userfaultfd),
    {"setuid16", __NR_setuid},
};

// By their numbers; how many arguments each has.
static const struct socket_call {
  const char* name;
  size_t arguments;
} socket_calls[] = {
    [1] = {"socket", 3},   [2] = {"bind", 3},     [3] = {"connect", 3},   [4] = {"listen", 2},
    [5] = {"accept", 3},   [11] = {"sendto", 6},  [12] = {"recvfrom", 6}, [16] = {"sendmsg", 3},
    [17] = {"recvmsg", 3}, [18] = {"accept4", 4}, [19] = {"recvmmsg", 5}, [20] = {"sendmmsg", 4},
};

enum { SOCKETCALL_RECV = 10, RECV_ARGUMENTS = 4, PAGE = 4096 };

static uint32_t low(long value) {
  if (value > UINT32_MAX || value < INT32_MIN) die("no 32-bit argument: %#lx", value);
  return (uint32_t)value;
}

static long interrupt(unsigned number, const long* a) {
  int32_t result;
  uint64_t sixth = low(a[5]);
  // The stack below belongs to the compiler too (the red zone), and it may have its frame in rbp.
  asm volatile("sub $128, %%rsp\n push %%rbp\n mov %[sixth], %%rbp\n int $0x80\n pop %%rbp\n add $128, %%rsp"
               : "=a"(result)
               : "a"(number), "b"(low(a[0])), "c"(low(a[1])), "d"(low(a[2])), "S"(low(a[3])),
                 "D"(low(a[4])), [sixth] "r"(sixth)
               : "memory", "cc", "r8", "r9", "r10", "r11");
  return result;
}

long call_by_interrupt(const char* name, const char* how, const long* arguments) {
  if (!strncmp(how, "int80+time64", 12) && !strcmp(name, "recvmmsg")) return interrupt(__NR_recvmmsg_time64, arguments);
  for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
    if (!strcmp(calls[i].name, name)) return interrupt(calls[i].number, arguments);
  die("no 32-bit call here: %s", name);
}

// Room for so many arguments at the end of a page that nothing is mapped behind: the kernel reads no more of them.
static uint32_t* argument_list(size_t count) {
  static char* page;
  if (!page) {
    page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (page == MAP_FAILED || munmap(page + PAGE, PAGE) != 0) die("no memory below 4 GB: %m");
  }
  return (uint32_t*)(page + PAGE) - count;
}

long call_by_socketcall(const char* name, const char* how, const long* arguments) {
  for (size_t i = 0; i < sizeof(socket_calls) / sizeof(*socket_calls); i++) {
    if (!socket_calls[i].name || strcmp(socket_calls[i].name, name)) continue;
    bool is_recv = strstr(how, "+recv");
    size_t count = is_recv ? RECV_ARGUMENTS : socket_calls[i].arguments;
    uint32_t* list = argument_list(count);
    for (size_t each = 0; each < count; each++) list[each] = low(arguments[each]);
    return interrupt(__NR_socketcall, (long[6]){is_recv ? SOCKETCALL_RECV : (long)i, (long)list});
  }
  die("socketcall has no %s", name);
}

#else

long call_by_interrupt(const char* name, const char*, const long*) { die("no 32-bit calls on this machine: %s", name); }

long call_by_socketcall(const char* name, const char*, const long*) {
  die("no 32-bit calls on this machine: %s", name);
}

#endif
