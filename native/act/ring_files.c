// Requests of io_uring on files of their ring, and such as take a file out of its place.
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"
#include "ring.h"

void register_slots(const struct ring* ring) {
  struct io_uring_rsrc_register slots = {.nr = SLOTS, .flags = IORING_RSRC_REGISTER_SPARSE};
  if (syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES2, &slots, sizeof(slots)) < 0)
    die("io_uring_register: %m");
}

// One that makes a file of the ring, and one that puts it in the place of standard input.
void submit_installed(struct ring* ring, struct io_uring_sqe request) {
  struct io_uring_sqe requests[] = {request,
                                    {.opcode = IORING_OP_FIXED_FD_INSTALL,
                                     .fd = SLOTS - 1,
                                     .flags = IOSQE_FIXED_FILE,
                                     .install_fd_flags = IORING_FIXED_FD_NO_CLOEXEC,
                                     .user_data = CALL_DATA}};
  close(STDIN_FILENO);
  requests[0].flags |= IOSQE_IO_LINK;
  requests[0].user_data = FILLER_DATA;
  submit_requests(ring, requests, 2);
}

// One that opens a file of the ring, one that reads it, one that closes it: without completions but for the last.
void submit_chain(struct ring* ring, struct io_uring_sqe open) {
  static char content[1]; /* less than the file has: a short read ends a chain */
  const struct io_uring_sqe read = {.opcode = IORING_OP_READ,
                                    .fd = SLOTS - 1,
                                    .flags = IOSQE_FIXED_FILE,
                                    .addr = (unsigned long)content,
                                    .len = sizeof(content)};
  const struct io_uring_sqe close = {.opcode = IORING_OP_CLOSE, .file_index = SLOTS, .user_data = FOLLOWER_DATA};
  struct io_uring_sqe requests[] = {open, read, close};
  for (unsigned i = 0; i < 2; i++) requests[i].flags |= IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK;
  submit_requests(ring, requests, 3);
}

// One that opens a file, one that reads it, and what takes it out of its place: in one batch, whose completions come
// after all of them, or in one chain without completions but for the last. `how` says: +shut by closing it; +replace by
// another open in the same slot, or under the same number, which a close has made free; +socket by a socket in place of
// that open; +slow with a pause in place of the read; +beside with one more open, of a place of its own, before that;
// +any in a slot that the kernel chooses.
void submit_hiding(struct ring* ring, struct io_uring_sqe open, const char* how) {
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
  struct io_uring_sqe requests[RING_ENTRIES] = {open, strstr(how, "+slow") ? pause : read};
  unsigned count = 2;
  if (strstr(how, "+beside")) requests[count++] = beside;
  if (!slot || strstr(how, "+shut")) requests[count++] = shut;
  if (strstr(how, "+replace")) requests[count++] = other;
  requests[count - 1].user_data = FOLLOWER_DATA;
  for (unsigned i = 0; i < count - 1 && strstr(how, "+linked"); i++)
    requests[i].flags |= IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK;
  submit_requests(ring, requests, count);
}
