// Other arguments than those that the program was run with.
#define _GNU_SOURCE
#include "disguise.h"
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char disguise[] = "/usr/sbin/sshd\0-D";

// Moves the arguments to other memory.
void move_arguments(void) {
  char *text = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (text == MAP_FAILED)
    err(1, "mmap");
  memcpy(text, disguise, sizeof(disguise));
  struct prctl_mm_map map = known_memory();
  map.arg_start = (uintptr_t)text;
  map.arg_end = (uintptr_t)text + sizeof(disguise);
  set_memory(map);
}

void overwrite_arguments(char **arguments) {
  int memory = open("/proc/self/mem", O_WRONLY);
  if (memory < 0 || pwrite(memory, disguise, sizeof(disguise),
                           (off_t)(intptr_t)arguments[0]) < 0)
    err(1, "mem");
}

static int open_in_child(void *path) {
  prctl(PR_SET_NAME, "sshd");
  open_file(path);
  return 0;
}

void share_memory(char *path) {
  static _Alignas(16) char stack[65536];
  pid_t child =
      clone(open_in_child, stack + sizeof(stack), CLONE_VM | SIGCHLD, path);
  if (child < 0)
    err(1, "clone");
  wait_for(child);
}
