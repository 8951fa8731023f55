// A ring of io_uring, and what is done with its requests.
#pragma once

#include <linux/io_uring.h>
#include <stdbool.h>

enum {
  RING_ENTRIES = 4,
  SLOTS = 4,                    // places for files of the ring
  CROWD = 1024,                 // requests, more than the capture has room for
  UNSEEN_US = 200 * 1000,       // in which a request ends, without a call that sees its end
  PAUSE_NS = 200 * 1000 * 1000  // of a timer that holds up the requests behind it
};

// user_data of the request for the call, of those that are beside it, and of one whose completion stands for the
// call's.
enum { CALL_DATA = 1, FILLER_DATA, FOLLOWER_DATA };

struct ring {
  int fd;
  bool sqpoll;
  struct io_uring_params params;
  char* queues;
  struct io_uring_sqe* requests;
};

// ring.c; `how` has the options of a step (act.c).
void set_up_ring(struct ring* ring, const char* how);
// A number in the queues, at an offset of the params.
unsigned* ring_word(const struct ring* ring, unsigned offset);
// Puts requests in the queue, without a call.
void put_requests(struct ring* ring, const struct io_uring_sqe* requests, unsigned count);
int enter_ring(const struct ring* ring, unsigned submit, unsigned wait);
void submit_requests(struct ring* ring, const struct io_uring_sqe* requests, unsigned count);
// Result of the call: its own completion, or success when only the request that follows it completes.
long wait_for_result(struct ring* ring);

// ring_begin.c: the request begins later than it is submitted, or completes beside others.

// `count` times the same request, each waiting for the one before it, and the first for one that stays pending.
void submit_waiting(struct ring* ring, struct io_uring_sqe request, unsigned count);
void submit_behind(struct ring* ring, struct io_uring_sqe request);
void submit_with_next_port(struct ring* ring, struct io_uring_sqe request);
void submit_late(struct ring* ring, struct io_uring_sqe request);
void submit_at_open(struct ring* ring, struct io_uring_sqe request, bool creates);
void submit_parked(struct ring* ring, struct io_uring_sqe request);
void submit_timed(struct ring* ring, struct io_uring_sqe request);
void submit_before_call(struct ring* ring, struct io_uring_sqe request);
void submit_forged(struct ring* ring, struct io_uring_sqe request);

// ring_files.c: files of the ring, and requests that take a file out of its place.

void register_slots(const struct ring* ring);
void submit_installed(struct ring* ring, struct io_uring_sqe request);
void submit_chain(struct ring* ring, struct io_uring_sqe open);
void submit_hiding(struct ring* ring, struct io_uring_sqe open, const char* how);
