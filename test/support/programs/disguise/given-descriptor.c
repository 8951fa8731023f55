// Descriptors that another process gives during a call (seccomp).
#define _GNU_SOURCE
#include "disguise.h"
#include <err.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

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
void supervise(const char *path, const char *innocent) {
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
void give_input(char *path, char *mark) {
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
