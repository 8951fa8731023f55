/* A connection whose call blocks, because the listener takes no more, while something happens to the call:
 *
 *   blocked-connect WAY CALL PORT
 *
 * WAY: null, datagram or stream: another thread puts /dev/null or another socket in place of the descriptor, and another
 *      address in the memory of the passed one; then the listener takes it
 *      unix: the same by a Unix socket, with /dev/null in place of the descriptor; the memory stays
 *      interrupt: a signal interrupts it; then the listener takes it
 *      nameless: another thread takes the address out of the message, and clears the arguments of a socketcall(2); then
 *      the listener takes it, and the same call sends a datagram to 127.0.0.2 by the same descriptor
 * CALL: connect, sendto, sendmsg or sendmmsg (with MSG_FASTOPEN), socketcall (the 32-bit sendmsg; nameless alone)
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
#include <sys/mman.h>
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
static bool nameless;
static struct mmsghdr many;
static struct iovec part = {.iov_base = "data", .iov_len = 4};
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

#ifndef MAP_32BIT
#define MAP_32BIT 0 /* x86-64 alone has it, and the call */
#endif

/* What the 32-bit call points to; below 4 GB. */
static struct narrow {
  unsigned arguments[3];
  unsigned message[7];
  unsigned part[2];
  struct sockaddr_in to;
  char data[4];
} *narrow;

static unsigned low(const void *address) {
  return (unsigned)(unsigned long)address;
}

static int socketcall_sendmsg(void) {
  if (!narrow)
    narrow = mmap(0, sizeof *narrow, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  must(narrow != MAP_FAILED, "mmap");
  *narrow = (struct narrow){.arguments = {fd, low(narrow->message), MSG_FASTOPEN},
                            .message = {low(&narrow->to), sizeof narrow->to, low(narrow->part), 1},
                            .part = {low(narrow->data), sizeof narrow->data},
                            .to = secret.ip};
  int returned = -ENOSYS;
#ifdef __x86_64__
  asm volatile("int $0x80" : "=a"(returned) : "a"(102), "b"(16), "c"(narrow) : "memory", "r8", "r9", "r10", "r11");
#endif
  errno = -returned;
  return returned < 0 ? -1 : returned;
}

static int make_call(void) {
  int returned;
  many.msg_hdr = (struct msghdr){.msg_name = &secret, .msg_namelen = size, .msg_iov = &part, .msg_iovlen = 1};
  if (!strcmp(call, "sendto"))
    returned = sendto(fd, "data", 4, MSG_FASTOPEN, &secret.any, size);
  else if (!strcmp(call, "sendmsg"))
    returned = sendmsg(fd, &many.msg_hdr, MSG_FASTOPEN);
  else if (!strcmp(call, "sendmmsg"))
    returned = sendmmsg(fd, &many, 1, MSG_FASTOPEN);
  else if (!strcmp(call, "socketcall"))
    returned = socketcall_sendmsg();
  else
    returned = connect(fd, &secret.any, size);
  return returned < 0 ? -errno : returned;
}

/* In the same thread, which would take what is kept of the connection for that of the datagram. */
static void send_datagram(void) {
  int other = socket(AF_INET, SOCK_DGRAM, 0);
  must(other >= 0 && dup2(other, fd) == fd, "dup2");
  must(make_call() > 0, "datagram");
}

static void *run_call(void *unused) {
  result = make_call();
  if (nameless)
    send_datagram();
  return unused;
}

static void take_name_away(void) {
  many.msg_hdr.msg_name = 0;
  many.msg_hdr.msg_namelen = 0;
  if (narrow)
    memset(narrow, 0, sizeof *narrow);
}

static void on_signal(int number) {
  (void)number;
}

int main(int argc, char **argv) {
  if (argc != 4)
    return 2;
  call = argv[2];
  nameless = !strcmp(argv[1], "nameless");
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
  bool interrupted = !strcmp(argv[1], "interrupt");
  if (!strcmp(argv[1], "null") || is_unix)
    in_place = open("/dev/null", O_RDWR);
  else if (!nameless && !interrupted)
    in_place = connected(!strcmp(argv[1], "datagram") ? SOCK_DGRAM : SOCK_STREAM, &decoy.any);
  pthread_t thread;
  must(pthread_create(&thread, 0, run_call, 0) == 0, "pthread_create");
  usleep(LONG_ENOUGH);
  if (in_place >= 0) {
    must(dup2(in_place, fd) == fd, "dup2");
    secret = decoy;
  } else if (nameless) {
    take_name_away();
  } else {
    must(pthread_kill(thread, SIGUSR1) == 0, "pthread_kill");
    must(pthread_join(thread, 0) == 0, "pthread_join");
  }
  must(accept(listener, 0, 0) >= 0, "accept"); /* makes room: the next SYN is answered */
  if (!interrupted)
    must(pthread_join(thread, 0) == 0, "pthread_join");
  must(accept(listener, 0, 0) >= 0, "accept");
  memset(&secret, 0, sizeof secret);
  size = sizeof secret;
  must(getpeername(kept, &secret.any, &size) == 0, "getpeername");
  printf("%d %d %s\n", getpid(), result, is_unix ? secret.path.sun_path + 1 : inet_ntoa(secret.ip.sin_addr));
  return 0;
}
