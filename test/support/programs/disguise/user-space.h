// File systems whose answers a process gives (FUSE).
#pragma once

#include <linux/fuse.h>
#include <stddef.h>
#include <sys/types.h>

struct answer {
  struct fuse_out_header header;
  union {
    struct fuse_init_out init;
    struct fuse_attr_out attributes;
    struct fuse_entry_out entry;
    struct fuse_open_out opened;
    char text[4096];
  };
};

// Sets the answer to a request, by its code, and returns its length, or -1 if
// there is none; the rest of the request follows its header.
typedef ssize_t answering(const struct fuse_in_header *asked, mode_t mode,
                          struct answer *answer);

// Mounts such a file system over a file or a directory.
void mount_answering(const char *place, answering *answers);
