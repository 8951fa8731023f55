// 32-bit system calls of x86-64, by `int 0x80`. Arguments point below 4 GB: act is linked to fixed addresses, and its
// heap follows right behind it.
#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "act.h"
#include "bpf/hooks.h"

#if defined(__x86_64__)

struct compat_call {
  const char* name;
  unsigned number;
};

#define CALL(name, number, type, change, short_ids) {#name, number},
static const struct compat_call calls[] = {
    {"io_uring_setup", SYS_io_uring_setup},  // calls as new as this have one number everywhere
    WASPREY_COMPAT_CALLS(CALL)};
#undef CALL

#define CALL(name, number, type, arguments) {#name, number, arguments},
static const struct socket_call {
  const char* name;
  unsigned number;
  size_t arguments;
} socket_calls[] = {WASPREY_SOCKETCALLS(CALL)};
#undef CALL

enum { PAGE = 4096, LONGEST_NAME = 32 };

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

static const struct compat_call* find_call(const char* name) {
  for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
    if (!strcmp(calls[i].name, name)) return &calls[i];
  return NULL;
}

long call_by_interrupt(const char* name, const char* how, const long* arguments) {
  if (!strcmp(name, "vfork")) die("a 32-bit vfork would return twice through the same stack frame");
  if (!strncmp(how, "int80+time64", 12) && !strcmp(name, "recvmmsg")) name = "recvmmsg_time64";
  // setuid32 rather than setuid, whose ids have 16 bits, unless that is meant.
  char wide[LONGEST_NAME];
  snprintf(wide, sizeof(wide), "%s32", name);
  const struct compat_call* call = strncmp(how, "int80+exact", 11) ? find_call(wide) : NULL;
  if (!call) call = find_call(name);
  if (!call) die("no 32-bit call here: %s", name);
  return interrupt(call->number, arguments);
}

// Room for so many arguments at the end of a page, with nothing mapped after it: the kernel reads no further ones.
static uint32_t* argument_list(size_t count) {
  static char* page;
  if (!page) {
    page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (page == MAP_FAILED || munmap(page + PAGE, PAGE) != 0) die("no memory below 4 GB: %m");
  }
  return (uint32_t*)(page + PAGE) - count;
}

long call_by_socketcall(const char* name, const char* how, const long* arguments) {
  if (strstr(how, "+recv")) name = "recv";
  for (size_t i = 0; i < sizeof(socket_calls) / sizeof(*socket_calls); i++) {
    const struct socket_call* call = &socket_calls[i];
    if (strcmp(call->name, name)) continue;
    uint32_t* list = argument_list(call->arguments);
    for (size_t each = 0; each < call->arguments; each++) list[each] = low(arguments[each]);
    return interrupt(COMPAT_socketcall, (long[6]){call->number, (long)list});
  }
  die("socketcall has no %s", name);
}

#else

long call_by_interrupt(const char* name, const char*, const long*) { die("no 32-bit calls on this machine: %s", name); }

long call_by_socketcall(const char* name, const char*, const long*) {
  die("no 32-bit calls on this machine: %s", name);
}

#endif
