/* Requests of io_uring that stand for system calls. When a request is submitted, the kernel has copied its strings and
 * addresses: they are kept until it completes, since the result is known then, but the copies are gone. */

#include "io_uring_receive.h"

/* Requests under way, by ring and what the process calls them: completions that find no room are told of by that alone.
 * Values are allocated when there are any. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1024);
  __type(key, struct request_key);
  __type(value, struct passed_call);
} requests SEC(".maps");

/* io_uring_complete tells the whole completion since 6.13, before its parts. Of a completion that is one of many of its
 * request there is nothing else. */
typedef void (*btf_trace_io_uring_complete___whole)(void *, struct io_ring_ctx *, void *, struct io_uring_cqe *);
#define TELLS_COMPLETION bpf_core_type_matches(btf_trace_io_uring_complete___whole)

inline_always void keep_name(struct passed_call *passed, u32 index, u64 filename) {
  passed->texts[index][0] = 0;
  bpf_probe_read_kernel_str(passed->texts[index], PASSED_TEXT_ROOM, (void *)LOAD_WORD(filename, filename, name));
}

/* The socket address that the kernel has copied; else the one that it will copy. */
inline_always void keep_address(struct passed_call *passed, u64 request, u64 user_address, u64 length) {
  u64 async = LOAD_WORD(io_kiocb, request, async_data);
  u64 size = length;
  opaque(size);
  if (size > sizeof(struct __kernel_sockaddr_storage))
    size = sizeof(struct __kernel_sockaddr_storage);
  if (async)
    bpf_probe_read_kernel(passed->texts[0], size,
                          (void *)(async + bpf_core_field_offset(struct io_async_msghdr___request, addr)));
  else if (user_address)
    bpf_probe_read_user(passed->texts[0], size, (void *)user_address);
}

/* Address and length of the socket address that a message is sent to; 0 where it has none, or the kernel copies it
 * later (before 6.10). */
inline_always u64 message_address(u64 request, u64 *length) {
  u64 async = LOAD_WORD(io_kiocb, request, async_data);
  if (!async || !LOAD_WORD(io_async_msghdr___request, async, msg.msg_name))
    return 0;
  *length = LOAD(io_async_msghdr___request, async, msg.msg_namelen);
  return async + bpf_core_field_offset(struct io_async_msghdr___request, addr);
}

/* Where the first part of what is sent lies, unless the kernel will take it from a buffer of its choice. */
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

/* Puts the arguments as those of the system call. Strings are kept apart: link_texts() sets the pointers to them. */
inline_always void keep_arguments(struct passed_call *passed, u64 request, u32 type) {
  u64 *to = passed->passed;
  s32 fd = LOAD(io_kiocb, request, cqe.fd);
  switch (type) {
    case EVENT_OPENAT:
    case EVENT_OPENAT2:
      to[0] = PART(open, dfd);
      to[2] = PART_WORD(open, how.flags) & ~(u64)O_LARGEFILE; /* the kernel's addition */
      to[3] = PART_WORD(open, how.mode);
      to[4] = PART_WORD(open, how.resolve);
      to[5] = PART(open, file_slot);
      keep_name(passed, 0, PART_WORD(open, filename));
      return;
    case EVENT_UNLINKAT:
      to[0] = PART(unlink, dfd);
      to[2] = PART(unlink, flags);
      keep_name(passed, 0, PART_WORD(unlink, filename));
      return;
    case EVENT_MKDIRAT:
      to[0] = PART(mkdir, dfd);
      to[2] = PART(mkdir, mode);
      keep_name(passed, 0, PART_WORD(mkdir, filename));
      return;
    case EVENT_RENAMEAT2:
      to[0] = PART(rename, old_dfd);
      to[2] = PART(rename, new_dfd);
      to[4] = PART(rename, flags);
      keep_name(passed, 0, PART_WORD(rename, oldpath));
      keep_name(passed, 1, PART_WORD(rename, newpath));
      return;
    case EVENT_LINKAT:
      to[0] = PART(link, old_dfd);
      to[2] = PART(link, new_dfd);
      to[4] = PART(link, flags);
      keep_name(passed, 0, PART_WORD(link, oldpath));
      keep_name(passed, 1, PART_WORD(link, newpath));
      return;
    case EVENT_SYMLINKAT:
      to[1] = PART(link, new_dfd);
      keep_name(passed, 0, PART_WORD(link, oldpath));
      keep_name(passed, 1, PART_WORD(link, newpath));
      return;
    case EVENT_SOCKET:
      to[0] = PART(socket, domain);
      to[1] = PART(socket, type);
      to[2] = PART(socket, protocol);
      to[5] = PART(socket, file_slot);
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
    case EVENT_LISTEN:
      to[0] = fd;
      if (bpf_core_type_exists(struct io_listen___request))
        to[1] = PART(listen, backlog);
      return;
    case EVENT_ACCEPT4:
      to[0] = fd;
      to[3] = PART(accept, flags);
      to[5] = PART(accept, file_slot);
      return;
    case EVENT_RECVFROM: /* those that want no completion */
    case EVENT_RECVMSG:
      to[0] = fd;
      to[3] = PART(sr_msg, msg_flags);
      return;
    default: /* sendto, sendmsg */
      to[0] = fd;
      to[3] = PART(sr_msg, msg_flags);
      to[4] = message_address(request, &to[5]);
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

/* Address of one of the ring's own files. */
inline_always u64 fixed_file(u64 ring, u32 index) {
  struct io_file_table___request *table = 0;
  struct io_rsrc_data *data = 0;
  if (!bpf_core_field_exists(table->data) || !bpf_core_field_exists(data->nodes))
    return 0;
  u64 files = ring + bpf_core_field_offset(struct io_ring_ctx, file_table) + bpf_core_field_offset(table->data);
  if (index >= LOAD(io_rsrc_data, files, nr))
    return 0;
  u64 node = load_word(LOAD_WORD(io_rsrc_data, files, nodes) + index * sizeof(void *));
  return node ? LOAD_WORD(io_rsrc_node, node, file_ptr) & FILE_ADDRESS : 0;
}

inline_always bool makes_fd(u32 type) {
  return type == EVENT_OPENAT || type == EVENT_OPENAT2 || type == EVENT_SOCKET || type == EVENT_ACCEPT4;
}

/* Finds the file that a request made: in the process's table, or among the ring's own files. */
inline_always void find_made_file(struct passed_call *passed, struct task_struct *task) {
  u32 slot = passed->passed[5];
  s64 number = slot && slot != SLOT_ANY ? slot - 1 : passed->result;
  passed->fd = number;
  passed->file = slot ? fixed_file(passed->ring, number) : file_at(task, number);
}

/* A request whose result is never told, or can't be kept until then: as if it had succeeded. */
inline_always void presume_success(struct passed_call *passed, struct task_struct *task, bool fixed) {
  u32 slot = passed->passed[5];
  passed->result = 0;
  if (makes_fd(passed->type)) {
    passed->fd = slot && slot != SLOT_ANY ? slot - 1 : UNKNOWN_FD;
    return;
  }
  s32 number = passed->passed[0];
  passed->fd = number;
  passed->file = fixed ? fixed_file(passed->ring, number) : file_at(task, number);
}

inline_always void go_to_write(void *ctx, struct passed_call *passed) {
  link_texts(passed);
  bpf_tail_call(ctx, &programs, SLOT_PASSED);
}

/* On io_uring_submit_req, whose only argument is the request. The task is the one that asks, or the ring's own thread
 * (SQPOLL), which is a thread of the process that made the ring. */
SEC("raw_tp") int on_request(struct bpf_raw_tracepoint_args *ctx) {
  u64 request = ctx->args[0];
  u32 type = request_type(LOAD(io_kiocb, request, opcode));
  struct capture_shared *control = capture();
  struct passed_call *passed = passed_space();
  if (!type || !control || !passed)
    return 0;
  if (!may_be_wanted(control, type))
    return 0;
  struct task_struct *task = bpf_get_current_task_btf();
  u32 flags = LOAD_WORD(io_kiocb, request, flags);
  __builtin_memset(passed, 0, offsetof(struct passed_call, texts));
  passed->type = type;
  passed->way = WAY_IO_URING;
  passed->ring = LOAD_WORD(io_kiocb, request, ctx);
  passed->user_data = LOAD_WORD(io_kiocb, request, cqe.user_data);
  passed->request = request;
  fill_caller(passed, task);
  passed->flags |= EVENT_FLAG_IO_URING;
  if (is_receive(type) && !(flags & REQUEST_SILENT_SUCCESS)) {
    keep_receive(passed);
    return 0;
  }
  keep_arguments(passed, request, type);
  if (is_send(type) && !passed->passed[4])
    return 0;
  struct request_key key = {passed->ring, passed->user_data};
  if (!is_send(type) && !(flags & REQUEST_SILENT_SUCCESS) && !bpf_map_update_elem(&requests, &key, passed, BPF_NOEXIST))
    return 0;
  presume_success(passed, task, flags & REQUEST_FIXED_FILE);
  go_to_write(ctx, passed);
  return 0;
}

/* Takes a request from those under way, and tells of it. `request` is its address where that is known: another one may
 * have the same name. */
inline_always void complete(void *ctx, u64 ring, u64 user_data, u64 request, s32 result, u32 flags) {
  struct request_key key = {ring, user_data};
  struct passed_call *kept = bpf_map_lookup_elem(&requests, &key);
  struct passed_call *passed = passed_space();
  if (!kept || !passed || (request && kept->request != request))
    return;
  bpf_probe_read_kernel(passed, sizeof(*passed), kept);
  if (!(flags & COMPLETION_MORE))
    bpf_map_delete_elem(&requests, &key);
  struct task_struct *task = bpf_get_current_task_btf();
  passed->result = result;
  if (!makes_fd(passed->type)) {
    passed->fd = passed->passed[0];
    passed->file = LOAD_WORD(io_kiocb, passed->request, file);
  } else if (result >= 0) {
    find_made_file(passed, task);
  }
  go_to_write(ctx, passed);
}

inline_always void complete_receive(void *ctx, u64 ring, u64 user_data, u64 request, s32 result, u32 flags) {
  struct passed_call *passed = passed_space();
  if (passed && find_receive_request(passed, ring, user_data, request, result, flags))
    go_to_write(ctx, passed);
}

/* On io_uring_complete: ring, request, and since 6.13 the completion. Completions before the last one of
 * a request name none. */
SEC("raw_tp") int on_request_completed(struct bpf_raw_tracepoint_args *ctx) {
  u64 ring = ctx->args[0], request = ctx->args[1], user_data;
  u32 type = 0, flags = 0;
  s32 result;
  if (request) {
    type = request_type(LOAD(io_kiocb, request, opcode));
    if (!type || is_send(type))
      return 0;
    user_data = LOAD_WORD(io_kiocb, request, cqe.user_data);
    result = LOAD(io_kiocb, request, cqe.res);
  } else if (TELLS_COMPLETION) {
    u64 completion = ctx->args[2];
    user_data = LOAD_WORD(io_uring_cqe, completion, user_data);
    result = LOAD(io_uring_cqe, completion, res);
    flags = LOAD(io_uring_cqe, completion, flags);
  } else {
    return 0;
  }
  if (!is_receive(type))
    complete(ctx, ring, user_data, request, result, flags);
  if (!type || is_receive(type))
    complete_receive(ctx, ring, user_data, request, result, flags);
  return 0;
}

/* On io_uring_cqe_overflow: a completion that found no room. Ring, user_data, result, flags. */
SEC("raw_tp") int on_request_overflowed(struct bpf_raw_tracepoint_args *ctx) {
  complete(ctx, ctx->args[0], ctx->args[1], 0, ctx->args[2], ctx->args[3]);
  complete_receive(ctx, ctx->args[0], ctx->args[1], 0, ctx->args[2], ctx->args[3]);
  return 0;
}
