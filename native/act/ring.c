// A ring of io_uring: set up, given requests, asked for results.
#include "ring.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

enum { CROWDED_ENTRIES = 2 * CROWD };

unsigned* ring_word(const struct ring* ring, unsigned offset) { return (unsigned*)(ring->queues + offset); }

int enter_ring(const struct ring* ring, unsigned submit, unsigned wait) {
  unsigned flags = IORING_ENTER_GETEVENTS | (ring->sqpoll ? IORING_ENTER_SQ_WAKEUP : 0);
  int result;
  do {
    result = (int)syscall(SYS_io_uring_enter, ring->fd, submit, wait, flags, NULL, 0);
  } while (result < 0 && errno == EINTR);
  return result;
}

void set_up_ring(struct ring* ring, const char* how) {
  static struct io_uring_params params;  // where 32-bit calls reach it
  ring->sqpoll = strstr(how, "+sqpoll");
  const unsigned entries = strstr(how, "+crowd") || strstr(how, "+hoard") ? CROWDED_ENTRIES : RING_ENTRIES;
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

void put_requests(struct ring* ring, const struct io_uring_sqe* requests, unsigned count) {
  unsigned tail = *ring_word(ring, ring->params.sq_off.tail), mask = *ring_word(ring, ring->params.sq_off.ring_mask);
  for (unsigned i = 0; i < count; i++, tail++) {
    ring->requests[tail & mask] = requests[i];
    ring_word(ring, ring->params.sq_off.array)[tail & mask] = tail & mask;
  }
  __atomic_store_n(ring_word(ring, ring->params.sq_off.tail), tail, __ATOMIC_RELEASE);
}

void submit_requests(struct ring* ring, const struct io_uring_sqe* requests, unsigned count) {
  put_requests(ring, requests, count);
  if (enter_ring(ring, count, 0) < 0) die("io_uring_enter: %m");
}

long wait_for_result(struct ring* ring) {
  unsigned* head = ring_word(ring, ring->params.cq_off.head);
  unsigned mask = *ring_word(ring, ring->params.cq_off.ring_mask);
  const struct io_uring_cqe* completions = (void*)(ring->queues + ring->params.cq_off.cqes);
  for (;;) {
    while (*head == __atomic_load_n(ring_word(ring, ring->params.cq_off.tail), __ATOMIC_ACQUIRE))
      if (enter_ring(ring, 0, 1) < 0) die("io_uring_enter: %m");
    struct io_uring_cqe completion = completions[*head & mask];
    __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
    if (completion.user_data == CALL_DATA) return completion.res;
    if (completion.user_data == FOLLOWER_DATA) return 0;
  }
}
