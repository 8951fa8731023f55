// A file system whose reads and listings are never answered, and memory of it.
#define _GNU_SOURCE
#include "disguise.h"
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

// Answers what the kernel asks of a file system that is one file or one empty
// directory, but never lets it read the one or open the other.
static void serve(int device, mode_t mode) {
  char request[1 << 17];
  while (read(device, request, sizeof(request)) > 0) {
    struct fuse_in_header *asked = (void *)request;
    if (asked->opcode == FUSE_READ || asked->opcode == FUSE_OPENDIR)
      continue;
    struct {
      struct fuse_out_header header;
      union {
        struct fuse_init_out init;
        struct fuse_attr_out attributes;
        struct fuse_open_out opened;
      };
    } answer = {.header = {.unique = asked->unique}};
    size_t length = 0;
    if (asked->opcode == FUSE_INIT) {
      answer.init = (struct fuse_init_out){
          .major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096};
      length = sizeof(answer.init);
    } else if (asked->opcode == FUSE_GETATTR) {
      answer.attributes.attr =
          (struct fuse_attr){.ino = 1, .size = 4096, .mode = mode, .nlink = 1};
      length = sizeof(answer.attributes);
    } else if (asked->opcode == FUSE_OPEN) {
      length = sizeof(answer.opened);
    } else {
      answer.header.error = -ENOSYS;
    }
    answer.header.len = (uint32_t)(sizeof(answer.header) + length);
    if (write(device, &answer, answer.header.len) < 0)
      err(1, "/dev/fuse");
  }
}

// Mounts such a file system over a file or a directory.
void mount_unanswered(const char *place) {
  struct stat status;
  char options[128];
  int device = open("/dev/fuse", O_RDWR);
  if (device < 0 || stat(place, &status) != 0)
    err(1, "%s", place);
  snprintf(options, sizeof(options), "fd=%d,rootmode=%o,user_id=0,group_id=0",
           device, status.st_mode & S_IFMT);
  if (mount("unanswered", place, "fuse", 0, options) != 0)
    err(1, "%s", place);
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve(device, status.st_mode);
    _exit(0);
  }
  close(device);
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
