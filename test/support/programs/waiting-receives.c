/* Receives by io_uring that wait, and prints the result of each:
 *
 *   waiting-receives parts   all of 44 bytes of a stream (MSG_WAITALL): 40 come, and later 4
 *   waiting-receives header  a datagram by recvmsg; while it waits, the header of the message is changed to name a decoy */

#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAUSE_US (200 * 1000)

static struct io_uring_params params;
static int ring;
static char *queues;
static struct io_uring_sqe *requests;
static char data[4096], decoy[4096] = "harmless text";

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static unsigned *word(unsigned offset) {
  return (unsigned *)(queues + offset);
}

static void set_up(void) {
  ring = syscall(SYS_io_uring_setup, 8, &params);
  if (ring < 0)
    fail("io_uring_setup");
  size_t completions = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
  size_t size = params.sq_off.array + params.sq_entries * sizeof(unsigned);
  queues = mmap(NULL, size > completions ? size : completions, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
                IORING_OFF_SQ_RING);
  requests = mmap(NULL, params.sq_entries * sizeof(*requests), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
                  IORING_OFF_SQES);
  if (queues == MAP_FAILED || requests == MAP_FAILED)
    fail("mmap");
}

static void submit(struct io_uring_sqe request) {
  requests[0] = request;
  *word(params.sq_off.array) = 0;
  __atomic_store_n(word(params.sq_off.tail), 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1)
    fail("io_uring_enter");
}

static int result(void) {
  if (syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
    fail("io_uring_enter");
  return ((struct io_uring_cqe *)(queues + params.cq_off.cqes))->res;
}

static int in_parts(void) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
    fail("socketpair");
  submit((struct io_uring_sqe){.opcode = IORING_OP_RECV,
                               .fd = pair[0],
                               .addr = (unsigned long)data,
                               .len = 44,
                               .msg_flags = MSG_WAITALL});
  if (write(pair[1], "the secret is in the first part of many!", 40) != 40)
    fail("write");
  usleep(PAUSE_US);
  if (write(pair[1], "last", 4) != 4)
    fail("write");
  return result();
}

static int with_another_header(void) {
  static struct sockaddr_in at = {.sin_family = AF_INET}, sender, pretended = {.sin_family = AF_INET, .sin_port = 53};
  static struct iovec part = {data, sizeof(data)};
  static struct msghdr header = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_name = &sender, .msg_namelen = sizeof(sender)};
  socklen_t size = sizeof(at);
  int from = socket(AF_INET, SOCK_DGRAM, 0), to = socket(AF_INET, SOCK_DGRAM, 0);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  pretended.sin_addr.s_addr = htonl(0x09090909);
  if (bind(to, (void *)&at, sizeof(at)) || getsockname(to, (void *)&at, &size))
    fail("bind");
  submit((struct io_uring_sqe){.opcode = IORING_OP_RECVMSG, .fd = to, .addr = (unsigned long)&header, .len = 1});
  part.iov_base = decoy;
  header.msg_name = &pretended;
  if (sendto(from, "secret", 6, 0, (void *)&at, size) != 6)
    fail("sendto");
  return result();
}

int main(int count, char **arguments) {
  set_up();
  printf("%d\n", count == 2 && !strcmp(arguments[1], "parts") ? in_parts() : with_another_header());
  return 0;
}
