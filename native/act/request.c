// Requests of io_uring for system calls.
#include <linux/io_uring.h>
#include <string.h>

#include "act.h"

bool fill_request(struct io_uring_sqe* to, const char* name, const long* a) {
  if (!strcmp(name, "openat")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = a[0], .addr = a[1], .open_flags = a[2], .len = a[3]};
  } else if (!strcmp(name, "openat2")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_OPENAT2, .fd = a[0], .addr = a[1], .addr2 = a[2], .len = a[3]};
  } else if (!strcmp(name, "unlinkat")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = a[0], .addr = a[1], .unlink_flags = a[2]};
  } else if (!strcmp(name, "mkdirat")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_MKDIRAT, .fd = a[0], .addr = a[1], .len = a[2]};
  } else if (!strcmp(name, "renameat2") || !strcmp(name, "linkat")) {
    *to = (struct io_uring_sqe){.opcode = name[0] == 'r' ? IORING_OP_RENAMEAT : IORING_OP_LINKAT,
                                .fd = a[0],
                                .addr = a[1],
                                .len = a[2],
                                .addr2 = a[3],
                                .rename_flags = a[4]};
  } else if (!strcmp(name, "symlinkat")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_SYMLINKAT, .addr = a[0], .fd = a[1], .addr2 = a[2]};
  } else if (!strcmp(name, "setxattr")) {
    *to = (struct io_uring_sqe){
        .opcode = IORING_OP_SETXATTR, .addr3 = a[0], .addr = a[1], .addr2 = a[2], .len = a[3], .xattr_flags = a[4]};
  } else if (!strcmp(name, "fsetxattr")) {
    *to = (struct io_uring_sqe){
        .opcode = IORING_OP_FSETXATTR, .fd = a[0], .addr = a[1], .addr2 = a[2], .len = a[3], .xattr_flags = a[4]};
  } else if (!strcmp(name, "ftruncate")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_FTRUNCATE, .fd = a[0], .off = a[1]};
  } else if (!strcmp(name, "socket")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_SOCKET, .fd = a[0], .off = a[1], .len = a[2]};
  } else if (!strcmp(name, "connect")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_CONNECT, .fd = a[0], .addr = a[1], .addr2 = a[2]};
  } else if (!strcmp(name, "bind")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_BIND, .fd = a[0], .addr = a[1], .addr2 = a[2]};
  } else if (!strcmp(name, "listen")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_LISTEN, .fd = a[0], .len = a[1]};
  } else if (!strcmp(name, "accept4")) {
    *to = (struct io_uring_sqe){
        .opcode = IORING_OP_ACCEPT, .fd = a[0], .addr = a[1], .addr2 = a[2], .accept_flags = a[3]};
  } else if (!strcmp(name, "sendto")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_SEND,
                                .fd = a[0],
                                .addr = a[1],
                                .len = a[2],
                                .msg_flags = a[3],
                                .addr2 = a[4],
                                .addr_len = a[5]};
  } else if (!strcmp(name, "sendmsg")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_SENDMSG, .fd = a[0], .addr = a[1], .len = 1, .msg_flags = a[2]};
  } else if (!strcmp(name, "recvfrom")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_RECV, .fd = a[0], .addr = a[1], .len = a[2], .msg_flags = a[3]};
  } else if (!strcmp(name, "recvmsg")) {
    *to = (struct io_uring_sqe){.opcode = IORING_OP_RECVMSG, .fd = a[0], .addr = a[1], .len = 1, .msg_flags = a[2]};
  } else {
    return false;
  }
  return true;
}
