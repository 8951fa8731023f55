// renumber WHERE NUMBER [PROGRAM WORDS...]: a tracer that writes this number over that of its tracee's call while it is
// within it. WHERE is the stop: exec (of the program), fork, clone, vfork, vfork-done, or late-vfork-done: the tracer
// attaches when the call has begun. Prints the child of the tracee's call.
#define _GNU_SOURCE
#include <elf.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALL_BEGINS_US = 100 * 1000, CHILD_LIVES_US = 300 * 1000 };

struct stop {
  const char* name;
  int option;
  int event;
};

static const struct stop stops[] = {
    {"exec", PTRACE_O_TRACEEXEC, PTRACE_EVENT_EXEC},
    {"fork", PTRACE_O_TRACEFORK, PTRACE_EVENT_FORK},
    {"clone", PTRACE_O_TRACECLONE, PTRACE_EVENT_CLONE},
    {"vfork", PTRACE_O_TRACEVFORK, PTRACE_EVENT_VFORK},
    {"vfork-done", PTRACE_O_TRACEVFORKDONE, PTRACE_EVENT_VFORK_DONE},
    {"late-vfork-done", PTRACE_O_TRACEVFORKDONE, PTRACE_EVENT_VFORK_DONE},
};

[[noreturn]] static void fail(const char* what) {
  perror(what);
  exit(2);
}

static long renumber(pid_t child, int number) {
#if defined(__x86_64__)
  return ptrace(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, orig_rax), (long)number);
#else
  struct iovec data = {&number, sizeof(number)};
  return ptrace(PTRACE_SETREGSET, child, NT_ARM_SYSTEM_CALL, &data);
#endif
}

// What the tracee does: the call that the stop is in.
[[noreturn]] static void act(int event, char** program) {
  switch (event) {
    case PTRACE_EVENT_EXEC:
      execv(program[0], program);
      _exit(127);
    case PTRACE_EVENT_FORK:
      _exit(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) < 0);
    case PTRACE_EVENT_CLONE:
      _exit(syscall(SYS_clone, 0, 0, 0, 0, 0) < 0);
    default: {
      const pid_t child = vfork();
      if (child == 0) usleep(CHILD_LIVES_US);
      _exit(child < 0);
    }
  }
}

// Renumbers the tracee's call in its stop, and lets all tracees run to their end.
static int trace(pid_t tracee, int event, int number) {
  int status = 0;
  for (;;) {
    const pid_t stopped = waitpid(-1, &status, __WALL);
    if (stopped < 0) fail("the tracee");
    if (stopped == tracee && WIFEXITED(status)) return WEXITSTATUS(status);
    if (!WIFSTOPPED(status)) continue;
    if (stopped == tracee && status >> 8 == (SIGTRAP | event << 8)) {
      unsigned long child = 0;
      if (renumber(tracee, number) != 0 || ptrace(PTRACE_GETEVENTMSG, tracee, 0, &child) != 0) fail("its call");
      printf("%lu\n", child);
    }
    ptrace(PTRACE_CONT, stopped, 0, 0);
  }
}

int main(int argc, char** argv) {
  int start[2];
  char byte = 0;
  const struct stop* stop = stops;
  const struct stop* const end = stops + sizeof(stops) / sizeof(*stops);
  while (argc > 2 && stop < end && strcmp(stop->name, argv[1]) != 0) stop++;
  if (argc < 3 || stop == end || pipe(start) != 0) return 2;
  const bool late = strncmp(stop->name, "late", 4) == 0;
  const pid_t tracee = fork();
  if (tracee == 0) {
    if (read(start[0], &byte, 1) != 1) _exit(127);
    act(stop->event, argv + 3);
  }
  if (late && (write(start[1], &byte, 1) != 1 || usleep(CALL_BEGINS_US) != 0)) fail("starting it");
  if (ptrace(PTRACE_SEIZE, tracee, 0, stop->option) != 0) fail("seizing it");
  if (!late && write(start[1], &byte, 1) != 1) fail("starting it");
  return trace(tracee, stop->event, atoi(argv[2]));
}
