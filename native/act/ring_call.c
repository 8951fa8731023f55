// Calls by io_uring: a ring for each, so that no call affects another.
#define _GNU_SOURCE
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"
#include "ring.h"

enum { BUFFERS = 4, HOARD = 300 };

// Leaves no room for a completion.
static void fill_completions(struct ring* ring) {
  struct io_uring_sqe filler = {.opcode = IORING_OP_NOP, .user_data = FILLER_DATA};
  for (unsigned i = 0; i < ring->params.cq_entries; i++) submit_requests(ring, &filler, 1);
}

// Gives the kernel buffers of which it takes one when it receives.
static void provide_buffers(struct ring* ring) {
  static char buffers[BUFFERS][256];
  struct io_uring_sqe request = {.opcode = IORING_OP_PROVIDE_BUFFERS,
                                 .user_data = FILLER_DATA,
                                 .fd = BUFFERS,
                                 .addr = (unsigned long)buffers,
                                 .len = sizeof(*buffers)};
  submit_requests(ring, &request, 1);
}

// A receive into a buffer that the kernel chooses.
static void let_choose_buffer(struct ring* ring, struct io_uring_sqe* request) {
  provide_buffers(ring);
  request->flags |= IOSQE_BUFFER_SELECT;
  request->len = 0;
  if (request->opcode == IORING_OP_RECV)
    request->addr = 0;
  else
    ((struct msghdr*)request->addr)->msg_iovlen = 0;
}

// A request that completes each time that data or a connection arrives.
static void ask_for_many(struct ring* ring, struct io_uring_sqe* request) {
  if (request->opcode == IORING_OP_ACCEPT) {
    request->ioprio |= IORING_ACCEPT_MULTISHOT;
    return;
  }
  let_choose_buffer(ring, request);
  request->ioprio |= IORING_RECV_MULTISHOT;
}

// With the credentials that the process has, which are not its own any more when the request begins.
static void keep_credentials(const struct ring* ring, struct io_uring_sqe* request) {
  const long number = syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_PERSONALITY, NULL, 0);
  if (number < 0 || setgroups(0, NULL) != 0) die("credentials of a request: %m");
  request->personality = number;
}

long call_by_ring(const char* name, const char* how, const long* arguments) {
  struct ring ring;
  struct io_uring_sqe requests[2] = {0};
  if (!fill_request(requests, name, arguments)) die("io_uring has no %s", name);
  requests->user_data = CALL_DATA;
  set_up_ring(&ring, how);
  if (strstr(how, "+chosen")) let_choose_buffer(&ring, requests);
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
    submit_requests(&ring, requests, 1);
    usleep(UNSEEN_US);
    close(ring.fd);
    return 0;
  } else if (strstr(how, "+silent")) {
    requests[0].flags |= IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK;
    requests[1] = (struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = FOLLOWER_DATA};
    submit_requests(&ring, requests, 2);
  } else {
    submit_requests(&ring, requests, 1);
  }
  long result = wait_for_result(&ring);
  close(ring.fd);
  return result;
}
