/* Opens /dev/null many times, while another thread closes its descriptor, often before the call returns:
 *
 *   closed-early COUNT */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static int number; /* the one that the next open gets, while it is free */

static void *close_always(void *nothing) {
  for (;;)
    close(number);
  return nothing;
}

int main(int count, char **arguments) {
  pthread_t thread;
  long times = count == 2 ? atol(arguments[1]) : 0;
  number = dup(STDIN_FILENO);
  if (number < 0 || pthread_create(&thread, NULL, close_always, NULL))
    return 1;
  while (times-- > 0) {
    int got = openat(AT_FDCWD, "/dev/null", O_RDONLY);
    if (got >= 0 && got != number)
      close(got);
  }
  return 0;
}
