// Memory that another thread changes in the middle of a call. Its last bytes are on a page that is not mapped yet
// (userfaultfd): when the kernel reaches them it has read the bytes before, and waits until those have been changed.
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

#ifndef MAP_32BIT
#define MAP_32BIT 0
#endif

enum { WORD = 8 };

struct race {
  int faults;
  size_t page;  // bytes
  char* pages;
  size_t before;      // bytes at the end of the first page
  const char* after;  // what the second page begins with
  size_t after_size;
  const char* other;  // in place of what is before; NULL: the first page goes away
};

static void* win(void* argument) {
  const struct race* race = argument;
  struct uffd_msg fault;
  if (read(race->faults, &fault, sizeof(fault)) != sizeof(fault)) die("userfaultfd: %m");
  if (race->other)
    memcpy(race->pages + race->page - race->before, race->other, race->before);
  else
    munmap(race->pages, race->page);
  char* page = calloc(1, race->page);
  if (!page) die("out of memory");
  memcpy(page, race->after, race->after_size);
  struct uffdio_copy copy = {
      .dst = (unsigned long)race->pages + race->page, .src = (unsigned long)page, .len = race->page};
  if (ioctl(race->faults, UFFDIO_COPY, &copy) < 0) die("UFFDIO_COPY: %m");
  free(page);
  return NULL;
}

static void await_faults(struct race* race) {
  struct uffdio_api api = {.api = UFFD_API};
  struct uffdio_register missing = {.range = {.start = (unsigned long)race->pages + race->page, .len = race->page},
                                    .mode = UFFDIO_REGISTER_MODE_MISSING};
  pthread_t thread;
  race->faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  if (race->faults < 0) die("userfaultfd: %m");
  if (ioctl(race->faults, UFFDIO_API, &api) < 0 || ioctl(race->faults, UFFDIO_REGISTER, &missing) < 0)
    die("userfaultfd: %m");
  if (pthread_create(&thread, NULL, win, race) != 0) die("pthread_create failed");
}

void* raced(const char* first, size_t size, const char* other) {
  // The kernel reads words: what is before the page is not read again with what is on it.
  size_t before = (size - 1) / WORD * WORD;
  if (before == 0) die("too short for a race: %zu bytes", size);
  if (other && memcmp(first + before, other + before, size - before)) die("what is raced for must end alike");
  struct race* race = malloc(sizeof(*race));
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char* pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (pages == MAP_FAILED) die("mmap: %m");
  *race = (struct race){.page = page,
                        .pages = pages,
                        .before = before,
                        .after = first + before,
                        .after_size = size - before,
                        .other = other};
  memcpy(pages + page - before, first, before);
  await_faults(race);
  return pages + page - before;
}
