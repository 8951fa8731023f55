// Processes that perform act's steps: children, other programs, users, terminals and networks.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

// What hand_over_to_child() and enter_terminal() keep open is at numbers from here on, out of the way of the steps.
enum { FIRST_OWN_DESCRIPTOR = 500, STATUS_NOT_STARTED = 127 };

static int wait_for(pid_t child) {
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) die("waitpid: %m");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A process of that number, or of any if it is 0; the number must be free.
static pid_t fork_as(pid_t number) {
  struct clone_args arguments = {.exit_signal = SIGCHLD};
  if (number) {
    arguments.set_tid = (unsigned long)&number;
    arguments.set_tid_size = 1;
  }
  pid_t child = number ? (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments)) : fork();
  if (child < 0) die("no process of number %d: %m", number);
  return child;
}

// node closes their input when the process that it started ends, so this process ends after all descendants of the
// child. They hold the writing end of a pipe.
void hand_over_to_child(pid_t number) {
  int pipes[2];
  char byte;
  if (pipe(pipes) != 0) die("pipe: %m");
  int writing = fcntl(pipes[1], F_DUPFD, FIRST_OWN_DESCRIPTOR);
  close(pipes[1]);
  pid_t child = fork_as(number);
  if (child == 0) {
    close(pipes[0]);
    return;
  }
  close(writing);
  int status = wait_for(child);
  while (read(pipes[0], &byte, 1) > 0);
  exit(status);
}

void become_orphan(void) {
  pid_t parent = getpid();
  if (fork_as(0) != 0) _exit(0);
  while (getppid() == parent) usleep(1000);
}

void become_sibling(void) {
  struct clone_args arguments = {.flags = CLONE_PARENT};
  long child = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (child < 0) die("no child of the parent's: %m");
  if (child > 0) _exit(0);
}

// The master stays with the parent: the terminal is hung up when that ends.
void enter_terminal(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) die("no terminal: %m");
  char* path = ptsname(master);
  int own = path ? fcntl(master, F_DUPFD, FIRST_OWN_DESCRIPTOR) : -1;
  if (own < 0) die("no terminal: %m");
  close(master);
  hand_over_to_child(0);
  close(own);
  if (setsid() < 0) die("setsid: %m");
  int terminal = open(path, O_RDWR);
  if (terminal < 0 || fcntl(terminal, F_DUPFD, FIRST_OWN_DESCRIPTOR) < 0) die("%s: %m", path);
  close(terminal);
}

void on_cpu(int number) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(number, &set);
  if (sched_setaffinity(0, sizeof(set), &set) != 0) die("CPU %d: %m", number);
}

void become_user(unsigned number) {
  if (setgroups(0, NULL) != 0 || setgid(number) != 0 || setuid(number) != 0) die("user %u: %m", number);
}

void enter_network(const char* address) {
  if (unshare(CLONE_NEWNET) != 0) {
    if (errno == EPERM) return;
    die("no network of its own: %m");
  }
  struct ifreq request = {.ifr_name = "lo"};
  struct sockaddr_in* in = (void*)&request.ifr_addr;
  in->sin_family = AF_INET;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (inet_pton(AF_INET, address, &in->sin_addr) != 1) die("no address: %s", address);
  if (fd < 0 || ioctl(fd, SIOCSIFADDR, &request) != 0) die("address %s: %m", address);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) die("lo: %m");
  close(fd);
}

static void own_path(char* path, size_t size) {
  ssize_t length = readlink("/proc/self/exe", path, size - 1);
  if (length < 0) die("/proc/self/exe: %m");
  path[length] = 0;
}

static void make_link(const char* path) {
  char self[4096];
  own_path(self, sizeof(self));
  if (symlink(self, path) != 0 && errno != EEXIST) die("%s: %m", path);
}

static void make_copy(const char* path) {
  char self[4096], bytes[65536];
  ssize_t length;
  own_path(self, sizeof(self));
  int from = open(self, O_RDONLY | O_CLOEXEC), to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  if (from < 0 || to < 0) die("%s: %m", path);
  while ((length = read(from, bytes, sizeof(bytes))) > 0)
    if (write(to, bytes, length) != length) die("%s: %m", path);
  close(from);
  close(to);
}

static const char* last_part(const char* path) {
  const char* slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

void go_on_as(const char* path, const char* name, char** rest) {
  int count = 0;
  while (rest[count]) count++;
  char** list = calloc(count + 2, sizeof(*list));
  list[0] = (char*)name;
  memcpy(list + 1, rest, count * sizeof(*list));
  execv(path, list);
  die("%s: %m", path);
}

void go_on_as_link(const char* path, char** rest) {
  make_link(path);
  go_on_as(path, last_part(path), rest);
}

void go_on_as_copy(const char* path, char** rest) {
  make_copy(path);
  go_on_as(path, last_part(path), rest);
}

static void silence(void) {
  int null = open("/dev/null", O_RDWR);
  if (null < 0) return;
  for (int fd = 0; fd <= 2; fd++) dup2(null, fd);
  if (null > 2) close(null);
}

void spawn(char** list) {
  pid_t child = fork_as(0);
  if (child == 0) {
    silence();
    execvp(list[0], list);
    _exit(STATUS_NOT_STARTED);
  }
  if (wait_for(child) == STATUS_NOT_STARTED) die("%s could not be started", list[0]);
}

void pretend(char** list) {
  const char* path = list[0];
  make_link(path);
  pid_t child = fork_as(0);
  if (child == 0) {
    setenv(PRETENCE, "1", 1);
    list[0] = (char*)last_part(path);
    execv(path, list);
    _exit(STATUS_NOT_STARTED);
  }
  if (wait_for(child) != 0) die("%s could not be started", path);
}
