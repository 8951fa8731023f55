/* A connection whose call blocks, because the listener takes no more, while something happens to the call:
 *
 *   blocked-connect WAY CALL PORT
 *
 * WAY: null, datagram or stream: another thread puts /dev/null or another socket in place of the descriptor, and another
 *      address in the memory of the passed one; then the listener takes it
 *      interrupt: a signal interrupts it; then the listener takes it
 * CALL: connect, sendto or sendmsg (with MSG_FASTOPEN)
 *
 * Prints its pid, the result of the call (or -errno), and the socket's peer afterwards. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_ENOUGH 300000 /* us, for a call to block */

static struct sockaddr_in secret, decoy;
static int fd, result;
static const char *call;

static void must(int succeeded, const char *what) {
  if (succeeded)
    return;
  fprintf(stderr, "blocked-connect: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int connected(int type, const struct sockaddr_in *to) {
  int one = socket(AF_INET, type | SOCK_NONBLOCK, 0);
  must(one >= 0, "socket");
  must(connect(one, (const struct sockaddr *)to, sizeof *to) == 0 || errno == EINPROGRESS, "connect");
  return one;
}

/* Another process, so that its own connection is not taken for the one in question. */
static void fill_queue(void) {
  pid_t pid = fork();
  must(pid >= 0, "fork");
  if (pid == 0) {
    connected(SOCK_STREAM, &secret);
    usleep(LONG_ENOUGH / 3);
    _exit(0);
  }
  must(waitpid(pid, 0, 0) == pid, "waitpid");
}

static void *run_call(void *unused) {
  struct iovec part = {.iov_base = "data", .iov_len = 4};
  struct msghdr message = {.msg_name = &secret, .msg_namelen = sizeof secret, .msg_iov = &part, .msg_iovlen = 1};
  if (!strcmp(call, "sendto"))
    result = sendto(fd, "data", 4, MSG_FASTOPEN, (struct sockaddr *)&secret, sizeof secret);
  else if (!strcmp(call, "sendmsg"))
    result = sendmsg(fd, &message, MSG_FASTOPEN);
  else
    result = connect(fd, (struct sockaddr *)&secret, sizeof secret);
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
  secret = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[3]))};
  secret.sin_addr.s_addr = inet_addr("127.0.0.2");
  decoy = secret;
  decoy.sin_addr.s_addr = inet_addr("127.0.0.1");
  struct sigaction action = {.sa_handler = on_signal};
  must(sigaction(SIGUSR1, &action, 0) == 0, "sigaction");
  int listener = socket(AF_INET, SOCK_STREAM, 0), decoy_listener = socket(AF_INET, SOCK_STREAM, 0);
  must(bind(listener, (struct sockaddr *)&secret, sizeof secret) == 0 && listen(listener, 0) == 0, "listen");
  must(bind(decoy_listener, (struct sockaddr *)&decoy, sizeof decoy) == 0 && listen(decoy_listener, 9) == 0, "listen");
  fill_queue();
  fd = socket(AF_INET, SOCK_STREAM, 0);
  int kept = dup(fd);
  int in_place = -1;
  if (!strcmp(argv[1], "null"))
    in_place = open("/dev/null", O_RDWR);
  else if (strcmp(argv[1], "interrupt"))
    in_place = connected(!strcmp(argv[1], "datagram") ? SOCK_DGRAM : SOCK_STREAM, &decoy);
  pthread_t thread;
  must(pthread_create(&thread, 0, run_call, 0) == 0, "pthread_create");
  usleep(LONG_ENOUGH);
  if (in_place >= 0) {
    must(dup2(in_place, fd) == fd, "dup2");
    secret.sin_addr = decoy.sin_addr;
  } else {
    must(pthread_kill(thread, SIGUSR1) == 0, "pthread_kill");
    must(pthread_join(thread, 0) == 0, "pthread_join");
  }
  must(accept(listener, 0, 0) >= 0, "accept"); /* makes room: the next SYN is answered */
  if (in_place >= 0)
    must(pthread_join(thread, 0) == 0, "pthread_join");
  must(accept(listener, 0, 0) >= 0, "accept");
  struct sockaddr_in peer = {0};
  socklen_t size = sizeof peer;
  must(getpeername(kept, (struct sockaddr *)&peer, &size) == 0, "getpeername");
  printf("%d %d %s\n", getpid(), result, inet_ntoa(peer.sin_addr));
  return 0;
}
