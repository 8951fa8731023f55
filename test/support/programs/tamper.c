/* What somebody with root's rights does to a running agent, for test/live/tampering.test.ts:
 *
 *   tamper write MAP OFFSET HEX      writes into memory of the map with that id, by mmap, as the agent does
 *   tamper map MAP KEY [BYTES]       puts a map of that size, all zeros, into a map of maps, or takes out what is there
 *   tamper close PID FD...           has the process close descriptors, by ptrace
 *   tamper hold TID MILLISECONDS     stops one thread by ptrace */

#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
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

#ifdef __x86_64__
/* The thread waits in a system call most of the time: its instruction is right before where it goes on. */
static void close_in(pid_t thread, int count, char **fds) {
  struct user_regs_struct before, now;
  for (int tries = 0;; tries++) {
    attach(thread);
    must(ptrace(PTRACE_GETREGS, thread, 0, &before) == 0, "PTRACE_GETREGS");
    errno = 0;
    long word = ptrace(PTRACE_PEEKTEXT, thread, (void *)(before.rip - 2), 0);
    if ((word & 0xffff) == 0x050f)
      break;
    ptrace(PTRACE_DETACH, thread, 0, 0);
    must(tries < 1000, "the thread is in no system call");
    usleep(1000);
  }
  for (int i = 0; i < count; i++) {
    now = before;
    now.rip = before.rip - 2;
    now.orig_rax = (unsigned long long)-1;
    now.rax = SYS_close;
    now.rdi = (unsigned long long)atoi(fds[i]);
    must(ptrace(PTRACE_SETREGS, thread, 0, &now) == 0, "PTRACE_SETREGS");
    must(ptrace(PTRACE_SINGLESTEP, thread, 0, 0) == 0, "PTRACE_SINGLESTEP");
    waitpid(thread, NULL, __WALL);
    ptrace(PTRACE_GETREGS, thread, 0, &now);
    errno = (int)-(long long)now.rax;
    must(now.rax == 0, "close in the other process");
  }
  ptrace(PTRACE_SETREGS, thread, 0, &before);
  ptrace(PTRACE_DETACH, thread, 0, 0);
}
#else
static void close_in(pid_t thread, int count, char **fds) {
  (void)thread, (void)count, (void)fds;
  errno = ENOSYS;
  must(0, "close, which is written for x86-64");
}
#endif

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
