// Does exactly the system calls that a test asks for, and says as JSON lines what it knows of each by itself: result,
// time, thread, and the inode, link text or addresses behind the descriptor. Linked statically, to run in any
// container.
//
// clang-format off
// usage: act STEP [-- STEP]...
// A step is a system call's name and its arguments as they go into the registers, or an @action.
//   12 -1 0x40 0755       a number
//   r   r3                result of the step before, or of step 3 (they count from 0)
//   null   self           0, own pid
//   s:TEXT                a string; \xHH is a byte
//   list:A,B,C            argv or envp
//   in:ADDRESS:PORT   in6:ADDRESS:PORT   un:PATH   un:@ABSTRACT     a socket address
//   msg:ADDRESS   msg:    struct msghdr with 4 bytes of data, to that socket address or none
//   how:FLAGS,MODE,RESOLVE              struct open_how
//   clone3:FLAGS,EXIT_SIGNAL,PID        struct clone_args; PID 0 = any
//   out   outlen          4 KB to write to, and a pointer to their number
//   len                   size of what the argument before points to
// Actions:
//   @fork [PID]           a child goes on with the steps that follow; its parent waits for all that come of it
//   @orphan               a child goes on, after its parent has ended
//   @thread               a thread goes on
//   @exec PATH NAME       PATH, called with NAME as argv[0], goes on with the steps that follow
//   @cpu N   @comm NAME   go on on that CPU, under that name
//   @wait                 says where it is, then waits for a line on its input
//   @loop N               does what follows N times, and says only how many calls it made and how many failed
// clang-format on
#define _GNU_SOURCE
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct call {
  const char* name;
  long number;
  bool makes_descriptor;
};

#define CALL(name) {#name, SYS_##name, false}
#define OPENS(name) {#name, SYS_##name, true}
static const struct call calls[] = {
#ifdef SYS_open  // the old calls that newer architectures never had
    OPENS(open),     OPENS(creat),        CALL(unlink),   CALL(rmdir),       CALL(mkdir),       CALL(rename),
    CALL(link),      CALL(symlink),       CALL(chmod),    OPENS(dup2),       CALL(fork),        CALL(vfork),
#endif
    OPENS(openat),   OPENS(openat2),      CALL(close),    CALL(execve),      CALL(execveat),    OPENS(socket),
    CALL(bind),      CALL(listen),        CALL(connect),  OPENS(accept),     OPENS(accept4),    CALL(sendto),
    CALL(sendmsg),   CALL(unlinkat),      CALL(mkdirat),  CALL(renameat),    CALL(renameat2),   CALL(linkat),
    CALL(symlinkat), CALL(fchmod),        CALL(fchmodat), OPENS(dup),        OPENS(dup3),       CALL(setuid),
    CALL(setgid),    CALL(setresuid),     CALL(setsid),   CALL(setpgid),     CALL(ptrace),      CALL(mount),
    CALL(umount2),   OPENS(memfd_create), CALL(unshare),  CALL(setns),       CALL(init_module), CALL(finit_module),
    OPENS(bpf),      CALL(clone),         CALL(clone3),   CALL(chdir),       CALL(fchdir),      CALL(chroot),
    CALL(write),     CALL(getppid),       CALL(sendfile), OPENS(pidfd_open), CALL(pipe2),       OPENS(eventfd2),
    CALL(ftruncate), CALL(fcntl),
};

enum { MAX_STEPS = 256, MAX_ARGUMENTS = 6 };

// The steps' words, and their results so far. Threads share them: one goes on at a time.
static char** words;
static int word_count;
static long results[MAX_STEPS];
static int last_step = -1;
static int quiet;
static long loop_calls, loop_failures;

long step_result(int step) {
  int number = step == LAST_STEP ? last_step : step;
  if (number < 0 || number > last_step) die("no result of step %d", number);
  return results[number];
}

static int step_length(int at) {
  int length = 0;
  while (at + length < word_count && strcmp(words[at + length], "--")) length++;
  return length;
}

static int makes_process(const char* name) {
  return !strcmp(name, "fork") || !strcmp(name, "vfork") || !strcmp(name, "clone") || !strcmp(name, "clone3");
}

static long perform(const struct call* call, const long* a) {
  long result;
  if (!strcmp(call->name, "vfork")) {  // libc's: a raw one would return twice through the same stack frame
    result = vfork();
    if (result == 0) _exit(0);
    result = result < 0 ? -errno : result;
  } else {
    result = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (result == -1) result = -errno;
  }
  if (makes_process(call->name)) {
    if (result == 0) _exit(0);
    while (result > 0 && waitpid(result, NULL, __WALL) < 0 && errno == EINTR);
  }
  return result;
}

static void system_call(int at, int length) {
  const struct call* call = NULL;
  for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
    if (!strcmp(calls[i].name, words[at])) call = &calls[i];
  if (!call) die("no such call here: %s", words[at]);
  long arguments[MAX_ARGUMENTS] = {0};
  for (int i = 1; i < length; i++) {
    if (i > MAX_ARGUMENTS) die("too many arguments: %s", call->name);
    arguments[i - 1] = argument(words[at + i]);
  }
  int cpu = sched_getcpu();
  long long before = now();
  long result = perform(call, arguments);
  long long after = now();
  loop_calls++;
  loop_failures += result < 0;
  if (last_step + 1 >= MAX_STEPS) die("too many steps");
  results[++last_step] = result;
  if (!quiet) {
    say("{\"step\":%d,\"call\":\"%s\",\"pid\":%d,\"tid\":%ld,\"result\":%ld,\"cpu\":%d,\"before\":%lld,\"after\":%lld",
        last_step, call->name, getpid(), syscall(SYS_gettid), result, cpu, before, after);
    // Of what the call made, or else of what it worked on: a descriptor is always the first argument. One that is none
    // says nothing.
    if (result >= 0) say_descriptor(call->makes_descriptor ? (int)result : (int)arguments[0]);
    say_line();
  }
}

static void run(int at);

static void* run_thread(void* at) {
  run((int)(long)at);
  return NULL;
}

static int wait_for(pid_t child) {
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) die("waitpid: %m");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A process of that number, or of any if it is 0; the number must be free.
static pid_t fork_as(pid_t number) {
  struct clone_args arguments = {.exit_signal = SIGCHLD};
  if (number) {
    arguments.set_tid = (unsigned long)&number;
    arguments.set_tid_size = 1;
  }
  pid_t child = number ? (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments)) : fork();
  if (child < 0) die("no process of number %d: %m", number);
  return child;
}

// A child goes on. This process ends with the child's status, but not before all that come of it have: node closes
// their input when the process ends that it has started. They hold the writing end of a pipe, at a number out of the
// way.
static void hand_over_to_child(pid_t number) {
  int pipes[2];
  char byte;
  if (pipe(pipes) != 0) die("pipe: %m");
  int writing = fcntl(pipes[1], F_DUPFD, 500);
  close(pipes[1]);
  pid_t child = fork_as(number);
  if (child == 0) {
    close(pipes[0]);
    return;
  }
  close(writing);
  int status = wait_for(child);
  while (read(pipes[0], &byte, 1) > 0);
  exit(status);
}

static void become_orphan(void) {
  pid_t parent = getpid();
  if (fork_as(0) != 0) _exit(0);
  while (getppid() == parent) usleep(1000);
}

static void wait_for_line(void) {
  char byte;
  say_where("@wait");
  say_line();
  while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n');
}

static void go_on_as(int at, int length, int rest) {
  char** list = calloc(word_count + 2, sizeof(*list));
  if (length != 3) die("@exec PATH NAME");
  list[0] = words[at + 2];
  for (int i = rest; i < word_count; i++) list[1 + i - rest] = words[i];
  execv(words[at + 1], list);
  die("%s: %m", words[at + 1]);
}

static void on_cpu(int number) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(number, &set);
  if (sched_setaffinity(0, sizeof(set), &set) != 0) die("CPU %d: %m", number);
}

static void loop(long times, int rest) {
  quiet = 1;
  loop_calls = loop_failures = 0;
  int steps_before = last_step;
  long long before = now();
  for (long i = 0; i < times; i++) {
    last_step = steps_before;
    run(rest);
  }
  say("{\"call\":\"@loop\",\"pid\":%d,\"result\":%ld,\"failures\":%ld,\"before\":%lld,\"after\":%lld", getpid(),
      loop_calls, loop_failures, before, now());
  say_line();
  quiet = 0;
}

// Performs the steps from word number `at` on. Actions that hand over to another process or thread end here.
static void run(int at) {
  while (at < word_count) {
    int length = step_length(at), rest = at + length + 1;
    const char *name = words[at], *operand = length > 1 ? words[at + 1] : "";
    if (!strcmp(name, "@fork")) {
      hand_over_to_child(atoi(operand));
    } else if (!strcmp(name, "@orphan")) {
      become_orphan();
    } else if (!strcmp(name, "@thread")) {
      pthread_t thread;
      if (pthread_create(&thread, NULL, run_thread, (void*)(long)rest) != 0) die("pthread_create failed");
      pthread_join(thread, NULL);
      return;
    } else if (!strcmp(name, "@exec")) {
      go_on_as(at, length, rest);
    } else if (!strcmp(name, "@loop")) {
      loop(atol(operand), rest);
      return;
    } else if (!strcmp(name, "@cpu")) {
      on_cpu(atoi(operand));
    } else if (!strcmp(name, "@comm")) {
      prctl(PR_SET_NAME, operand);
    } else if (!strcmp(name, "@wait")) {
      wait_for_line();
    } else {
      system_call(at, length);
    }
    at = rest;
  }
}

int main(int argc, char** argv) {
  words = argv + 1;
  word_count = argc - 1;
  run(0);
  return 0;
}
