/* A connection whose call blocks, because the listener takes no more, while something happens to the call:
 *
 *   blocked-connect WAY CALL PORT
 *
 * WAY: null, datagram or stream: another thread puts /dev/null or another socket in place of the descriptor, and another
 *      address in the memory of the passed one; then the listener takes it
 *      unix: the same by a Unix socket, with /dev/null in place of the descriptor; the memory stays
 *      interrupt: a signal interrupts it; then the listener takes it
 * CALL: connect, sendto or sendmsg (with MSG_FASTOPEN)
 *
 * Prints its pid, the result of the call (or -errno), and the socket's peer afterwards: 127.0.0.2, or the abstract name
 * blocked-PORT. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_ENOUGH 300000 /* us, for a call to block */

static union {
  struct sockaddr any;
  struct sockaddr_in ip;
  struct sockaddr_un path;
} secret, decoy;
static socklen_t size;
static int fd, result;
static const char *call;

static void must(int succeeded, const char *what) {
  if (succeeded)
    return;
  fprintf(stderr, "blocked-connect: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int connected(int type, const struct sockaddr *to) {
  int one = socket(to->sa_family, type | SOCK_NONBLOCK, 0);
  must(one >= 0, "socket");
  must(connect(one, to, size) == 0 || errno == EINPROGRESS, "connect");
  return one;
}

static int listening(const struct sockaddr *at, int backlog) {
  int one = socket(at->sa_family, SOCK_STREAM, 0);
  must(bind(one, at, size) == 0 && listen(one, backlog) == 0, "listen");
  return one;
}

/* Another process, so that its own connection is not taken for the one in question. */
static void fill_queue(void) {
  pid_t pid = fork();
  must(pid >= 0, "fork");
  if (pid == 0) {
    connected(SOCK_STREAM, &secret.any);
    usleep(LONG_ENOUGH / 3);
    _exit(0);
  }
  must(waitpid(pid, 0, 0) == pid, "waitpid");
}

static void *run_call(void *unused) {
  struct iovec part = {.iov_base = "data", .iov_len = 4};
  struct msghdr message = {.msg_name = &secret, .msg_namelen = size, .msg_iov = &part, .msg_iovlen = 1};
  if (!strcmp(call, "sendto"))
    result = sendto(fd, "data", 4, MSG_FASTOPEN, &secret.any, size);
  else if (!strcmp(call, "sendmsg"))
    result = sendmsg(fd, &message, MSG_FASTOPEN);
  else
    result = connect(fd, &secret.any, size);
  if (result < 0)
    result = -errno;
  return unused;
}

static void on_signal(int number) {
  (void)number;
}

int main(int argc, char **argv) {
  if (argc != 4)
    return 2;
  call = argv[2];
  bool is_unix = !strcmp(argv[1], "unix");
  if (is_unix) {
    secret.path.sun_family = AF_UNIX;
    size = offsetof(struct sockaddr_un, sun_path) + 1 + sprintf(secret.path.sun_path + 1, "blocked-%s", argv[3]);
  } else {
    secret.ip = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[3]))};
    secret.ip.sin_addr.s_addr = inet_addr("127.0.0.2");
    size = sizeof secret.ip;
  }
  decoy = secret;
  if (!is_unix)
    decoy.ip.sin_addr.s_addr = inet_addr("127.0.0.1");
  struct sigaction action = {.sa_handler = on_signal};
  must(sigaction(SIGUSR1, &action, 0) == 0, "sigaction");
  int listener = listening(&secret.any, 0);
  if (!is_unix)
    listening(&decoy.any, 9);
  fill_queue();
  fd = socket(secret.any.sa_family, SOCK_STREAM, 0);
  int kept = dup(fd);
  int in_place = -1;
  if (!strcmp(argv[1], "null") || is_unix)
    in_place = open("/dev/null", O_RDWR);
  else if (strcmp(argv[1], "interrupt"))
    in_place = connected(!strcmp(argv[1], "datagram") ? SOCK_DGRAM : SOCK_STREAM, &decoy.any);
  pthread_t thread;
  must(pthread_create(&thread, 0, run_call, 0) == 0, "pthread_create");
  usleep(LONG_ENOUGH);
  if (in_place >= 0) {
    must(dup2(in_place, fd) == fd, "dup2");
    secret = decoy;
  } else {
    must(pthread_kill(thread, SIGUSR1) == 0, "pthread_kill");
    must(pthread_join(thread, 0) == 0, "pthread_join");
  }
  must(accept(listener, 0, 0) >= 0, "accept"); /* makes room: the next SYN is answered */
  if (in_place >= 0)
    must(pthread_join(thread, 0) == 0, "pthread_join");
  must(accept(listener, 0, 0) >= 0, "accept");
  memset(&secret, 0, sizeof secret);
  size = sizeof secret;
  must(getpeername(kept, &secret.any, &size) == 0, "getpeername");
  printf("%d %d %s\n", getpid(), result, is_unix ? secret.path.sun_path + 1 : inet_ntoa(secret.ip.sin_addr));
  return 0;
}
