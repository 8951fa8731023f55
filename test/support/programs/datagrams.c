/* Listens at a Unix datagram socket and prints each datagram as a line: the pid of the sender, a blank, and the text in JSON's escapes for
 * newlines. It takes nothing while it is stopped, so that the queue fills.
 *
 *   datagrams ADDRESS        a path, or with @ first a name in the abstract namespace */

#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static void must(int succeeded, const char *what) {
  if (succeeded)
    return;
  fprintf(stderr, "datagrams: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void print(const char *text, ssize_t length) {
  for (ssize_t i = 0; i < length; i++) {
    if (text[i] == '\n')
      fputs("\\n", stdout);
    else
      putchar(text[i]);
  }
}

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(argv[1]);
  if (length >= sizeof address.sun_path)
    return 2;
  memcpy(address.sun_path, argv[1], length);
  if (argv[1][0] == '@')
    address.sun_path[0] = 0;
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  must(fd >= 0, "socket");
  int on = 1;
  must(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0, "SO_PASSCRED");
  must(bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0, "bind");
  puts("listening");
  fflush(stdout);
  for (;;) {
    char text[4096];
    char control[CMSG_SPACE(sizeof(struct ucred))];
    struct iovec part = {.iov_base = text, .iov_len = sizeof text};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t size = recvmsg(fd, &message, 0);
    must(size >= 0, "recvmsg");
    struct ucred sender = {0};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_CREDENTIALS)
      memcpy(&sender, CMSG_DATA(header), sizeof sender);
    printf("%d ", sender.pid);
    print(text, size);
    putchar('\n');
    fflush(stdout);
  }
}
