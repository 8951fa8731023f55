// A file that is opened again by what the process has of it.
#define _GNU_SOURCE
#include "disguise.h"
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <unistd.h>

void open_mapped(const char *path) {
  int file = open(path, O_RDONLY);
  void *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
  char link[128];
  if (file < 0 || map == MAP_FAILED)
    err(1, "%s", path);
  close(file);
  snprintf(link, sizeof(link), "/proc/self/map_files/%lx-%lx", (long)map,
           (long)map + 4096);
  open_file(link);
}

// Gets a descriptor of a file because somebody else opens it, and opens that
// again.
void be_notified(const char *path) {
  int events = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY);
  if (events < 0 ||
      fanotify_mark(events, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, path) != 0)
    err(1, "fanotify");
  pid_t child = fork();
  if (child == 0) {
    open_file(path);
    _exit(0);
  }
  wait_for(child);
  struct fanotify_event_metadata event;
  if (read(events, &event, sizeof(event)) != sizeof(event))
    err(1, "fanotify");
  if (fanotify_mark(events, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL) != 0)
    err(1, "fanotify");
  char link[64];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", event.fd);
  open_file(link);
}
