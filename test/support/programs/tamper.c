/* What somebody with root's rights does to a running agent, for test/live/tampering.test.ts:
 *
 *   tamper write MAP OFFSET HEX      writes into memory of the map with that id, by mmap, as the agent does
 *   tamper map MAP KEY [BYTES]       puts a map of that size, all zeros, into a map of maps, or takes out what is there
 *   tamper close PID FD...           has the process close descriptors, by ptrace
 *   tamper hold TID MILLISECONDS     stops one thread by ptrace */

#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int succeeded, const char *what) {
  if (succeeded)
    return;
  fprintf(stderr, "tamper: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int open_map(const char *id) {
  union bpf_attr attr = {.map_id = (uint32_t)atoi(id)};
  int fd = (int)syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &attr, sizeof attr);
  must(fd >= 0, "BPF_MAP_GET_FD_BY_ID");
  return fd;
}

static void write_map(const char *id, size_t offset, const char *hex) {
  size_t length = strlen(hex) / 2;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t start = offset / page * page;
  uint8_t *memory = mmap(NULL, offset + length - start, PROT_READ | PROT_WRITE, MAP_SHARED, open_map(id), (off_t)start);
  must(memory != MAP_FAILED, "mmap");
  for (size_t i = 0; i < length; i++) {
    unsigned byte;
    sscanf(hex + 2 * i, "%2x", &byte);
    memory[offset - start + i] = (uint8_t)byte;
  }
}

static int make_map(uint32_t bytes) {
  union bpf_attr attr = {
      .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = bytes, .max_entries = 1, .map_flags = BPF_F_MMAPABLE};
  int fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr);
  must(fd >= 0, "BPF_MAP_CREATE");
  return fd;
}

static void change_outer(const char *id, uint32_t key, const char *bytes) {
  int value = bytes ? make_map((uint32_t)atoi(bytes)) : -1;
  union bpf_attr attr = {.map_fd = (uint32_t)open_map(id), .key = (uintptr_t)&key, .value = (uintptr_t)&value};
  must(syscall(SYS_bpf, bytes ? BPF_MAP_UPDATE_ELEM : BPF_MAP_DELETE_ELEM, &attr, sizeof attr) == 0, "changing the map");
}

static void attach(pid_t thread) {
  must(ptrace(PTRACE_SEIZE, thread, 0, 0) == 0, "PTRACE_SEIZE");
  must(ptrace(PTRACE_INTERRUPT, thread, 0, 0) == 0, "PTRACE_INTERRUPT");
  must(waitpid(thread, NULL, __WALL) == thread, "waitpid");
}

typedef struct user_regs_struct registers;

#ifdef __x86_64__
/* `syscall` */
enum { CALL = 0x050f, CALL_BYTES = 2 };
static unsigned long long *next_of(registers *of) { return &of->rip; }
static unsigned long long *result_of(registers *of) { return &of->rax; }
static void make_close(registers *of, int fd) {
  of->orig_rax = (unsigned long long)-1; /* what was interrupted is not begun again */
  of->rax = SYS_close;
  of->rdi = (unsigned long long)fd;
}
static void forget_interrupted(pid_t thread) { (void)thread; }
#else
/* `svc #0` */
enum { CALL = (int)0xd4000001, CALL_BYTES = 4 };
static unsigned long long *next_of(registers *of) { return &of->pc; }
static unsigned long long *result_of(registers *of) { return &of->regs[0]; }
static void make_close(registers *of, int fd) {
  of->regs[8] = SYS_close;
  of->regs[0] = (unsigned long long)fd;
}
static void forget_interrupted(pid_t thread) {
  int none = -1;
  struct iovec data = {&none, sizeof none};
  must(ptrace(PTRACE_SETREGSET, thread, (void *)NT_ARM_SYSTEM_CALL, &data) == 0, "PTRACE_SETREGSET");
}
#endif

static void read_registers(pid_t thread, registers *into) {
  struct iovec data = {into, sizeof *into};
  must(ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &data) == 0, "PTRACE_GETREGSET");
}

static void write_registers(pid_t thread, registers *from) {
  struct iovec data = {from, sizeof *from};
  must(ptrace(PTRACE_SETREGSET, thread, (void *)NT_PRSTATUS, &data) == 0, "PTRACE_SETREGSET");
}

static int is_call(pid_t thread, unsigned long long address) {
  long word = ptrace(PTRACE_PEEKTEXT, thread, (void *)(uintptr_t)address, 0);
  return memcmp(&word, &(int){CALL}, CALL_BYTES) == 0;
}

/* The system call in which it waits, or from which it has returned; on ARM one that was interrupted comes next. 0: none. */
static unsigned long long call_of(pid_t thread, registers *of) {
  unsigned long long next = *next_of(of);
  return is_call(thread, next - CALL_BYTES) ? next - CALL_BYTES : is_call(thread, next) ? next : 0;
}

/* The thread waits in a system call most of the time: its instruction is right before where it goes on. */
static void close_in(pid_t thread, int count, char **fds) {
  registers before, now;
  unsigned long long place;
  for (int tries = 0;; tries++) {
    attach(thread);
    read_registers(thread, &before);
    place = call_of(thread, &before);
    if (place)
      break;
    ptrace(PTRACE_DETACH, thread, 0, 0);
    must(tries < 1000, "the thread is in no system call");
    usleep(1000);
  }
  for (int i = 0; i < count; i++) {
    now = before;
    *next_of(&now) = place;
    make_close(&now, atoi(fds[i]));
    write_registers(thread, &now);
    forget_interrupted(thread);
    must(ptrace(PTRACE_SINGLESTEP, thread, 0, 0) == 0, "PTRACE_SINGLESTEP");
    waitpid(thread, NULL, __WALL);
    read_registers(thread, &now);
    errno = (int)-(long long)*result_of(&now);
    must(*result_of(&now) == 0, "close in the other process");
  }
  write_registers(thread, &before);
  ptrace(PTRACE_DETACH, thread, 0, 0);
}

static void hold(pid_t thread, useconds_t milliseconds) {
  attach(thread);
  usleep(milliseconds * 1000);
  ptrace(PTRACE_DETACH, thread, 0, 0);
}

int main(int count, char **words) {
  const char *action = count > 3 ? words[1] : "";
  if (!strcmp(action, "write") && count == 5)
    write_map(words[2], strtoul(words[3], NULL, 0), words[4]);
  else if (!strcmp(action, "map"))
    change_outer(words[2], (uint32_t)atoi(words[3]), words[4]);
  else if (!strcmp(action, "close"))
    close_in(atoi(words[2]), count - 3, words + 3);
  else if (!strcmp(action, "hold"))
    hold(atoi(words[2]), (useconds_t)atoi(words[3]));
  else
    return 2;
  return 0;
}
