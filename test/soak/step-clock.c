// Sets the wall clock forward, then back behind the true time, and right again, whatever happens meanwhile.
// usage: step-clock SECONDS PAUSE_MS: prints `+SECONDS`, `-SECONDS` and `0` when that is how far the clock is off
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <unistd.h>

// Adds to the clock, so that it is as right afterwards as it was before.
static void step(long seconds) {
  struct timex change = {.modes = ADJ_SETOFFSET};
  change.time.tv_sec = seconds;
  if (adjtimex(&change) < 0) {
    perror("adjtimex");
    exit(1);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fputs("usage: step-clock SECONDS PAUSE_MS\n", stderr);
    return 2;
  }
  const long seconds = atol(argv[1]);
  const useconds_t pause = (useconds_t)atol(argv[2]) * 1000;
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, 0);
  signal(SIGPIPE, SIG_IGN);
  setvbuf(stdout, 0, _IOLBF, 0);
  step(seconds);
  printf("+%ld\n", seconds);
  usleep(pause);
  step(-2 * seconds);
  printf("-%ld\n", seconds);
  usleep(pause);
  step(seconds);
  puts("0");
  return 0;
}
