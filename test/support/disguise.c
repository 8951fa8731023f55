// Reaches a file or runs a program in ways that hide who does it, or what.
// Arguments: the way, then what it needs; what comes behind that is only in the
// command line.
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fuse.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
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
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

static void write_text(const char *path, const char *text) {
  int file = open(path, O_WRONLY);
  if (file < 0 || write(file, text, strlen(text)) < 0)
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

// The process's memory, as the kernel knows it.
static struct prctl_mm_map known_memory(void) {
  return (struct prctl_mm_map){
      .start_code = stat_field(26),
      .end_code = stat_field(27),
      .start_stack = stat_field(28),
      .start_data = stat_field(45),
      .end_data = stat_field(46),
      .start_brk = stat_field(47),
      .brk = (uintptr_t)sbrk(0),
      .arg_start = stat_field(48),
      .arg_end = stat_field(49),
      .env_start = stat_field(50),
      .env_end = stat_field(51),
      .exe_fd = (uint32_t)-1,
  };
}

static void set_memory(struct prctl_mm_map map) {
  if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) != 0)
    err(1, "PR_SET_MM");
}

// Moves the arguments to other memory.
static void move_arguments(void) {
  char *text = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (text == MAP_FAILED)
    err(1, "mmap");
  memcpy(text, disguise, sizeof(disguise));
  struct prctl_mm_map map = known_memory();
  map.arg_start = (uintptr_t)text;
  map.arg_end = (uintptr_t)text + sizeof(disguise);
  set_memory(map);
}

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
static void open_replaced(const char *path, const char *trusted) {
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

static int notify_of(uint32_t call) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
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

// Gives a descriptor to the process that waits. Returns the number of its call.
static uint64_t answer(int listener, struct seccomp_notif_addfd given) {
  struct seccomp_notif request = {};
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0)
    err(1, "NOTIF_RECV");
  given.id = request.id;
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &given) < 0)
    err(1, "NOTIF_ADDFD");
  return request.id;
}

// A process opens an innocent file; another one decides that it gets the file
// at that path.
static void supervise(const char *path, const char *innocent) {
  int file = open(path, O_RDONLY);
  if (file < 0)
    err(1, "%s", path);
  int listener = notify_of(__NR_openat);
  pid_t child = fork();
  if (child == 0) {
    close(file);
    open_file(innocent);
    _exit(0);
  }
  answer(listener,
         (struct seccomp_notif_addfd){.flags = SECCOMP_ADDFD_FLAG_SEND,
                                      .srcfd = (uint32_t)file});
  wait_for(child);
}

// A process becomes the program. Its standard input is a connection that
// another process has put there, during a call that has nothing to do with it.
static void give_input(char *path, char *mark) {
  struct sockaddr_in peer = {.sin_family = AF_INET,
                             .sin_port = htons(9),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int listener = notify_of(__NR_getsid);
  pid_t child = fork();
  if (child == 0) {
    getsid(0);
    execve(path, (char *[]){path, "@mark", mark, NULL}, environ);
    _exit(1);
  }
  int connection = socket(AF_INET, SOCK_DGRAM, 0);
  if (connection < 0 ||
      connect(connection, (struct sockaddr *)&peer, sizeof(peer)) != 0)
    err(1, "connect");
  uint64_t id = answer(
      listener, (struct seccomp_notif_addfd){.flags = SECCOMP_ADDFD_FLAG_SETFD,
                                             .srcfd = (uint32_t)connection,
                                             .newfd = STDIN_FILENO});
  struct seccomp_notif_resp response = {.id = id};
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) != 0)
    err(1, "NOTIF_SEND");
  wait_for(child);
}

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
static void open_in_group(const char *path, const char *place,
                          const char *name) {
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
static void mount_unanswered(const char *place) {
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
static void stall_readers(const char *place) {
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

static void *remap(void *unused) {
  for (;;) {
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      err(1, "mmap");
    munmap(memory, 4096);
  }
  return unused;
}

// Changes the mappings all the time: who reads them finds them locked. As the
// last in line for a processor, for the sake of others.
static void change_mappings(void) {
  enum { THREADS = 8 };
  if (nice(19) != 19)
    err(1, "nice");
  for (int i = 0; i < THREADS; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, remap, NULL) != 0)
      errx(1, "pthread_create");
  }
}

// Runs a file by an interpreter that is registered for the end of its name, in
// a user namespace of its own, which has a binfmt_misc of its own (Linux 6.7).
static void run_registered(char *path, const char *interpreter,
                           const char *place) {
  char user[64], group[64], line[4096], registry[4096];
  snprintf(user, sizeof(user), "0 %d 1", geteuid());
  snprintf(group, sizeof(group), "0 %d 1", getegid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
    err(1, "namespace");
  write_text("/proc/self/setgroups", "deny");
  write_text("/proc/self/uid_map", user);
  write_text("/proc/self/gid_map", group);
  if (mount("registry", place, "binfmt_misc", 0, NULL) != 0)
    err(1, "binfmt_misc");
  snprintf(registry, sizeof(registry), "%s/register", place);
  snprintf(line, sizeof(line), ":disguise:E::disguise::%s:", interpreter);
  write_text(registry, line);
  execve(path, (char *[]){path, NULL}, environ);
  err(1, "%s", path);
}

static void wait_for_input(void) {
  puts("ready");
  fflush(stdout);
  getchar();
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
  } else if (!strcmp(way, "given-input") && count > 3) {
    give_input(what, arguments[3]);
  } else if (!strcmp(way, "in-group") && count > 4) {
    open_in_group(what, arguments[3], arguments[4]);
  } else if (!strcmp(way, "replaced-executable") && count > 3) {
    open_replaced(what, arguments[3]);
  } else if (!strcmp(way, "stalling") && count > 3) {
    stall_readers(arguments[3]);
    wait_for_input();
    open_file(what);
  } else if (!strcmp(way, "remapping")) {
    change_mappings();
    wait_for_input();
    open_file(what);
  } else if (!strcmp(way, "registered") && count > 4) {
    run_registered(what, arguments[3], arguments[4]);
  } else if (!strcmp(way, "unanswered")) {
    mount_unanswered(what);
    wait_for_input();
    umount2(what, MNT_DETACH);
  } else {
    errx(2, "no such way: %s", way);
  }
  return 0;
}
