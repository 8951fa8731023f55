// A file system whose reads and listings are never answered, and memory of it.
#define _GNU_SOURCE
#include "disguise.h"
#include "user-space.h"
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

// It is one file or one empty directory, but never lets the kernel read the one
// or open the other.
static ssize_t answer_little(const struct fuse_in_header *asked, mode_t mode,
                             struct answer *answer) {
  if (asked->opcode == FUSE_READ || asked->opcode == FUSE_OPENDIR)
    return -1;
  if (asked->opcode == FUSE_GETATTR) {
    answer->attributes.attr =
        (struct fuse_attr){.ino = 1, .size = 4096, .mode = mode, .nlink = 1};
    return sizeof(answer->attributes);
  }
  if (asked->opcode == FUSE_OPEN)
    return sizeof(answer->opened);
  answer->header.error = -ENOSYS;
  return 0;
}

void mount_unanswered(const char *place) {
  mount_answering(place, answer_little);
}

// Moves the arguments to memory whose bytes never come: who reads it waits.
// `place` is a file; what is mounted over it only this process sees.
void stall_readers(const char *place) {
  if (unshare(CLONE_NEWNS) != 0 ||
      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    err(1, "namespace");
  mount_unanswered(place);
  int file = open(place, O_RDONLY);
  char *text = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
  struct stat status; // The kernel has to know that it is not empty.
  if (file < 0 || text == MAP_FAILED || fstat(file, &status) != 0 ||
      status.st_size == 0)
    err(1, "%s", place);
  struct prctl_mm_map map = known_memory();
  map.arg_start = map.env_start = (uintptr_t)text;
  map.arg_end = map.env_end = (uintptr_t)text + 4096;
  set_memory(map);
}
