// Runs a program by every way there is to run one, again and again, and prints how many of those that ran it were
// killed. It fails if one that only waits for it was killed, too.
//
// usage: exec-ways WAY ROUNDS PROGRAM WORD...
//   plain       execve
//   descriptor  execveat of a descriptor alone
//   compat      the 32-bit execve (x86-64)
//   thread      by a thread that is not the first of its process
//   threads     by four threads at a time
//   vfork       by a child that has its parent wait, in the same memory
//   shared      by a child in the same memory, whose parent goes on
//   traced      by a process whose parent traces it
//   user        by a user without privileges
//   init        by the first process of a pid namespace
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, NOBODY = 65534, STACK = 65536, NOT_RUN = 99, COMPAT_EXECVE = 11 };

static char** words;
static char* none[] = {nullptr};

[[noreturn]] static void die(const char* what) {
  fprintf(stderr, "exec-ways: %s: %s\n", what, strerror(errno));
  _exit(NOT_RUN);
}

[[noreturn]] static void run(void) {
  execve(words[0], words, none);
  die(words[0]);
}

static int run_in_child(void*) { run(); }

static void* run_in_thread(void*) { run(); }

[[noreturn]] static void run_by_threads(int count) {
  for (int i = 0; i < count; i++) {
    pthread_t thread;
    // None can be made once another one runs the program: this one ends then.
    if (pthread_create(&thread, nullptr, run_in_thread, nullptr)) break;
  }
  for (;;) pause();
}

[[noreturn]] static void run_compat(void) {
#ifdef __x86_64__
  char* low = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED) die("mmap");
  unsigned* pointers = (unsigned*)low;
  char* text = low + STACK / 2;
  int count = 0;
  for (; words[count]; count++) {
    pointers[count] = (unsigned)(unsigned long)text;
    text = stpcpy(text, words[count]) + 1;
  }
  long result = COMPAT_EXECVE;
  __asm__ volatile("int $0x80"
                   : "+a"(result)
                   : "b"((long)pointers[0]), "c"((long)pointers), "d"((long)(pointers + count))
                   : "memory", "r8", "r9", "r10", "r11");
  errno = (int)-result;
#endif
  die("32-bit execve");
}

static int is_killed(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; }

// Waits for a child, which is let go on whenever it stops.
static int wait_for(pid_t child) {
  for (;;) {
    int status;
    if (waitpid(child, &status, __WALL) != child) die("waitpid");
    if (!WIFSTOPPED(status)) return status;
    ptrace(PTRACE_CONT, child, 0, 0);
  }
}

// Ends with whether its own child was killed.
[[noreturn]] static void end_after(pid_t child) {
  if (child < 0) die("no child");
  _exit(is_killed(wait_for(child)) ? 1 : 0);
}

[[noreturn]] static void run_by(const char* way) {
  if (!strcmp(way, "descriptor")) {
    int fd = open(words[0], O_PATH | O_CLOEXEC);
    syscall(SYS_execveat, fd, "", words, none, AT_EMPTY_PATH);
    die("execveat");
  }
  if (!strcmp(way, "compat")) run_compat();
  if (!strcmp(way, "thread")) run_by_threads(1);
  if (!strcmp(way, "threads")) run_by_threads(THREADS);
  if (!strcmp(way, "vfork")) {
    pid_t child = vfork();
    if (child == 0) run();
    end_after(child);
  }
  if (!strcmp(way, "shared")) {
    static char stack[STACK] __attribute__((aligned(16)));
    end_after(clone(run_in_child, stack + STACK, CLONE_VM | SIGCHLD, nullptr));
  }
  if (!strcmp(way, "traced")) {
    pid_t child = fork();
    if (child == 0) {
      ptrace(PTRACE_TRACEME, 0, 0, 0);
      run();
    }
    end_after(child);
  }
  if (!strcmp(way, "user") && (setgid(NOBODY) || setuid(NOBODY))) die("setuid");
  if (!strcmp(way, "init")) {
    if (unshare(CLONE_NEWPID)) die("unshare");
    pid_t child = fork();
    if (child == 0) run();
    end_after(child);
  }
  run();
}

// Whether a process of the way waits for the one that runs the program.
static int has_waiter(const char* way) {
  static const char* const waiting[] = {"vfork", "shared", "traced", "init"};
  for (size_t i = 0; i < sizeof(waiting) / sizeof(*waiting); i++)
    if (!strcmp(way, waiting[i])) return 1;
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 4) return NOT_RUN;
  const char* way = argv[1];
  int rounds = atoi(argv[2]), killed = 0;
  words = argv + 3;
  for (int i = 0; i < rounds; i++) {
    pid_t child = fork();
    if (child == 0) run_by(way);
    int status = wait_for(child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_RUN) return NOT_RUN;
    if (has_waiter(way) && !WIFEXITED(status)) {
      fprintf(stderr, "exec-ways: %s: who waits was killed\n", way);
      return 1;
    }
    killed += has_waiter(way) ? WEXITSTATUS(status) == 1 : is_killed(status);
  }
  printf("%d\n", killed);
}
