// Requests of io_uring that begin later than they are submitted, or complete beside others.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"
#include "ring.h"

#define POLL_AGAIN_MS 20

// A request that stays pending until somebody writes to the pipe, whose end for that is returned as `writer`.
static struct io_uring_sqe pending_request(int* writer) {
  int ends[2];
  if (pipe(ends) != 0) die("pipe: %m");
  *writer = ends[1];
  return (struct io_uring_sqe){
      .opcode = IORING_OP_POLL_ADD, .fd = ends[0], .poll32_events = POLLIN, .user_data = FILLER_DATA};
}

// `count` times the same request, each waiting for the one before it, and the first for one that stays pending.
void submit_waiting(struct ring* ring, struct io_uring_sqe request, unsigned count) {
  int writer;
  struct io_uring_sqe* requests = calloc(count + 1, sizeof(*requests));
  if (requests == NULL) die("no memory");
  requests[0] = pending_request(&writer);
  for (unsigned i = 1; i <= count; i++) requests[i] = request;
  for (unsigned i = 0; i < count; i++) requests[i].flags |= IOSQE_IO_LINK;
  submit_requests(ring, requests, count + 1);
  free(requests);
}

// A request that waits until the descriptor before its own can be read.
void submit_behind(struct ring* ring, struct io_uring_sqe request) {
  const struct io_uring_sqe wait = {.opcode = IORING_OP_POLL_ADD, .fd = request.fd - 1, .poll32_events = POLLIN};
  struct io_uring_sqe requests[] = {wait, request};
  requests[0].flags |= IOSQE_IO_LINK;
  submit_requests(ring, requests, 2);
}

// A connect, and another one to the next port, in one batch.
void submit_with_next_port(struct ring* ring, struct io_uring_sqe request) {
  struct sockaddr_in address = *(const struct sockaddr_in*)request.addr;
  struct io_uring_sqe requests[] = {request, request};
  address.sin_port = htons(ntohs(address.sin_port) + 1);
  requests[0].user_data = FILLER_DATA;
  requests[1].addr = (unsigned long)&address;
  submit_requests(ring, requests, 2);
}

// A request that begins at the end of another call than io_uring_enter, as what follows another one in a chain does: of
// the write that ends the first one.
void submit_late(struct ring* ring, struct io_uring_sqe request) {
  int writer;
  struct io_uring_sqe requests[] = {pending_request(&writer), request};
  requests[0].flags |= IOSQE_IO_LINK;
  submit_requests(ring, requests, 2);
  if (write(writer, "", 1) != 1) die("no pending request: %m");
}

// One that begins at the end of a call that opens a file: the request before it waits for inotify to report that open.
void submit_at_open(struct ring* ring, struct io_uring_sqe request, bool creates) {
  char path[32];
  const int opens = inotify_init1(0), file = memfd_create("opened", 0);
  snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
  if (opens < 0 || file < 0 || inotify_add_watch(opens, path, IN_OPEN) < 0) die("no open to wait for: %m");
  struct io_uring_sqe requests[] = {
      {.opcode = IORING_OP_POLL_ADD, .fd = opens, .poll32_events = POLLIN, .user_data = FILLER_DATA}, request};
  requests[0].flags |= IOSQE_IO_LINK;
  submit_requests(ring, requests, 2);
#ifdef SYS_creat
  const long opened = creates ? syscall(SYS_creat, path, 0600) : syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
#else
  const long opened = creates ? -1 : syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
#endif
  if (opened < 0) die("no open: %m");
}

// One that has ended, and whose completion is asked for when more requests are pending, in another ring, than there is
// room for.
void submit_parked(struct ring* ring, struct io_uring_sqe request) {
  const struct io_uring_sqe open = {.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)"/dev/null"};
  struct ring crowd;
  put_requests(ring, &request, 1);
  if (syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) != 1) die("io_uring_enter: %m");
  usleep(UNSEEN_US);
  set_up_ring(&crowd, "+crowd");
  submit_waiting(&crowd, open, CROWD);
}

// One that begins after an interrupt, between two calls: behind a timer, while the process makes no call.
void submit_timed(struct ring* ring, struct io_uring_sqe request) {
  static const struct __kernel_timespec time = {.tv_nsec = PAUSE_NS};
  struct io_uring_sqe requests[] = {{.opcode = IORING_OP_TIMEOUT,
                                     .addr = (unsigned long)&time,
                                     .len = 1,
                                     .timeout_flags = IORING_TIMEOUT_ETIME_SUCCESS,
                                     .flags = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS,
                                     .user_data = FILLER_DATA},
                                    request};
  submit_requests(ring, requests, 2);
  while (*ring_word(ring, ring->params.cq_off.head) ==
         __atomic_load_n(ring_word(ring, ring->params.cq_off.tail), __ATOMIC_ACQUIRE)) {
  }
}

// A connect by a worker, and another one to the next port by a call: after the first has ended, before its completion,
// which newer kernels leave to who asks for it.
void submit_before_call(struct ring* ring, struct io_uring_sqe request) {
  struct sockaddr_in address = *(const struct sockaddr_in*)request.addr;
  struct pollfd ended = {.fd = ring->fd, .events = POLLIN};
  request.flags |= IOSQE_ASYNC;
  put_requests(ring, &request, 1);
  if (syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) != 1) die("io_uring_enter: %m");
  int found;
  do found = poll(&ended, 1, POLL_AGAIN_MS);  // the kernel does not wake it for each completion that is left to it
  while (found == 0);
  if (found < 0) die("poll: %m");
  address.sin_port = htons(ntohs(address.sin_port) + 1);
  connect(request.fd, (const struct sockaddr*)&address, sizeof(address));
}

// While the request is pending, another one completes that has its user_data, and as its result what an earlier request
// has left in its memory. There is no room for their completions.
void submit_forged(struct ring* ring, struct io_uring_sqe request) {
  int writer;
  struct io_uring_sqe requests[] = {pending_request(&writer), request};
  const struct io_uring_sqe forged = {.opcode = IORING_OP_NOP, .user_data = request.user_data};
  requests[0].flags |= IOSQE_IO_LINK;
  submit_requests(ring, requests, 2);
  submit_requests(ring, &forged, 1);
  if (write(writer, "", 1) != 1 || enter_ring(ring, 0, 0) < 0) die("no pending request: %m");
}
