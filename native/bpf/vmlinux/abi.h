/* What processes pass to the kernel, and what never changes: the structs of system calls, for 64 and for 32 bits. Their
 * members are read where they lie, by no BTF. */

#ifndef WASPREY_ABI_H
#define WASPREY_ABI_H

#include "basic_types.h"

struct open_how {
  u64 flags;
  u64 mode;
  u64 resolve;
};

struct in_addr {
  u32 s_addr;
};

struct sockaddr_in {
  u16 sin_family;
  u16 sin_port;
  struct in_addr sin_addr;
  u8 padding[8];
};

struct sockaddr_in6 {
  u16 sin6_family;
  u16 sin6_port;
  u32 sin6_flowinfo;
  u8 sin6_addr[16];
  u32 sin6_scope_id;
};

struct sockaddr_un {
  u16 sun_family;
  char sun_path[108];
};

struct __kernel_sockaddr_storage {
  u8 bytes[128];
};

struct iovec {
  void *iov_base;
  u64 iov_len;
};

struct user_msghdr {
  void *msg_name;
  int msg_namelen;
  struct iovec *msg_iov;
  u64 msg_iovlen;
  void *msg_control;
  u64 msg_controllen;
  unsigned int msg_flags;
};

struct mmsghdr {
  struct user_msghdr msg_hdr;
  unsigned int msg_len;
};

struct compat_iovec {
  u32 iov_base;
  u32 iov_len;
};

struct compat_msghdr {
  u32 msg_name;
  s32 msg_namelen;
  u32 msg_iov;
  u32 msg_iovlen;
  u32 msg_control;
  u32 msg_controllen;
  u32 msg_flags;
};

struct compat_mmsghdr {
  struct compat_msghdr msg_hdr;
  u32 msg_len;
};

/* What an io_uring request of RECVMSG with many messages finds at the start of each buffer. */
struct io_uring_recvmsg_out {
  u32 namelen;
  u32 controllen;
  u32 payloadlen;
  u32 flags;
};

struct io_uring_cqe {
  u64 user_data;
  s32 res;
  u32 flags;
};

/* Commands of bpf(2). */
enum bpf_cmd {
  BPF_MAP_CREATE = 0,
  BPF_PROG_LOAD = 5,
  BPF_OBJ_GET = 7,
  BPF_PROG_GET_FD_BY_ID = 13,
  BPF_MAP_GET_FD_BY_ID = 14,
  BPF_RAW_TRACEPOINT_OPEN = 17,
  BPF_BTF_LOAD = 18,
  BPF_BTF_GET_FD_BY_ID = 19,
  BPF_LINK_CREATE = 28,
  BPF_LINK_GET_FD_BY_ID = 30,
  BPF_ENABLE_STATS = 32,
  BPF_ITER_CREATE = 33,
  BPF_TOKEN_CREATE = 36,
};

#endif
