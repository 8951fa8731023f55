/* Requests of io_uring that receive or accept. They are reported when they complete, from the request itself. A server
 * has one pending for each of its connections, so only its address and its process are stored. */

#ifndef WASPREY_IO_URING_RECEIVE_H
#define WASPREY_IO_URING_RECEIVE_H

#include "io_uring/io_uring_pending.h"

#define RECEIVE_MANY 2 /* IORING_RECV_MULTISHOT */
#define MSG_TRUNC 0x20

/* Both from 6.0 on. */
struct io_async_msghdr___sizes {
  s32 namelen;
  u64 controllen;
} RELOCATED;
struct iov_iter___request {
  u8 iter_type;
  void *ubuf;
} RELOCATED;
enum iter_type___request { ITER_UBUF___request = 0 };

/* Kernels from 6.2 to 6.9 report completions of one of many later, when the request has its next buffer. */
struct io_submit_state___deferring {
  u32 cqes_count;
} RELOCATED;

struct receive_request {
  u64 request;
  u64 image;
  struct message message; /* of recvmsg, as it was when the kernel copied it */
  u32 tid;
  u32 flags;
  s32 fd; /* the completion's flags are in its place later */
  u32 pad;
};

/* Needed if a completion does not identify its request: it overflowed, or is one of many. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 16384);
  __type(key, struct request_key);
  __type(value, struct receive_request);
} receives SEC(".maps");

inline_always bool is_receive(u32 type) {
  return type == EVENT_RECVFROM || type == EVENT_RECVMSG;
}

inline_always bool is_light(u32 type) {
  return is_receive(type) || type == EVENT_ACCEPT4;
}

/* The type of the request at an address, if it is (still) such a one. */
inline_always u32 light_type(u64 request) {
  u32 type = request ? request_type(LOAD(io_kiocb, request, opcode)) : 0;
  return is_light(type) ? type : 0;
}

inline_always bool is_request(u64 request, const struct request_key *key) {
  return light_type(request) && LOAD_WORD(io_kiocb, request, ctx) == key->ring &&
         LOAD_WORD(io_kiocb, request, cqe.user_data) == key->user_data;
}

/* Stores such a request until it completes; false if there is no room. Then it is still reported if its completion
 * identifies it. An earlier one with the same user_data has precedence while it exists. */
inline_always bool keep_light(const struct passed_call *passed) {
  struct request_key key = {passed->ring, passed->user_data};
  u64 request = passed->request;
  struct receive_request value = {.request = request,
                                  .image = passed->image,
                                  .tid = passed->tid,
                                  .flags = passed->flags,
                                  .fd = LOAD(io_kiocb, request, cqe.fd)};
  struct receive_request *kept = bpf_map_lookup_elem(&receives, &key);
  if (kept && is_request(kept->request, &key))
    return true;
  if (passed->type == EVENT_RECVMSG && !(PART(sr_msg, flags) & RECEIVE_MANY))
    value.message = read_request_message(request);
  return !bpf_map_update_elem(&receives, &key, &value, BPF_ANY);
}

/* Address of the buffer that the kernel has chosen; 0: unknown. Before Linux 6.10 a receive has its header on the
 * kernel's stack, and the address in the place of the process's own buffer. Later a receive that is not one of many has
 * given its header back, and its request holds no address. */
inline_always u64 chosen_buffer(u64 request, u64 async) {
  struct iov_iter___request *iterator = 0;
  if (!async)
    return PART_WORD(sr_msg, buf) ? PART_WORD(sr_msg, buf) - PART(sr_msg, done_io) : 0;
  if (!bpf_core_field_exists(iterator->ubuf))
    return 0;
  u64 at = async + bpf_core_field_offset(struct io_async_msghdr___request, msg) +
           bpf_core_field_offset(struct msghdr, msg_iter);
  u32 kind = LOAD(iov_iter___request, at, iter_type);
  return kind == bpf_core_enum_value(enum iter_type___request, ITER_UBUF___request)
             ? LOAD_WORD(iov_iter___request, at, ubuf)
             : 0;
}

/* How much precedes the data of one of many messages: struct io_uring_recvmsg_out, room for the sender's address, and
 * room for control data. Without a header (see chosen_buffer()) it is what the result counts beside the data; 0:
 * unknown, since the message was longer than its buffer. */
inline_always u64 size_before(u64 async, const struct io_uring_recvmsg_out *out, u64 result) {
  if (async)
    return sizeof(*out) + LOAD(io_async_msghdr___sizes, async, namelen) +
           LOAD(io_async_msghdr___sizes, async, controllen);
  bool fits = !(out->flags & MSG_TRUNC) && result >= sizeof(*out) + (u64)out->payloadlen;
  return fits ? result - out->payloadlen : 0;
}

/* One of many messages. The result counts all that is in its buffer. */
inline_always void find_one_of_many(struct passed_call *passed, u64 async, u64 buffer) {
  struct io_async_msghdr___sizes *sizes = 0;
  struct io_uring_recvmsg_out out = {};
  if (passed->result < 0 || !bpf_core_field_exists(sizes->namelen) ||
      bpf_probe_read_user(&out, sizeof(out), untagged(buffer)))
    return;
  u64 before = size_before(async, &out, passed->result);
  if (!before)
    return;
  u64 room = async ? LOAD(io_async_msghdr___sizes, async, namelen) : before - sizeof(out);
  passed->result = (u64)passed->result > before ? passed->result - before : 0;
  passed->passed[1] = buffer + before;
  passed->passed[2] = passed->result;
  passed->passed[4] = out.namelen ? buffer + sizeof(out) : 0;
  passed->passed[5] = out.namelen < room ? out.namelen : room; /* the name may be longer than its room */
}

/* `kept`: the header as it was at the submission: the process may have changed it since. */
inline_always void find_message(struct passed_call *passed, u64 request, bool chosen,
                                const struct receive_request *kept) {
  struct message message = kept ? kept->message : read_request_message(request);
  passed->passed[1] = chosen ? 0 : message.data;
  passed->passed[2] = passed->result < 0 || passed->result < message.part ? passed->result : message.part;
  passed->passed[4] = message.address;
  passed->passed[5] = message.length;
}

/* Sets the arguments for read_receiving(). Data and addresses are in the memory of the process. A kernel
 * thread that completes the requests of an exited process has no access to it. */
inline_always void find_received(struct passed_call *passed, u64 request, struct task_struct *task,
                                 const struct receive_request *kept) {
  struct io_submit_state___deferring *submitting = 0;
  u64 async = LOAD_WORD(io_kiocb, request, async_data);
  bool chosen = (u32)LOAD_WORD(io_kiocb, request, flags) & REQUEST_BUFFER_SELECT;
  bool many = PART(sr_msg, flags) & RECEIVE_MANY;
  passed->passed[0] = passed->fd;
  passed->passed[3] = PART(sr_msg, msg_flags);
  if (!LOAD_WORD(task_struct, task, mm) || (many && bpf_core_field_exists(submitting->cqes_count)))
    return;
  if (passed->type == EVENT_RECVFROM) {
    passed->passed[1] = chosen ? chosen_buffer(request, async) : PART_WORD(sr_msg, buf) - PART(sr_msg, done_io);
    passed->passed[2] = PART(sr_msg, len) + PART(sr_msg, done_io); /* the kernel counts the one down, the other up */
  } else if (many) {
    find_one_of_many(passed, async, PART_WORD(sr_msg, buf));
  } else {
    find_message(passed, request, chosen, kept);
  }
}

/* Fills in the arguments of a completed request; `kept`: as it was at its submission, or 0. */
inline_always void fill_light_request(struct passed_call *passed, u64 request, u32 type, struct task_struct *task,
                                      const struct receive_request *kept) {
  if (type == EVENT_ACCEPT4) {
    passed->passed[0] = passed->fd;
    keep_making(passed, request, type);
    if (passed->result < 0)
      return;
    find_made_file(passed, task);
    if (!passed->file)
      count_unkept(type);
    return;
  }
  passed->file = LOAD_WORD(io_kiocb, request, file);
  find_received(passed, request, task, kept);
}

/* Fills in a completed request; false if there is nothing to report. A completion that does not identify its request
 * is one of many, or has overflowed: then the request has its result. */
inline_always bool find_light_request(struct passed_call *passed, const struct completion *completion) {
  struct request_key key = {completion->ring, completion->user_data};
  struct task_struct *task = bpf_get_current_task_btf();
  struct capture_shared *control = capture();
  struct receive_request *kept = bpf_map_lookup_elem(&receives, &key);
  u64 address = completion->request ? completion->request : kept ? kept->request : 0;
  u32 type = light_type(address);
  bool more = completion->flags & COMPLETION_MORE;
  if (!control || !type || !is_request(address, &key))
    return false;
  if (!completion->request && !more && LOAD(io_kiocb, address, cqe.res) != completion->result)
    return false;
  if (kept && kept->request != address)
    kept = 0;
  begin_request(passed, address, type, task);
  passed->fd = UNKNOWN_FD;
  if (kept) {
    passed->image = kept->image;
    passed->tid = kept->tid;
    passed->flags = kept->flags;
    passed->fd = kept->fd;
  }
  bool wanted = is_wanted(control, type);
  passed->result = completion->result;
  if (wanted)
    fill_light_request(passed, address, type, task, kept);
  if (kept && !more)
    bpf_map_delete_elem(&receives, &key);
  return wanted;
}

#endif
