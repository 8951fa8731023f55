// Mappings that change all the time.
#define _GNU_SOURCE
#include "disguise.h"
#include <err.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

static void *remap(void *unused) {
  for (;;) {
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      err(1, "mmap");
    munmap(memory, 4096);
  }
  return unused;
}

// Changes the mappings all the time: who reads them finds them locked. As the
// last in line for a processor, for the sake of others.
void change_mappings(void) {
  enum { THREADS = 8 };
  if (nice(19) != 19)
    err(1, "nice");
  for (int i = 0; i < THREADS; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, remap, NULL) != 0)
      errx(1, "pthread_create");
  }
}
