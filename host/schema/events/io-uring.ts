// Requests of io_uring that do the work of system calls which are captured.

/** Their numbers: IORING_OP_* of <linux/io_uring.h>. FTRUNCATE came with Linux 6.9, BIND and LISTEN with 6.11. */
export const IO_URING_OPERATIONS = {
  SENDMSG: 9,
  RECVMSG: 10,
  ACCEPT: 13,
  CONNECT: 16,
  OPENAT: 18,
  SEND: 26,
  RECV: 27,
  OPENAT2: 28,
  RENAMEAT: 35,
  UNLINKAT: 36,
  MKDIRAT: 37,
  SYMLINKAT: 38,
  LINKAT: 39,
  FSETXATTR: 41,
  SETXATTR: 42,
  SOCKET: 45,
  SEND_ZC: 47,
  SENDMSG_ZC: 48,
  FTRUNCATE: 55,
  BIND: 56,
  LISTEN: 57,
} as const;

export type IoUringOperation = keyof typeof IO_URING_OPERATIONS;
