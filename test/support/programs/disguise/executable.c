// Another executable than the one that was run.
#define _GNU_SOURCE
#include "disguise.h"
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Puts a copy in the place of a mapping of the executable. What runs
// meanwhile is code of libc.
static void detach(char *start, size_t length, int protection) {
  char *copy = mmap(NULL, length, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED)
    err(1, "mmap");
  memcpy(copy, start, length);
  if (mprotect(copy, length, protection) != 0 ||
      mremap(copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, start) ==
          MAP_FAILED)
    err(1, "mremap");
}

// Names another executable to the kernel, which takes it once nothing of the
// former one is mapped.
static void replace_executable(const char *trusted) {
  char own[4096] = "";
  if (readlink("/proc/self/exe", own, sizeof(own) - 1) < 0)
    err(1, "/proc/self/exe");
  static char maps[65536];
  int file = open("/proc/self/maps", O_RDONLY);
  for (ssize_t got, at = 0;
       (got = read(file, maps + at, sizeof(maps) - 1 - (size_t)at)) > 0;)
    at += got;
  close(file);
  for (char *line = strtok(maps, "\n"); line; line = strtok(NULL, "\n")) {
    unsigned long start, end;
    char rights[5];
    if (!strstr(line, own) ||
        sscanf(line, "%lx-%lx %4s", &start, &end, rights) != 3)
      continue;
    detach((char *)start, end - start,
           (rights[0] == 'r' ? PROT_READ : 0) |
               (rights[1] == 'w' ? PROT_WRITE : 0) |
               (rights[2] == 'x' ? PROT_EXEC : 0));
  }
  struct prctl_mm_map map = known_memory();
  map.exe_fd = (uint32_t)open(trusted, O_RDONLY);
  set_memory(map);
}

// What is done under another executable's name, by the process and by a child.
void open_replaced(const char *path, const char *trusted) {
  replace_executable(trusted);
  if (chdir("/") != 0)
    err(1, "/");
  open_file(path);
  pid_t child = fork();
  if (child == 0) {
    open_file(path);
    _exit(0);
  }
  wait_for(child);
}
