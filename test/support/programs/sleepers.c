// Processes that are alive and do nothing: "sleepers COUNT" forks so many, prints "ready", and ends them when its input ends. A
// variable SLEEPERS_TEXT has another text in each, as another argument has ("sleepers COUNT TEXT"); at SIGUSR1 they open the file
// SLEEPERS_OPEN. "sleepers COUNT FOLDER PREFIX" puts each into a control group of its own, FOLDER/PREFIX and a number of 64 hexadecimal digits, made before.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/** Before anything else of the process: it begins in its group. */
static void enter_group(const char *folder, const char *prefix, long number) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s%064lx/cgroup.procs", folder, prefix, number);
  int file = open(path, O_WRONLY);
  if (file < 0 || write(file, "0", 1) != 1) fail(path);
  close(file);
}

/** The kernel reads arguments and environment in the process's memory. */
static void write_number(char *text, long number) {
  char digits[32];
  int length = snprintf(digits, sizeof digits, "%ld-", number);
  if (text && strlen(text) > (size_t)length) memcpy(text, digits, (size_t)length);
}

static void open_file(int signal) {
  (void)signal;
  const char *path = getenv("SLEEPERS_OPEN");
  int file = path ? open(path, O_RDONLY) : -1;
  if (file >= 0) close(file);
}

int main(int argc, char **argv) {
  if (argc < 2 || argc > 4) {
    fputs("usage: sleepers COUNT [TEXT | FOLDER PREFIX]\n", stderr);
    return 2;
  }
  pid_t parent = getpid();
  long count = strtol(argv[1], NULL, 10);
  pid_t *children = calloc((size_t)count, sizeof *children);
  if (!children) fail("calloc");
  for (long number = 0; number < count; number++) {
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child > 0) {
      children[number] = child;
      continue;
    }
    // It ends with its parent, also if that is killed.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent) _exit(1);
    if (argc == 4) enter_group(argv[2], argv[3], number);
    if (argc == 3) write_number(argv[2], number);
    write_number(getenv("SLEEPERS_TEXT"), number);
    signal(SIGUSR1, open_file);
    for (;;) pause();
  }
  puts("ready");
  fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
  for (long number = 0; number < count; number++) kill(children[number], SIGKILL);
  while (waitpid(-1, NULL, 0) > 0) continue;
  return 0;
}
