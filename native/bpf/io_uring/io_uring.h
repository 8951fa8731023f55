/* Requests of io_uring: their members, and the system calls that they correspond to. */

#ifndef WASPREY_IO_URING_H
#define WASPREY_IO_URING_H

#include "message.h"
#include "passed.h"

/* Parts of requests at the start of struct io_kiocb. They are private to io_uring. */
#define REQUEST_PART(name, members) \
  struct io_##name##___request {    \
    members                         \
  } RELOCATED
REQUEST_PART(open, s32 dfd; u32 file_slot; struct filename * filename; struct open_how how;);
REQUEST_PART(close, u32 file_slot;);
REQUEST_PART(unlink, s32 dfd; s32 flags; struct filename * filename;);
REQUEST_PART(mkdir, s32 dfd; u16 mode; struct filename * filename;);
REQUEST_PART(rename, s32 old_dfd; s32 new_dfd; struct filename * oldpath; struct filename * newpath; s32 flags;);
REQUEST_PART(link, s32 old_dfd; s32 new_dfd; struct filename * oldpath; struct filename * newpath; s32 flags;);
struct xattr_context___request {
  struct xattr_name *kname;
} RELOCATED;
REQUEST_PART(xattr, struct xattr_context___request ctx; struct filename * filename;);
REQUEST_PART(socket, s32 domain; s32 type; s32 protocol; u32 file_slot;);
REQUEST_PART(connect, void *addr; s32 addr_len;);
REQUEST_PART(bind, s32 addr_len;);
REQUEST_PART(listen, s32 backlog;);
REQUEST_PART(accept, s32 flags; u32 file_slot;);
REQUEST_PART(sr_msg, void *buf; s32 len; u32 done_io; u32 msg_flags; u16 flags;);
REQUEST_PART(async_msghdr, struct msghdr msg; struct __kernel_sockaddr_storage addr;);

/* The ring's own files: nodes by index since 6.13, an array of pointers before. */
struct io_rsrc_node {
  unsigned long file_ptr;
} RELOCATED;
struct io_rsrc_data {
  unsigned int nr;
  struct io_rsrc_node **nodes;
} RELOCATED;
struct io_file_table___nodes {
  struct io_rsrc_data data;
} RELOCATED;
struct io_file_table___files {
  void *files;
} RELOCATED;
struct io_ring_ctx___files {
  unsigned int nr_user_files;
} RELOCATED;

/* In 7.3 the name of a file is a struct whose only member is the pointer that was in its place up to 6.18. */
struct delayed_filename___request {
  struct filename *__incomplete_filename;
} RELOCATED;
#define DELAYED_PART(name, members) \
  struct io_##name##___delayed {    \
    members                         \
  } RELOCATED
DELAYED_PART(open, struct delayed_filename___request filename;);
DELAYED_PART(unlink, struct delayed_filename___request filename;);
DELAYED_PART(mkdir, struct delayed_filename___request filename;);
DELAYED_PART(rename, struct delayed_filename___request oldpath; struct delayed_filename___request newpath;);
DELAYED_PART(xattr, struct delayed_filename___request filename;);
DELAYED_PART(link, struct delayed_filename___request oldpath; struct delayed_filename___request newpath;);

#define REQUEST_FIXED_FILE 1         /* REQ_F_FIXED_FILE: the descriptor is an index among the ring's own files */
#define REQUEST_BUFFER_SELECT 0x20   /* REQ_F_BUFFER_SELECT: the kernel takes one of the buffers that it was given */
#define REQUEST_SILENT_SUCCESS 0x40  /* REQ_F_CQE_SKIP */
#define REQUEST_FAILED 0x100         /* REQ_F_FAIL */
#define REQUEST_NEEDS_CLEANUP 0x2000 /* REQ_F_NEED_CLEANUP */
#define SLOT_ANY 0xffffffff          /* IORING_FILE_INDEX_ALLOC */
#define COMPLETION_MORE 2            /* IORING_CQE_F_MORE */
#if defined(__TARGET_ARCH_arm64)
#define O_LARGEFILE 0400000
#else
#define O_LARGEFILE 0100000
#endif

/* The low bits of an entry are io_uring's flags of the file. */
#define FILE_ADDRESS (~7ull)

/* Identifies a request whose address is unknown: its ring, and its user_data. Several may have the same. */
struct request_key {
  u64 ring;
  u64 user_data;
};

#define PART(name, member) LOAD(io_##name##___request, request, member)
#define PART_WORD(name, member) LOAD_WORD(io_##name##___request, request, member)
/* Address of a struct filename. To CO-RE a member that is a pointer here is absent where the kernel's is a struct. */
#define PART_NAME(name, member)                                       \
  (bpf_core_field_exists(((struct io_##name##___request *)0)->member) \
       ? PART_WORD(name, member)                                      \
       : LOAD_WORD(io_##name##___delayed, request, member.__incomplete_filename))

/* The event type that a request is reported as; 0: none. A global function, as put_path() is. */
__noinline u32 request_type(u32 opcode) {
  u32 result = 0;
  switch (opcode) {
#define REQUEST(operation, number, type) \
  case number:                           \
    result = type;                       \
    break;
    WASPREY_REQUESTS(REQUEST)
#undef REQUEST
    default:
      break;
  }
  opaque(result); /* or clang leaves out a caller's check of it, which the verifier needs */
  return result;
}

inline_always bool is_open(u32 type) {
  return type == EVENT_OPENAT || type == EVENT_OPENAT2;
}

inline_always bool makes_fd(u32 type) {
  return is_open(type) || type == EVENT_SOCKET || type == EVENT_ACCEPT4;
}

/* Requests that are no events, but may take a file out of its place, or put another there. */
#define REQUEST_CLOSE 19
#define REQUEST_FILES_UPDATE 20
#define REQUEST_PIPE 62

/* Whether a ring was made by a 32-bit call: a bit of its own up to 6.18, one of int_flags in 7.3. */
struct io_ring_ctx___compat_bit {
  unsigned int compat : 1;
} RELOCATED;
struct io_ring_ctx___int_flags {
  unsigned int int_flags;
} RELOCATED;
#define RING_COMPAT (1 << 11) /* IO_RING_F_COMPAT, of an enum that has no name to be found by in BTF */

inline_always bool is_compat_ring(u64 address) {
  struct io_ring_ctx___compat_bit *ring = (void *)address;
  if (bpf_core_field_exists(ring->compat))
    return BPF_CORE_READ_BITFIELD_PROBED(ring, compat);
  return LOAD(io_ring_ctx___int_flags, address, int_flags) & RING_COMPAT;
}

/* The struct msghdr of a request that sends or receives one. */
inline_always struct message read_request_message(u64 request) {
  return read_message(PART_WORD(sr_msg, buf), is_compat_ring(LOAD_WORD(io_kiocb, request, ctx)));
}

#endif
