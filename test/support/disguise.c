// Reaches a file or runs a program in ways that hide who does it, or what.
// Arguments: the way, then what it needs; what comes behind that is only in the
// command line.
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char disguise[] = "/usr/sbin/sshd\0-D";

static void open_file(const char *path) {
  int file = open(path, O_RDONLY);
  if (file < 0)
    err(1, "%s", path);
  close(file);
}

static void wait_for(pid_t child) {
  int status;
  if (waitpid(child, &status, __WALL) != child || status != 0)
    errx(1, "the child has failed");
}

// The addresses of a process that /proc/self/stat has, by the numbers of its
// fields.
static unsigned long stat_field(int number) {
  char line[2048];
  FILE *stat = fopen("/proc/self/stat", "r");
  if (!stat || !fgets(line, sizeof(line), stat))
    err(1, "/proc/self/stat");
  fclose(stat);
  char *field = strrchr(line, ')'); // the end of the second
  for (int at = 2; at < number; at++)
    field = strchr(field + 1, ' ');
  return strtoul(field + 1, NULL, 10);
}

// Moves the arguments, as the kernel knows them, to other memory.
static void move_arguments(void) {
  char *text = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (text == MAP_FAILED)
    err(1, "mmap");
  memcpy(text, disguise, sizeof(disguise));
  struct prctl_mm_map map = {
      .start_code = stat_field(26),
      .end_code = stat_field(27),
      .start_stack = stat_field(28),
      .start_data = stat_field(45),
      .end_data = stat_field(46),
      .start_brk = stat_field(47),
      .brk = (uintptr_t)sbrk(0),
      .arg_start = (uintptr_t)text,
      .arg_end = (uintptr_t)text + sizeof(disguise),
      .env_start = stat_field(50),
      .env_end = stat_field(51),
      .exe_fd = (uint32_t)-1,
  };
  if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) != 0)
    err(1, "PR_SET_MM");
}

static void overwrite_arguments(char **arguments) {
  int memory = open("/proc/self/mem", O_WRONLY);
  if (memory < 0 || pwrite(memory, disguise, sizeof(disguise),
                           (off_t)(intptr_t)arguments[0]) < 0)
    err(1, "mem");
}

static int open_in_child(void *path) {
  prctl(PR_SET_NAME, "sshd");
  open_file(path);
  return 0;
}

static void share_memory(char *path) {
  static _Alignas(16) char stack[65536];
  pid_t child =
      clone(open_in_child, stack + sizeof(stack), CLONE_VM | SIGCHLD, path);
  if (child < 0)
    err(1, "clone");
  wait_for(child);
}

static void open_mapped(const char *path) {
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
static void be_notified(const char *path) {
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

static int notify_of_opens(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof(code) / sizeof(*code), code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    err(1, "no_new_privs");
  long listener = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
                          SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0)
    err(1, "seccomp");
  return (int)listener;
}

// A process opens an innocent file; another one decides that it gets the file
// at that path.
static void supervise(const char *path, const char *innocent) {
  int file = open(path, O_RDONLY);
  if (file < 0)
    err(1, "%s", path);
  int listener = notify_of_opens();
  pid_t child = fork();
  if (child == 0) {
    close(file);
    open_file(innocent);
    _exit(0);
  }
  struct seccomp_notif request = {};
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0)
    err(1, "NOTIF_RECV");
  struct seccomp_notif_addfd answer = {.id = request.id,
                                       .flags = SECCOMP_ADDFD_FLAG_SEND,
                                       .srcfd = (uint32_t)file};
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &answer) < 0)
    err(1, "NOTIF_ADDFD");
  wait_for(child);
}

int main(int count, char **arguments) {
  if (count < 3)
    errx(2, "which way, and what?");
  const char *way = arguments[1];
  char *what = arguments[2];
  if (!strcmp(way, "no-arguments")) {
    execve(what, (char *[]){NULL}, environ);
    err(1, "%s", what);
  }
  if (!strcmp(way, "moved-arguments")) {
    move_arguments();
    open_file(what);
  } else if (!strcmp(way, "overwritten-arguments")) {
    overwrite_arguments(arguments);
    open_file(what);
  } else if (!strcmp(way, "shared-memory")) {
    share_memory(what);
  } else if (!strcmp(way, "mapped")) {
    open_mapped(what);
  } else if (!strcmp(way, "notified")) {
    be_notified(what);
  } else if (!strcmp(way, "supervised") && count > 3) {
    supervise(what, arguments[3]);
  } else {
    errx(2, "no such way: %s", way);
  }
  return 0;
}
