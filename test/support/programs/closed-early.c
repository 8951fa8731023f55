/* Opens /dev/null again and again, until it is killed, while another thread closes its descriptor: where both run at once, often before
 * the call returns. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static int number; /* the one that the next open gets, while it is free */

static void *close_always(void *nothing) {
  for (;;)
    close(number);
  return nothing;
}

int main(void) {
  pthread_t thread;
  number = dup(STDIN_FILENO);
  if (number < 0 || pthread_create(&thread, NULL, close_always, NULL))
    return 1;
  for (;;) {
    int got = openat(AT_FDCWD, "/dev/null", O_RDONLY);
    if (got >= 0 && got != number)
      close(got);
  }
}
