// A child in another control group.
#define _GNU_SOURCE
#include "disguise.h"
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Leaves the groups of cgroup v1 that show where a process runs, if it has any.
static void leave_old_groups(void) {
  static const char *const groups[] = {"pids", "memory", "cpu"};
  for (size_t at = 0; at < sizeof(groups) / sizeof(*groups); at++) {
    char path[128];
    snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/cgroup.procs", groups[at]);
    if (access(path, F_OK) == 0)
      write_text(path, "0");
  }
}

// Makes a child in another control group, where it opens the file. `place` is
// an empty directory; what is mounted there only this process sees.
void open_in_group(const char *path, const char *place, const char *name) {
  char group[4096];
  snprintf(group, sizeof(group), "%s/%s", place, name);
  leave_old_groups();
  if (unshare(CLONE_NEWNS) != 0 ||
      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("groups", place, "cgroup2", 0, NULL) != 0 ||
      mkdir(group, 0755) != 0)
    err(1, "%s", group);
  struct clone_args arguments = {.flags = CLONE_INTO_CGROUP,
                                 .exit_signal = SIGCHLD,
                                 .cgroup = (uint64_t)open(group, O_PATH)};
  long child = syscall(__NR_clone3, &arguments, sizeof(arguments));
  if (child == 0) {
    open_file(path);
    _exit(0);
  }
  int error = errno;
  if (child > 0)
    wait_for((pid_t)child);
  rmdir(group);
  errno = error;
  if (child < 0)
    err(1, "clone3");
}
