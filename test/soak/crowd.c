// Starts many short processes, some at a time, and waits for them. Each opens a file and ends.
// usage: crowd FOLDER COUNT EVERY MARK: the n-th runs FOLDER/soak-child-(n % 10), a link to this program, and opens MARK if n is a
// multiple of EVERY, another file otherwise. Of the former a line is printed: n, and the pid.
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int AT_ONCE = 8;
static const char OTHER[] = "/etc/hostname";

static int child(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) close(fd);
  return 0;
}

static void await_one(void) {
  if (wait(0) < 0) {
    perror("wait");
    exit(1);
  }
}

int main(int argc, char **argv) {
  if (argc == 3) return child(argv[2]);
  if (argc != 5) {
    fputs("usage: crowd FOLDER COUNT EVERY MARK\n", stderr);
    return 2;
  }
  const long count = atol(argv[2]), every = atol(argv[3]);
  long running = 0;
  for (long n = 0; n < count; n++) {
    char program[4096], number[32];
    snprintf(program, sizeof program, "%s/soak-child-%ld", argv[1], n % 10);
    snprintf(number, sizeof number, "%ld", n);
    int marked = n % every == 0;
    char *words[] = {program, number, marked ? argv[4] : (char *)OTHER, 0};
    pid_t pid;
    if (posix_spawn(&pid, program, 0, 0, words, environ)) {
      perror(program);
      return 1;
    }
    if (marked) printf("%ld %d\n", n, pid);
    if (++running == AT_ONCE) await_one(), running--;
  }
  while (running-- > 0) await_one();
  return 0;
}
