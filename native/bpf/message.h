/* struct msghdr as passed by a process: the address of its peer, and the first part of its data. */

#ifndef WASPREY_MESSAGE_H
#define WASPREY_MESSAGE_H

#include "kernel.h"

struct message {
  u64 address; /* 0: none */
  u64 data;    /* address of the first part; 0: not known */
  u32 length;  /* of the address */
  u32 part;    /* bytes of the first part */
};

inline_always struct message read_wide_message(u64 from) {
  struct user_msghdr header = {};
  struct iovec part = {};
  bpf_probe_read_user(&header, offsetof(struct user_msghdr, msg_iovlen), untagged(from));
  bpf_probe_read_user(&part, sizeof(part), untagged((u64)header.msg_iov));
  return (struct message){(u64)header.msg_name, (u64)part.iov_base, header.msg_namelen, part.iov_len};
}

inline_always struct message read_compat_message(u64 from) {
  struct compat_msghdr header = {};
  struct compat_iovec part = {};
  bpf_probe_read_user(&header, offsetof(struct compat_msghdr, msg_iovlen), (void *)from);
  bpf_probe_read_user(&part, sizeof(part), (void *)(u64)header.msg_iov);
  return (struct message){header.msg_name, part.iov_base, header.msg_namelen, part.iov_len};
}

inline_always struct message read_message(u64 from, bool compat) {
  return compat ? read_compat_message(from) : read_wide_message(from);
}

#endif
