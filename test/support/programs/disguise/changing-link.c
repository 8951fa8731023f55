// A link that leads elsewhere each time that it is followed.
#define _GNU_SOURCE
#include "disguise.h"
#include "user-space.h"
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOT = 1, LINK = 2, HELD_US = 50000 };

static const char *targets[2];

static struct fuse_attr attributes_of(uint64_t node, mode_t mode) {
  return (struct fuse_attr){
      .ino = node,
      .mode = node == ROOT ? mode : S_IFLNK | 0777,
      .nlink = 1,
  };
}

// The directory has any name that is looked for, and keeps who follows it
// waiting.
static ssize_t answer_changing(const struct fuse_in_header *asked, mode_t mode,
                               struct answer *answer) {
  static int followed;
  if (asked->opcode == FUSE_LOOKUP) {
    answer->entry = (struct fuse_entry_out){.nodeid = LINK,
                                            .attr = attributes_of(LINK, mode)};
    return sizeof(answer->entry);
  }
  if (asked->opcode == FUSE_GETATTR) {
    answer->attributes.attr = attributes_of(asked->nodeid, mode);
    return sizeof(answer->attributes);
  }
  if (asked->opcode == FUSE_READLINK) {
    const char *target = targets[followed++ % 2];
    usleep(HELD_US);
    strncpy(answer->text, target, sizeof(answer->text) - 1);
    return (ssize_t)strlen(target);
  }
  answer->header.error = -ENOSYS;
  return 0;
}

// Opens two files by one name in a directory that only this process sees.
void follow_changing_link(const char *first, const char *second,
                          const char *place) {
  char name[4096];
  targets[0] = first;
  targets[1] = second;
  if (unshare(CLONE_NEWNS) != 0 ||
      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    err(1, "namespace");
  mount_answering(place, answer_changing);
  snprintf(name, sizeof(name), "%s/name", place);
  open_file(name);
  open_file(name);
}
