// Removes files that act's steps have left.
#define _GNU_SOURCE
#include <errno.h>
#include <ftw.h>
#include <stdio.h>

#include "act.h"

static int remove_entry(const char* path, const struct stat* status, int type, struct FTW* place) {
  (void)status, (void)type, (void)place;
  return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

void remove_tree(const char* path) {
  // Physically: links are removed, not followed; what is mounted below is left alone.
  if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0 && errno != ENOENT) die("%s: %m", path);
}
