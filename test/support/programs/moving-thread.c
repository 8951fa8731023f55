// A thread that changes its directory and makes directories in it, while another of its process has new images of the
// process made all the time. Arguments: the directories to change to in turn, and how many to make.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_bool ended;

static void* change(void* argument) {
  while (!ended) {
    if (unshare(0) != 0) exit(2);
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (file >= 0) close(file);
  }
  return argument;
}

int main(int count, char** arguments) {
  if (count != 4) return 2;
  pthread_t thread;
  if (pthread_create(&thread, NULL, change, NULL) != 0) return 2;
  for (int round = 0; round < atoi(arguments[3]); round++) {
    char name[16];
    snprintf(name, sizeof(name), "%d", round);
    if (chdir(arguments[1 + round % 2]) != 0 || mkdirat(AT_FDCWD, name, 0700) != 0) {
      perror(name);
      return 1;
    }
  }
  ended = true;
  return pthread_join(thread, NULL);
}
