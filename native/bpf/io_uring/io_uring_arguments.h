/* The arguments of a request of io_uring, as those of the corresponding system call. The strings and
 * addresses that the kernel has copied are kept with them. */

#ifndef WASPREY_IO_URING_ARGUMENTS_H
#define WASPREY_IO_URING_ARGUMENTS_H

#include "io_uring/io_uring.h"

inline_always void keep_name(struct passed_call *passed, u32 index, u64 filename) {
  passed->texts[index][0] = 0;
  bpf_probe_read_kernel_str(passed->texts[index], PASSED_TEXT_ROOM, (void *)LOAD_WORD(filename, filename, name));
}

/* The name of an extended attribute. */
inline_always void keep_attribute(struct passed_call *passed, u32 index, u64 request) {
  passed->texts[index][0] = 0;
  bpf_probe_read_kernel_str(passed->texts[index], PASSED_TEXT_ROOM, (void *)PART_WORD(xattr, ctx.kname));
}

inline_always u64 address_size(u64 length) {
  return BOUNDED(length, 0, sizeof(struct __kernel_sockaddr_storage));
}

struct io_async_msghdr___data {
  struct iovec fast_iov;
} RELOCATED;

inline_always bool begins_with_family(u64 word) {
  u16 family = word;
  return family == AF_UNIX || family == AF_INET || family == AF_INET6;
}

/* Where the kernel has copied the address to that a request connects or binds to: all that the request has, or, before
 * 7.1 and the fixes of 2026, a member of the struct that messages have. What no type says, the first word does: that
 * struct begins with a pointer of the kernel, or none, and up to 6.12 with what an earlier request has left. An address
 * may look like either (AF_UNSPEC: the word is 0, or what the process likes): then it is one if it is what the process
 * has passed. Up to 6.12 it also is one if it looks like one, unless the struct's member is what the process has
 * passed: what is passed to bind(2) is not kept, and another thread may have changed what is passed to connect(2). What
 * an earlier request has left there is a pointer, which looks like an address if the process wants it to. */
inline_always u64 copied_address(u64 async, u64 user_address) {
  struct io_async_msghdr___data *message = 0;
  u64 in_message = async + bpf_core_field_offset(struct io_async_msghdr___request, addr);
  u64 first = load_word(async), passed = 0;
  bool is_certain = !bpf_core_field_exists(message->fast_iov) || bpf_core_field_offset(message->fast_iov);
  bool is_address = is_certain && ((s64)first > 0 || first & 7);
  if (!is_address) {
    bool is_read = !bpf_probe_read_user(&passed, sizeof(passed), untagged(user_address));
    is_address = is_read && first == passed;
    if (!is_address && !is_certain)
      is_address = begins_with_family(first) && !(is_read && load_word(in_message) == passed);
  }
  return is_address ? async : in_message;
}

/* The socket address that the process has passed. From 6.10 on the kernel has copied it when the request is submitted.
 * Before, it copies that of a connect later: the program reads what it will copy. */
inline_always void keep_address(struct passed_call *passed, u64 request, u64 user_address, u64 length) {
  u64 async = LOAD_WORD(io_kiocb, request, async_data);
  if (async)
    bpf_probe_read_kernel(passed->texts[0], address_size(length), (void *)copied_address(async, user_address));
  else if (user_address)
    bpf_probe_read_user(passed->texts[0], address_size(length), untagged(user_address));
}

/* Before 6.10 a send has its address in memory of the process. */
struct io_sr_msg___address {
  void *addr;
  u16 addr_len;
} RELOCATED;

inline_always struct message passed_address(u64 request, u32 type) {
  struct io_sr_msg___address *part = 0;
  if (type == EVENT_SENDMSG)
    return read_request_message(request);
  if (!bpf_core_field_exists(part->addr))
    return (struct message){};
  return (struct message){.address = LOAD_WORD(io_sr_msg___address, request, addr),
                          .length = LOAD(io_sr_msg___address, request, addr_len)};
}

/* Address, in the kernel, and length of the socket address that a message is sent to; 0 if it has none. From 6.10 on
 * the kernel has copied it. Before, the kernel copies it later: the program reads what it will copy. */
inline_always u64 message_address(struct passed_call *passed, u64 request, u32 type, u64 *length) {
  u64 async = LOAD_WORD(io_kiocb, request, async_data);
  if (async) {
    if (!LOAD_WORD(io_async_msghdr___request, async, msg.msg_name))
      return 0;
    *length = LOAD(io_async_msghdr___request, async, msg.msg_namelen);
    return async + bpf_core_field_offset(struct io_async_msghdr___request, addr);
  }
  struct message message = passed_address(request, type);
  if (!message.address ||
      bpf_probe_read_user(passed->texts[0], address_size(message.length), untagged(message.address)))
    return 0;
  *length = message.length;
  return (u64)passed->texts[0];
}

/* Address of the first part of the sent data, unless the kernel will choose the buffer. */
inline_always void find_sent(struct passed_call *passed, u64 request, u32 type) {
  if ((u32)LOAD_WORD(io_kiocb, request, flags) & REQUEST_BUFFER_SELECT)
    return;
  passed->passed[1] = PART_WORD(sr_msg, buf);
  passed->passed[2] = PART(sr_msg, len);
  if (type != EVENT_SENDMSG)
    return;
  struct message message = read_request_message(request);
  passed->passed[1] = message.data;
  passed->passed[2] = message.part;
}

/* Sets the arguments of a request that makes a descriptor, but for its name. */
inline_always void keep_making(struct passed_call *passed, u64 request, u32 type) {
  u64 *to = passed->passed;
  switch (type) {
    case EVENT_SOCKET:
      to[0] = PART(socket, domain);
      to[1] = PART(socket, type);
      to[2] = PART(socket, protocol);
      to[5] = PART(socket, file_slot);
      return;
    case EVENT_ACCEPT4:
      to[3] = PART(accept, flags);
      to[5] = PART(accept, file_slot);
      return;
    default: /* openat, openat2 */
      to[0] = PART(open, dfd);
      to[2] = PART_WORD(open, how.flags) & ~(u64)O_LARGEFILE; /* the kernel's addition */
      to[3] = PART_WORD(open, how.mode);
      to[4] = PART_WORD(open, how.resolve);
      to[5] = PART(open, file_slot);
  }
}

/* Sets the arguments as those of the system call. Strings are stored separately: link_texts() sets the pointers to
 * them. */
inline_always void keep_arguments(struct passed_call *passed, u64 request, u32 type) {
  u64 *to = passed->passed;
  s32 fd = LOAD(io_kiocb, request, cqe.fd);
  switch (type) {
    case EVENT_OPENAT:
    case EVENT_OPENAT2:
      keep_making(passed, request, type);
      passed->name = PART_NAME(open, filename);
      keep_name(passed, 0, passed->name);
      return;
    case EVENT_UNLINKAT:
      to[0] = PART(unlink, dfd);
      to[2] = PART(unlink, flags);
      keep_name(passed, 0, PART_NAME(unlink, filename));
      return;
    case EVENT_MKDIRAT:
      to[0] = PART(mkdir, dfd);
      to[2] = PART(mkdir, mode);
      keep_name(passed, 0, PART_NAME(mkdir, filename));
      return;
    case EVENT_RENAMEAT2:
      to[0] = PART(rename, old_dfd);
      to[2] = PART(rename, new_dfd);
      to[4] = PART(rename, flags);
      keep_name(passed, 0, PART_NAME(rename, oldpath));
      keep_name(passed, 1, PART_NAME(rename, newpath));
      return;
    case EVENT_LINKAT:
      to[0] = PART(link, old_dfd);
      to[2] = PART(link, new_dfd);
      to[4] = PART(link, flags);
      keep_name(passed, 0, PART_NAME(link, oldpath));
      keep_name(passed, 1, PART_NAME(link, newpath));
      return;
    case EVENT_SYMLINKAT:
      to[1] = PART(link, new_dfd);
      keep_name(passed, 0, PART_NAME(link, oldpath));
      keep_name(passed, 1, PART_NAME(link, newpath));
      return;
    case EVENT_SOCKET:
      keep_making(passed, request, type);
      return;
    case EVENT_CONNECT:
      to[0] = fd;
      to[2] = PART(connect, addr_len);
      keep_address(passed, request, PART_WORD(connect, addr), to[2]);
      return;
    case EVENT_BIND:
      to[0] = fd;
      if (bpf_core_type_exists(struct io_bind___request))
        to[2] = PART(bind, addr_len);
      keep_address(passed, request, 0, to[2]);
      return;
    case EVENT_SETXATTR:
      keep_name(passed, 0, PART_NAME(xattr, filename));
      keep_attribute(passed, 1, request);
      return;
    case EVENT_FSETXATTR:
      to[0] = fd;
      keep_attribute(passed, 0, request);
      return;
    case EVENT_FTRUNCATE:
      to[0] = fd;
      return;
    case EVENT_LISTEN:
      to[0] = fd;
      if (bpf_core_type_exists(struct io_listen___request))
        to[1] = PART(listen, backlog);
      return;
    case EVENT_ACCEPT4:
      to[0] = fd;
      keep_making(passed, request, type);
      return;
    case EVENT_RECVFROM: /* those that want no completion */
    case EVENT_RECVMSG:
      to[0] = fd;
      to[3] = PART(sr_msg, msg_flags);
      return;
    default: /* sendto, sendmsg */
      to[0] = fd;
      to[3] = PART(sr_msg, msg_flags);
      to[4] = message_address(passed, request, type, &to[5]);
      find_sent(passed, request, type);
  }
}

inline_always void link_texts(struct passed_call *passed) {
  u64 first = (u64)passed->texts[0], second = (u64)passed->texts[1];
  switch (passed->type) {
    case EVENT_RENAMEAT2:
    case EVENT_LINKAT:
      passed->passed[1] = first;
      passed->passed[3] = second;
      return;
    case EVENT_SYMLINKAT:
      passed->passed[0] = first;
      passed->passed[2] = second;
      return;
    case EVENT_SETXATTR:
      passed->passed[0] = first;
      passed->passed[1] = second;
      return;
    case EVENT_FTRUNCATE:
    case EVENT_SOCKET:
    case EVENT_LISTEN:
    case EVENT_ACCEPT4:
    case EVENT_SENDTO:
    case EVENT_SENDMSG:
    case EVENT_RECVFROM:
    case EVENT_RECVMSG:
      return;
    default:
      passed->passed[1] = first;
  }
}

#endif
