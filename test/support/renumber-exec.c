// renumber-exec NUMBER PROGRAM [WORDS...]: runs a program as a tracer that writes this number over that of the call while it
// is within its execve, and leaves it alone then.
#define _GNU_SOURCE
#include <elf.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static long renumber(pid_t child, int number) {
#if defined(__x86_64__)
  return ptrace(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, orig_rax), (long)number);
#else
  struct iovec data = {&number, sizeof(number)};
  return ptrace(PTRACE_SETREGSET, child, NT_ARM_SYSTEM_CALL, &data);
#endif
}

int main(int argc, char** argv) {
  int start[2];
  char byte = 0;
  int status = 0;
  if (argc < 3 || pipe(start) != 0) return 2;
  const pid_t child = fork();
  if (child == 0) {
    if (read(start[0], &byte, 1) == 1) execv(argv[2], argv + 2);
    _exit(127);
  }
  if (ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_TRACEEXEC) != 0 || write(start[1], &byte, 1) != 1) {
    perror("seizing it");
    return 2;
  }
  waitpid(child, &status, __WALL);
  if (status >> 8 != (SIGTRAP | PTRACE_EVENT_EXEC << 8) || renumber(child, atoi(argv[1])) != 0 ||
      ptrace(PTRACE_DETACH, child, 0, 0) != 0) {
    perror("its exec");
    return 2;
  }
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
