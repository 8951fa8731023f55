// Calls by io_uring: a ring for each, so that no call affects another.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

enum { CALL_DATA = 1, FILLER_DATA, FOLLOWER_DATA, ENTRIES = 4, SLOTS = 4, BUFFERS = 4 };
enum { CROWD = 1024, CROWDED_ENTRIES = 2 * CROWD, HOARD = 300, UNSEEN_US = 200 * 1000, PAUSE_NS = 200 * 1000 * 1000 };

struct ring {
  int fd;
  bool sqpoll;
  struct io_uring_params params;
  char* queues;
  struct io_uring_sqe* requests;
};

static unsigned* word(const struct ring* ring, unsigned offset) { return (unsigned*)(ring->queues + offset); }

static int enter(const struct ring* ring, unsigned submit, unsigned wait) {
  unsigned flags = IORING_ENTER_GETEVENTS | (ring->sqpoll ? IORING_ENTER_SQ_WAKEUP : 0);
  int result;
  do {
    result = (int)syscall(SYS_io_uring_enter, ring->fd, submit, wait, flags, NULL, 0);
  } while (result < 0 && errno == EINTR);
  return result;
}

static void set_up(struct ring* ring, const char* how) {
  static struct io_uring_params params;  // where 32-bit calls reach it
  ring->sqpoll = strstr(how, "+sqpoll");
  const unsigned entries = strstr(how, "+crowd") || strstr(how, "+hoard") ? CROWDED_ENTRIES : ENTRIES;
  const bool defers = strstr(how, "+between") || strstr(how, "+parked");
  const unsigned flags = defers ? IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN : 0;
  params = (struct io_uring_params){.flags = flags | (ring->sqpoll ? IORING_SETUP_SQPOLL : 0), .sq_thread_idle = 100};
  if (strstr(how, "+int80"))
    ring->fd = (int)call_by_interrupt("io_uring_setup", how, (long[6]){entries, (long)&params});
  else
    ring->fd = (int)syscall(SYS_io_uring_setup, entries, &params);
  ring->params = params;
  if (ring->fd < 0) die("io_uring_setup: %m");
  size_t size = ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
  size_t array = ring->params.sq_off.array + ring->params.sq_entries * sizeof(unsigned);
  ring->queues = mmap(NULL, size > array ? size : array, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
                      IORING_OFF_SQ_RING);
  ring->requests = mmap(NULL, ring->params.sq_entries * sizeof(*ring->requests), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
  if (ring->queues == MAP_FAILED || ring->requests == MAP_FAILED) die("io_uring's memory: %m");
}

static void put(struct ring* ring, const struct io_uring_sqe* requests, unsigned count) {
  unsigned tail = *word(ring, ring->params.sq_off.tail), mask = *word(ring, ring->params.sq_off.ring_mask);
  for (unsigned i = 0; i < count; i++, tail++) {
    ring->requests[tail & mask] = requests[i];
    word(ring, ring->params.sq_off.array)[tail & mask] = tail & mask;
  }
  __atomic_store_n(word(ring, ring->params.sq_off.tail), tail, __ATOMIC_RELEASE);
}

static void submit(struct ring* ring, const struct io_uring_sqe* requests, unsigned count) {
  put(ring, requests, count);
  if (enter(ring, count, 0) < 0) die("io_uring_enter: %m");
}

// Result of the call: its own completion, or success when only the request that follows it completes.
static long wait_for_result(struct ring* ring) {
  unsigned* head = word(ring, ring->params.cq_off.head);
  unsigned mask = *word(ring, ring->params.cq_off.ring_mask);
  const struct io_uring_cqe* completions = (void*)(ring->queues + ring->params.cq_off.cqes);
  for (;;) {
    while (*head == __atomic_load_n(word(ring, ring->params.cq_off.tail), __ATOMIC_ACQUIRE))
      if (enter(ring, 0, 1) < 0) die("io_uring_enter: %m");
    struct io_uring_cqe completion = completions[*head & mask];
    __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
    if (completion.user_data == CALL_DATA) return completion.res;
    if (completion.user_data == FOLLOWER_DATA) return 0;
  }
}

// Leaves no room for a completion.
static void fill_completions(struct ring* ring) {
  struct io_uring_sqe filler = {.opcode = IORING_OP_NOP, .user_data = FILLER_DATA};
  for (unsigned i = 0; i < ring->params.cq_entries; i++) submit(ring, &filler, 1);
}

static void register_slots(const struct ring* ring) {
  struct io_uring_rsrc_register slots = {.nr = SLOTS, .flags = IORING_RSRC_REGISTER_SPARSE};
  if (syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES2, &slots, sizeof(slots)) < 0)
    die("io_uring_register: %m");
}

// Gives the kernel buffers of which it takes one when it receives.
static void provide_buffers(struct ring* ring) {
  static char buffers[BUFFERS][256];
  struct io_uring_sqe request = {.opcode = IORING_OP_PROVIDE_BUFFERS,
                                 .user_data = FILLER_DATA,
                                 .fd = BUFFERS,
                                 .addr = (unsigned long)buffers,
                                 .len = sizeof(*buffers)};
  submit(ring, &request, 1);
}

// A request that completes each time that data or a connection arrives.
static void ask_for_many(struct ring* ring, struct io_uring_sqe* request) {
  if (request->opcode == IORING_OP_ACCEPT) {
    request->ioprio |= IORING_ACCEPT_MULTISHOT;
    return;
  }
  provide_buffers(ring);
  request->ioprio |= IORING_RECV_MULTISHOT;
  request->flags |= IOSQE_BUFFER_SELECT;
  request->len = 0;
  if (request->opcode == IORING_OP_RECV)
    request->addr = 0;
  else
    ((struct msghdr*)request->addr)->msg_iovlen = 0;
}

// A request that stays pending until somebody writes to the pipe, whose end for that is returned as `writer`.
static struct io_uring_sqe pending_request(int* writer) {
  int ends[2];
  if (pipe(ends) != 0) die("pipe: %m");
  *writer = ends[1];
  return (struct io_uring_sqe){
      .opcode = IORING_OP_POLL_ADD, .fd = ends[0], .poll32_events = POLLIN, .user_data = FILLER_DATA};
}

// As many as that of the same request, each waiting for the one before it, and the first for one that stays pending.
static void submit_waiting(struct ring* ring, struct io_uring_sqe request, unsigned count) {
  int writer;
  struct io_uring_sqe* requests = calloc(count + 1, sizeof(*requests));
  if (requests == NULL) die("no memory");
  requests[0] = pending_request(&writer);
  for (unsigned i = 1; i <= count; i++) requests[i] = request;
  for (unsigned i = 0; i < count; i++) requests[i].flags |= IOSQE_IO_LINK;
  submit(ring, requests, count + 1);
  free(requests);
}

// A request that waits until the descriptor before its own can be read.
static void submit_behind(struct ring* ring, struct io_uring_sqe request) {
  const struct io_uring_sqe wait = {.opcode = IORING_OP_POLL_ADD, .fd = request.fd - 1, .poll32_events = POLLIN};
  struct io_uring_sqe requests[] = {wait, request};
  requests[0].flags |= IOSQE_IO_LINK;
  submit(ring, requests, 2);
}

// A connect, and another one to the next port, in one batch.
static void submit_with_next_port(struct ring* ring, struct io_uring_sqe request) {
  struct sockaddr_in address = *(const struct sockaddr_in*)request.addr;
  struct io_uring_sqe requests[] = {request, request};
  address.sin_port = htons(ntohs(address.sin_port) + 1);
  requests[0].user_data = FILLER_DATA;
  requests[1].addr = (unsigned long)&address;
  submit(ring, requests, 2);
}

// A request that begins at the end of another call than io_uring_enter, as what follows another one in a chain does: of
// the write that ends the first one.
static void submit_late(struct ring* ring, struct io_uring_sqe request) {
  int writer;
  struct io_uring_sqe requests[] = {pending_request(&writer), request};
  requests[0].flags |= IOSQE_IO_LINK;
  submit(ring, requests, 2);
  if (write(writer, "", 1) != 1) die("no pending request: %m");
}

// One that begins at the end of a call that opens a file: the request before it waits for inotify to report that open.
static void submit_at_open(struct ring* ring, struct io_uring_sqe request, bool creates) {
  char path[32];
  const int opens = inotify_init1(0), file = memfd_create("opened", 0);
  snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
  if (opens < 0 || file < 0 || inotify_add_watch(opens, path, IN_OPEN) < 0) die("no open to wait for: %m");
  struct io_uring_sqe requests[] = {
      {.opcode = IORING_OP_POLL_ADD, .fd = opens, .poll32_events = POLLIN, .user_data = FILLER_DATA}, request};
  requests[0].flags |= IOSQE_IO_LINK;
  submit(ring, requests, 2);
#ifdef SYS_creat
  const long opened = creates ? syscall(SYS_creat, path, 0600) : syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
#else
  const long opened = creates ? -1 : syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
#endif
  if (opened < 0) die("no open: %m");
}

// One that has ended, and whose completion is asked for when more requests are pending, in another ring, than there is
// room for.
static void submit_parked(struct ring* ring, struct io_uring_sqe request) {
  const struct io_uring_sqe open = {.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)"/dev/null"};
  struct ring crowd;
  put(ring, &request, 1);
  if (syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) != 1) die("io_uring_enter: %m");
  usleep(UNSEEN_US);
  set_up(&crowd, "+crowd");
  submit_waiting(&crowd, open, CROWD);
}

// One that begins after an interrupt, between two calls: behind a timer, while the process makes no call.
static void submit_timed(struct ring* ring, struct io_uring_sqe request) {
  static const struct __kernel_timespec time = {.tv_nsec = PAUSE_NS};
  struct io_uring_sqe requests[] = {{.opcode = IORING_OP_TIMEOUT,
                                     .addr = (unsigned long)&time,
                                     .len = 1,
                                     .timeout_flags = IORING_TIMEOUT_ETIME_SUCCESS,
                                     .flags = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS,
                                     .user_data = FILLER_DATA},
                                    request};
  submit(ring, requests, 2);
  while (*word(ring, ring->params.cq_off.head) ==
         __atomic_load_n(word(ring, ring->params.cq_off.tail), __ATOMIC_ACQUIRE)) {
  }
}

#define POLL_AGAIN_MS 20

// A connect by a worker, and another one to the next port by a call: after the first has ended, before its completion,
// which newer kernels leave to who asks for it.
static void submit_before_call(struct ring* ring, struct io_uring_sqe request) {
  struct sockaddr_in address = *(const struct sockaddr_in*)request.addr;
  struct pollfd ended = {.fd = ring->fd, .events = POLLIN};
  request.flags |= IOSQE_ASYNC;
  put(ring, &request, 1);
  if (syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) != 1) die("io_uring_enter: %m");
  int found;
  do found = poll(&ended, 1, POLL_AGAIN_MS);  // the kernel does not wake it for each completion that is left to it
  while (found == 0);
  if (found < 0) die("poll: %m");
  address.sin_port = htons(ntohs(address.sin_port) + 1);
  connect(request.fd, (const struct sockaddr*)&address, sizeof(address));
}

// With the credentials that the process has, which are not its own any more when the request begins.
static void keep_credentials(const struct ring* ring, struct io_uring_sqe* request) {
  const long number = syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_PERSONALITY, NULL, 0);
  if (number < 0 || setgroups(0, NULL) != 0) die("credentials of a request: %m");
  request->personality = number;
}

// One that makes a file of the ring, and one that puts it in the place of standard input.
static void submit_installed(struct ring* ring, struct io_uring_sqe request) {
  struct io_uring_sqe requests[] = {request,
                                    {.opcode = IORING_OP_FIXED_FD_INSTALL,
                                     .fd = SLOTS - 1,
                                     .flags = IOSQE_FIXED_FILE,
                                     .install_fd_flags = IORING_FIXED_FD_NO_CLOEXEC,
                                     .user_data = CALL_DATA}};
  close(STDIN_FILENO);
  requests[0].flags |= IOSQE_IO_LINK;
  requests[0].user_data = FILLER_DATA;
  submit(ring, requests, 2);
}

// While the request is pending, another one completes that has its user_data, and as its result what an earlier request
// has left in its memory. There is no room for their completions.
static void submit_forged(struct ring* ring, struct io_uring_sqe request) {
  int writer;
  struct io_uring_sqe requests[] = {pending_request(&writer), request};
  const struct io_uring_sqe forged = {.opcode = IORING_OP_NOP, .user_data = request.user_data};
  requests[0].flags |= IOSQE_IO_LINK;
  submit(ring, requests, 2);
  submit(ring, &forged, 1);
  if (write(writer, "", 1) != 1 || enter(ring, 0, 0) < 0) die("no pending request: %m");
}

// One that opens a file of the ring, one that reads it, one that closes it: without completions but for the last.
static void submit_chain(struct ring* ring, struct io_uring_sqe open) {
  static char content[1]; /* less than the file has: a short read ends a chain */
  const struct io_uring_sqe read = {.opcode = IORING_OP_READ,
                                    .fd = SLOTS - 1,
                                    .flags = IOSQE_FIXED_FILE,
                                    .addr = (unsigned long)content,
                                    .len = sizeof(content)};
  const struct io_uring_sqe close = {.opcode = IORING_OP_CLOSE, .file_index = SLOTS, .user_data = FOLLOWER_DATA};
  struct io_uring_sqe requests[] = {open, read, close};
  for (unsigned i = 0; i < 2; i++) requests[i].flags |= IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK;
  submit(ring, requests, 3);
}

// One that opens a file, one that reads it, and what takes it out of its place: in one batch, whose completions come
// after all of them, or in one chain without completions but for the last. `how` says: +shut by closing it; +replace by
// another open in the same slot, or under the same number, which a close has made free; +socket by a socket in place of
// that open; +slow with a pause in place of the read; +beside with one more open, of a place of its own, before that;
// +any in a slot that the kernel chooses.
static void submit_hiding(struct ring* ring, struct io_uring_sqe open, const char* how) {
  static char content[1];
  const bool slot = open.file_index != 0;
  const unsigned place = open.file_index == IORING_FILE_INDEX_ALLOC ? 1 : open.file_index;
  const int number = dup(STDIN_FILENO); /* the next one that is free */
  close(number);
  const struct io_uring_sqe read = {.opcode = IORING_OP_READ,
                                    .fd = slot ? (int)place - 1 : number,
                                    .flags = slot ? IOSQE_FIXED_FILE : 0,
                                    .addr = (unsigned long)content,
                                    .len = sizeof(content),
                                    .user_data = FILLER_DATA};
  static const struct __kernel_timespec pause_time = {.tv_nsec = PAUSE_NS};
  const struct io_uring_sqe pause = {.opcode = IORING_OP_TIMEOUT,
                                     .addr = (unsigned long)&pause_time,
                                     .len = 1,
                                     .timeout_flags = IORING_TIMEOUT_ETIME_SUCCESS,
                                     .user_data = FILLER_DATA};
  const struct io_uring_sqe shut = {
      .opcode = IORING_OP_CLOSE, .fd = slot ? 0 : number, .file_index = place, .user_data = FILLER_DATA};
  struct io_uring_sqe other = {.opcode = IORING_OP_OPENAT,
                               .fd = -1,
                               .addr = (unsigned long)"/dev/null",
                               .open_flags = O_RDONLY,
                               .file_index = place,
                               .user_data = FOLLOWER_DATA};
  if (strstr(how, "+socket"))
    other = (struct io_uring_sqe){
        .opcode = IORING_OP_SOCKET, .fd = AF_UNIX, .off = SOCK_STREAM, .file_index = place, .user_data = FOLLOWER_DATA};
  struct io_uring_sqe beside = other;
  beside.file_index = slot ? SLOTS - 1 : 0;
  beside.user_data = FILLER_DATA;
  struct io_uring_sqe requests[ENTRIES] = {open, strstr(how, "+slow") ? pause : read};
  unsigned count = 2;
  if (strstr(how, "+beside")) requests[count++] = beside;
  if (!slot || strstr(how, "+shut")) requests[count++] = shut;
  if (strstr(how, "+replace")) requests[count++] = other;
  requests[count - 1].user_data = FOLLOWER_DATA;
  for (unsigned i = 0; i < count - 1 && strstr(how, "+linked"); i++)
    requests[i].flags |= IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK;
  submit(ring, requests, count);
}

long call_by_ring(const char* name, const char* how, const long* arguments) {
  struct ring ring;
  struct io_uring_sqe requests[2] = {0};
  if (!fill_request(requests, name, arguments)) die("io_uring has no %s", name);
  requests->user_data = CALL_DATA;
  set_up(&ring, how);
  if (strstr(how, "+many")) ask_for_many(&ring, requests);
  if (strstr(how, "+person")) keep_credentials(&ring, requests);
  if (strstr(how, "+async")) requests[0].flags |= IOSQE_ASYNC;
  if (strstr(how, "+slot") || strstr(how, "+chain") || strstr(how, "+installed")) {
    register_slots(&ring);
    requests[0].file_index = strstr(how, "+any") ? IORING_FILE_INDEX_ALLOC : SLOTS; /* counted from 1 */
  }
  if (strstr(how, "+full")) fill_completions(&ring);
  if (strstr(how, "+twin")) submit_waiting(&ring, requests[0], 1);
  if (strstr(how, "+crowd")) submit_waiting(&ring, requests[0], CROWD);
  if (strstr(how, "+stay")) return 0; /* the crowd alone, pending until the process ends */
  if (strstr(how, "+hoard")) {
    requests[0].flags |= IOSQE_CQE_SKIP_SUCCESS;
    submit_waiting(&ring, requests[0], HOARD);
    return 0; /* pending until the process ends */
  }
  if (strstr(how, "+shut") || strstr(how, "+replace")) {
    submit_hiding(&ring, requests[0], how);
  } else if (strstr(how, "+behind")) {
    submit_behind(&ring, requests[0]);
    return 0; /* pending until then, or the process ends */
  } else if (strstr(how, "+late")) {
    submit_late(&ring, requests[0]);
  } else if (strstr(how, "+opening") || strstr(how, "+creating")) {
    submit_at_open(&ring, requests[0], strstr(how, "+creating"));
  } else if (strstr(how, "+parked")) {
    submit_parked(&ring, requests[0]);
  } else if (strstr(how, "+timed")) {
    submit_timed(&ring, requests[0]);
  } else if (strstr(how, "+between")) {
    submit_before_call(&ring, requests[0]);
  } else if (strstr(how, "+next")) {
    submit_with_next_port(&ring, requests[0]);
  } else if (strstr(how, "+installed")) {
    submit_installed(&ring, requests[0]);
  } else if (strstr(how, "+forged")) {
    submit_forged(&ring, requests[0]);
  } else if (strstr(how, "+chain")) {
    submit_chain(&ring, requests[0]);
  } else if (strstr(how, "+unseen")) {
    requests[0].flags |= IOSQE_CQE_SKIP_SUCCESS;
    submit(&ring, requests, 1);
    usleep(UNSEEN_US);
    close(ring.fd);
    return 0;
  } else if (strstr(how, "+silent")) {
    requests[0].flags |= IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK;
    requests[1] = (struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = FOLLOWER_DATA};
    submit(&ring, requests, 2);
  } else {
    submit(&ring, requests, 1);
  }
  long result = wait_for_result(&ring);
  close(ring.fd);
  return result;
}
