// A program that is in shared memory alone, and is run by its mapping.
#define _GNU_SOURCE
#include "disguise.h"
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

// Memory of mmap(2), or a segment of shmget(2) that is removed with the
// process.
static void *shared_memory(size_t size, int of_segment) {
  if (!of_segment)
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                -1, 0);
  int segment = shmget(IPC_PRIVATE, size, IPC_CREAT | 0700);
  void *memory = segment < 0 ? MAP_FAILED : shmat(segment, NULL, 0);
  shmctl(segment, IPC_RMID, NULL);
  return memory;
}

// Runs what a file holds, with no file and no memfd.
void run_mapped(const char *path, char *mark, int of_segment) {
  char mapping[64];
  struct stat status;
  int file = open(path, O_RDONLY);
  if (file < 0 || fstat(file, &status) != 0)
    err(1, "%s", path);
  size_t page = sysconf(_SC_PAGESIZE);
  size_t size = (status.st_size + page - 1) & -page;
  char *memory = shared_memory(size, of_segment);
  if (memory == MAP_FAILED)
    err(1, "memory");
  for (off_t at = 0; at < status.st_size;) {
    ssize_t length = read(file, memory + at, status.st_size - at);
    if (length <= 0)
      err(1, "%s", path);
    at += length;
  }
  snprintf(mapping, sizeof(mapping), "/proc/self/map_files/%lx-%lx",
           (unsigned long)memory, (unsigned long)memory + size);
  execve(mapping, (char *[]){"innocent", "@mark", mark, NULL}, environ);
  err(1, "%s", mapping);
}
