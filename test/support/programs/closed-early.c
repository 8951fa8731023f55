/* Opens /dev/null again and again, until it is killed, while another thread closes its descriptor: where both run at once, often before
 * the call returns. It pauses between rounds, so that other tests have the processors too. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { OPENS = 1000, PAUSE_US = 20000 };

static int number; /* the one that the next open gets, while it is free */
static atomic_bool in_round;

static void *close_always(void *nothing) {
  for (;;) {
    while (atomic_load(&in_round))
      close(number);
    usleep(100);
  }
  return nothing;
}

int main(void) {
  pthread_t thread;
  number = dup(STDIN_FILENO);
  if (number < 0 || pthread_create(&thread, NULL, close_always, NULL))
    return 1;
  for (;; usleep(PAUSE_US)) {
    atomic_store(&in_round, 1);
    for (int i = 0; i < OPENS; i++) {
      int got = openat(AT_FDCWD, "/dev/null", O_RDONLY);
      if (got >= 0 && got != number)
        close(got);
    }
    atomic_store(&in_round, 0);
  }
}
