// Makes exactly the system calls it is given, and prints as JSON lines what it knows of each itself: result, time,
// thread, and the inode, link text or addresses behind the descriptor. Used by `wasprey generate` and the live tests.
// Linked statically, to run in any container.
//
// clang-format off
// usage: act STEP [-- STEP]...
// A step is a system call's name and its arguments as they go into the registers, or an @action.
//   12 -1 0x40 0755       a number
//   r   r3                result of the step before, or of step 3 (they count from 0)
//   null   self   parent  0, own pid, parent's pid
//   s:TEXT                a string; \xHH is a byte
//   list:A,B,C            argv or envp
//   in:ADDRESS:PORT   in6:ADDRESS:PORT   un:PATH   un:@ABSTRACT     a socket address
//   msg:ADDRESS   msg:    struct msghdr with 4 bytes of data, to that socket address or none; msg32: as 32-bit calls have it
//   rights:FD   rights:   the same with a descriptor to pass on (FD is an argument as here), or with room for one
//   msgs:ADDRESS,...      struct mmsghdr for each address, which may be empty, as msg: has it; msgs32: as 32-bit calls have it
//   handle                struct file_handle: what name_to_handle_at has written is there for open_by_handle_at
//   race:A B   race:A     the string or socket address A, which another thread makes B, or unmaps, once the kernel has read it;
//                         both are of one length, and the last 8 bytes are the same
//   tag:A                 the pointer A with a tag in its highest byte, which arm64 ignores
//   how:FLAGS,MODE,RESOLVE              struct open_how
//   clone3:FLAGS,EXIT_SIGNAL,PID        struct clone_args; PID 0 = any
//   out   outlen          4 KB to write to, and a pointer to their number
//   len                   size of what the argument before points to
// Prefixes of a call's name make it another way:
//   ring[+OPTION]...:CALL a request of io_uring. sqpoll: taken by the ring's own thread; async: done by a worker; slot: the
//                         file is one of the ring's own; silent: no completion on success; full: no room for a completion;
//                         late: behind a request that ends in another call, and there it begins; opening, creating: at the end of an
//                         openat or a creat; timed: behind a timer, after an interrupt; person: with credentials that the process
//                         had before; crowd: beside more pending ones than the capture has room for; crowd+stay: those alone;
//                         parked: it has ended, and its completion is asked for beside such a crowd;
//                         chosen: a receive into a buffer of the kernel's choice; many: that, or an accept, which goes on
//                         until the ring ends;
//                         int80: a ring of 32-bit structures
//   int80:CALL            the 32-bit call of that name; int80+time64:recvmmsg is the one with a timeout of 64 bits
//   socketcall:CALL       the 32-bit socketcall for it; socketcall+recv:recvfrom is its recv, which has four arguments
//   x32:CALL              the call of that name by the x32 ABI
// Actions:
//   @fork [PID]           a child continues with the next steps; its parent waits for all its descendants
//   @orphan               a child continues, after its parent has ended
//   @sibling              a child of its own parent continues (CLONE_PARENT); best after @fork, whose parent waits for it
//   @thread               a thread continues
//   @share                a child continues that has the same directories (CLONE_FS)
//   @switch               after @thread or @share: the other of the two continues
//   @exec PATH NAME       PATH, called with NAME as argv[0], continues with the next steps
//   @link PATH            makes a symbolic link to act there and continues as that; results of steps restart (as after @exec)
//   @copy PATH            the same with a copy of act
//   @terminal             a child continues, in a new session with a terminal
//   @user N               continues as that user, with the group of the same number
//   @network ADDRESS      continues in a new network namespace with that IPv4 address, if permitted
//   @spawn PROGRAM ARG... runs a program to its end, with no input and output
//   @pretend PATH ARG...  runs a link to act at PATH with these arguments, which does nothing
//   @env NAME=VALUE       for programs run from here on
//   @remove PATH          a file, or a folder with its contents
//   @sleep MS
//   @mark TEXT            nothing: TEXT is in the command line
//   @cpu N   @comm NAME   continue on that CPU, under that name
//   @refuse CALL          from here on the call of that name is refused by a filter of seccomp(2), with EPERM
//   @wait                 prints its position, then waits for a line on its input
//   @loop N               repeats the next steps N times, and prints only the numbers of calls made and failed
// clang-format on
#define _GNU_SOURCE
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/types.h>
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

#include "bpf/hooks.h"

struct call {
  const char* name;
  long number;
  bool makes_descriptor;
};

#define CALL(name) {#name, __NR_##name, false}
#define OPENS(name) {#name, __NR_##name, true}
// A call's result is a descriptor if events of its type create one.
#define TYPE(name, type, shape, program, makes_fd) MAKES_FD_##type = makes_fd,
enum { WASPREY_EVENT_TYPES(TYPE) };
#define HOOK(type, name, number, program) {#name, number, MAKES_FD_##type},
static const struct call calls[] = {CALL(close), CALL(setsockopt), CALL(read), CALL(write), CALL(getppid),
                                    // Those that change the process and are no events.
                                    CALL(chdir), CALL(fchdir), CALL(chroot), CALL(capset), CALL(setreuid),
                                    CALL(setregid), CALL(setresgid), CALL(sendfile), CALL(pipe2), CALL(splice),
                                    CALL(socketpair), CALL(name_to_handle_at), OPENS(pidfd_open), OPENS(pidfd_getfd),
                                    OPENS(eventfd2),
                                    CALL(fcntl),  // by some of its commands alone
                                    // All that are captured.
                                    WASPREY_HOOKS(HOOK)};
#undef HOOK
#undef TYPE

enum { X32_CALL = 0x40000000 };
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

static long perform(const struct call* call, const char* way, const long* a) {
  long result;
  if (!strncmp(way, "ring", 4)) return call_by_ring(call->name, way, a);
  if (!strncmp(way, "socketcall", 10)) return call_by_socketcall(call->name, way, a);
  if (!strncmp(way, "int80", 5)) {
    result = call_by_interrupt(call->name, way, a);
  } else if (!strcmp(call->name, "vfork")) {  // libc's: a raw one would return twice through the same stack frame
    result = vfork();
    if (result == 0) _exit(0);
    result = result < 0 ? -errno : result;
  } else {
    long abi = strncmp(way, "x32", 3) ? 0 : X32_CALL;
    result = syscall(call->number | abi, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (result == -1) result = -errno;
  }
  if (makes_process(call->name)) {
    if (result == 0) _exit(0);
    while (result > 0 && waitpid(result, NULL, __WALL) < 0 && errno == EINTR);
  }
  return result;
}

static const struct call* call_named(const char* name) {
  for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
    if (!strcmp(calls[i].name, name)) return &calls[i];
  return NULL;
}

static void system_call(int at, int length) {
  const char *colon = strchr(words[at], ':'), *name = colon ? colon + 1 : words[at];
  const struct call* call = call_named(name);
  struct call compat = {.name = name};
  if (!call && !strncmp(words[at], "int80", 5)) call = &compat;
  if (!call) die("no such call here: %s", words[at]);
  long arguments[MAX_ARGUMENTS] = {0};
  for (int i = 1; i < length; i++) {
    if (i > MAX_ARGUMENTS) die("too many arguments: %s", call->name);
    arguments[i - 1] = argument(words[at + i]);
  }
  int cpu = sched_getcpu();
  long long before = now();
  long result = perform(call, colon ? words[at] : "", arguments);
  long long after = now();
  loop_calls++;
  loop_failures += result < 0;
  if (last_step + 1 >= MAX_STEPS) die("too many steps");
  results[++last_step] = result;
  if (!quiet) {
    say("{\"step\":%d,\"call\":\"%s\",\"pid\":%d,\"tid\":%ld,\"result\":%ld,\"cpu\":%d,\"before\":%lld,\"after\":%lld",
        last_step, call->name, getpid(), syscall(SYS_gettid), result, cpu, before, after);
    // The descriptor that the call made, or else its first argument, where descriptors always are. Invalid ones add
    // nothing.
    bool has_number = !colon || (!strstr(words[at], "+slot") && !strstr(words[at], "+silent"));
    if (result >= 0 && has_number) say_descriptor(call->makes_descriptor ? (int)result : (int)arguments[0]);
    say_line();
  }
}

static void run(int at);

static void* run_thread(void* at) {
  run((int)(long)at);
  return NULL;
}

static void* run_second_thread(void* at) {
  become_second();
  run((int)(long)at);
  finish_turns(word_count);
  return NULL;
}

static void make_thread(void* (*of)(void*), int at, pthread_t* thread) {
  if (pthread_create(thread, NULL, of, (void*)(long)at) != 0) die("pthread_create failed");
}

static void wait_for_line(void) {
  char byte;
  say_where("@wait");
  say_line();
  while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n');
}

// The words from `from` up to `to`, as an argv.
static char** word_list(int from, int to) {
  if (from >= to) die("%s: what?", words[from - 1]);
  char** list = calloc(to - from + 1, sizeof(*list));
  memcpy(list, words + from, (to - from) * sizeof(*list));
  return list;
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
    } else if (!strcmp(name, "@sibling")) {
      become_sibling();
    } else if (!strcmp(name, "@thread") && syscall(SYS_gettid) != getpid()) {
      pthread_t thread;
      make_thread(run_thread, rest, &thread);
      pthread_join(thread, NULL);
      return;
    } else if (!strcmp(name, "@thread")) {
      pthread_t thread;
      begin_turns();
      make_thread(run_second_thread, rest, &thread);
      rest = await_turn();
      if (rest == word_count) pthread_join(thread, NULL);
    } else if (!strcmp(name, "@share")) {
      int child = share_directories();
      if (child != 0) rest = await_turn();
      if (child != 0 && rest == word_count) waitpid(child, NULL, 0);
    } else if (!strcmp(name, "@switch")) {
      rest = switch_turns(rest);
    } else if (!strcmp(name, "@exec")) {
      if (length != 3) die("@exec PATH NAME");
      go_on_as(operand, words[at + 2], words + (rest < word_count ? rest : word_count));
    } else if (!strcmp(name, "@link")) {
      go_on_as_link(operand, words + (rest < word_count ? rest : word_count));
    } else if (!strcmp(name, "@copy")) {
      go_on_as_copy(operand, words + (rest < word_count ? rest : word_count));
    } else if (!strcmp(name, "@loop")) {
      loop(atol(operand), rest);
      return;
    } else if (!strcmp(name, "@cpu")) {
      on_cpu(atoi(operand));
    } else if (!strcmp(name, "@comm")) {
      prctl(PR_SET_NAME, operand);
    } else if (!strcmp(name, "@wait")) {
      wait_for_line();
    } else if (!strcmp(name, "@terminal")) {
      enter_terminal();
    } else if (!strcmp(name, "@refuse")) {
      const struct call* call = call_named(operand);
      if (!call) die("no such call here: %s", operand);
      refuse_call(call->number);
    } else if (!strcmp(name, "@user")) {
      become_user(atoi(operand));
    } else if (!strcmp(name, "@network")) {
      enter_network(operand);
    } else if (!strcmp(name, "@env")) {
      putenv(words[at + length - 1]);
    } else if (!strcmp(name, "@sleep")) {
      usleep(atol(operand) * 1000);
    } else if (!strcmp(name, "@spawn")) {
      spawn(word_list(at + 1, at + length));
    } else if (!strcmp(name, "@pretend")) {
      pretend(word_list(at + 1, at + length));
    } else if (!strcmp(name, "@remove")) {
      remove_tree(operand);
    } else if (strcmp(name, "@mark")) {
      system_call(at, length);
    }
    at = rest;
  }
}

int main(int argc, char** argv) {
  if (getenv(PRETENCE)) return 0;
  words = argv + 1;
  word_count = argc - 1;
  run(0);
  finish_turns(word_count);
  return 0;
}
