// Two tasks that perform the steps in turns: the main thread and one that it has made, or a process and a child that
// shares its directories. Each goes on with the steps behind the other's last one.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

static struct turns {
  sem_t first, second;
  int at;
}* turns;

static __thread bool is_second;

static int wait_for_turn(sem_t* turn) {
  while (sem_wait(turn) != 0 && errno == EINTR);
  return turns->at;
}

void begin_turns(void) {
  turns = mmap(NULL, sizeof(*turns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (turns == MAP_FAILED || sem_init(&turns->first, 1, 0) != 0 || sem_init(&turns->second, 1, 0) != 0)
    die("no turns: %m");
}

int await_turn(void) { return wait_for_turn(&turns->first); }

void become_second(void) { is_second = true; }

static void end_turn(int at) {
  turns->at = at;
  sem_post(is_second ? &turns->first : &turns->second);
}

int switch_turns(int at) {
  if (turns == NULL) die("@switch: with whom?");
  end_turn(at);
  return wait_for_turn(is_second ? &turns->second : &turns->first);
}

void finish_turns(int at) {
  if (is_second) end_turn(at);
}

int share_directories(void) {
  struct clone_args arguments = {.flags = CLONE_FS, .exit_signal = SIGCHLD};
  begin_turns();
  long child = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (child < 0) die("no child with the same directories: %m");
  if (child == 0) become_second();
  return (int)child;
}
