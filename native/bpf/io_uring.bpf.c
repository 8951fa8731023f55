/* Requests of io_uring that correspond to system calls. When a request is submitted, the kernel has copied its
 * strings and addresses. The programs keep them until it completes: then the result is known, but the kernel's
 * copies are gone. */

#include "io_uring_arguments.h"
#include "io_uring_receive.h"

/* Pending requests, by ring and the user_data of the process: overflowed completions are only identified by that.
 * Values are allocated on demand. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1024);
  __type(key, struct request_key);
  __type(value, struct passed_call);
} requests SEC(".maps");

/* io_uring_complete has the whole completion since 6.13, before its parts. */
typedef void (*btf_trace_io_uring_complete___whole)(void *, struct io_ring_ctx *, void *, struct io_uring_cqe *);
#define HAS_WHOLE_COMPLETION bpf_core_type_matches(btf_trace_io_uring_complete___whole)

/* Address of one of the ring's own files, 0 if that place is empty. The low bits of an entry are flags. */
inline_always u64 fixed_file(u64 ring, u32 index) {
  struct io_file_table___nodes *nodes = 0;
  u64 table = ring + bpf_core_field_offset(struct io_ring_ctx, file_table);
  if (bpf_core_field_exists(nodes->data)) {
    u64 data = table + bpf_core_field_offset(nodes->data);
    if (index >= LOAD(io_rsrc_data, data, nr))
      return 0;
    u64 node = load_word(LOAD_WORD(io_rsrc_data, data, nodes) + index * sizeof(void *));
    return node ? LOAD_WORD(io_rsrc_node, node, file_ptr) & FILE_ADDRESS : 0;
  }
  if (index >= LOAD(io_ring_ctx___files, ring, nr_user_files))
    return 0;
  return load_word(LOAD_WORD(io_file_table___files, table, files) + index * sizeof(void *)) & FILE_ADDRESS;
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

/* A request whose result is never reported, or that can't be kept until then: reported as a success. */
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

/* The members of io_uring's trace events that the programs read. */
struct trace_event_raw_io_uring_submit_req {
  void *req;
} RELOCATED;
struct trace_event_raw_io_uring_complete {
  void *ctx;
  void *req;
  u64 user_data;
  int res;
  unsigned int cflags;
} RELOCATED;
struct trace_event_raw_io_uring_cqe_overflow {
  void *ctx;
  u64 user_data;
  s32 res;
  u32 cflags;
} RELOCATED;

/* A completion, whichever tracepoint reports it. */
struct completion {
  u64 ring;
  u64 request; /* its address; 0: not known */
  u64 user_data;
  s32 result;
  u32 flags;
};

/* On io_uring_submit_req (io_uring_submit_sqe before 6.2), whose first argument is the request. The task is the
 * submitter, or the ring's own thread (SQPOLL), which is a thread of the process that made the ring. */
SEC("raw_tp") int on_request(struct bpf_raw_tracepoint_args *ctx) {
  u64 request =
      on_trace_events ? PINNED((u64)((struct trace_event_raw_io_uring_submit_req *)ctx)->req) : PINNED(ctx->args[0]);
  u32 type = request_type(LOAD(io_kiocb, request, opcode));
  struct capture_shared *control = capture();
  struct passed_call *passed = passed_space();
  if (!type || !control || !passed)
    return PASS_ON;
  if (!may_be_wanted(control, type))
    return PASS_ON;
  struct task_struct *task = bpf_get_current_task_btf();
  u32 cpu = bpf_get_smp_processor_id();
  struct ring_control *ring = bpf_map_lookup_elem(&ring_control, &cpu);
  if (ring && !was_snapshot_tried(ring, task) && lacks_image(process_of(task, 0)))
    bpf_tail_call(ctx, &programs, SLOT_SNAPSHOT_REQUESTER);
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
    return PASS_ON;
  }
  keep_arguments(passed, request, type);
  if (is_send(type) && !passed->passed[4])
    return PASS_ON;
  struct request_key key = {passed->ring, passed->user_data};
  if (!is_send(type) && !(flags & REQUEST_SILENT_SUCCESS) && !bpf_map_update_elem(&requests, &key, passed, BPF_NOEXIST))
    return PASS_ON;
  presume_success(passed, task, flags & REQUEST_FIXED_FILE);
  go_to_write(ctx, passed);
  return PASS_ON;
}

/* Removes a pending request and reports it. Several requests may have the same user_data: if the completion
 * has the address of its request, that decides. */
inline_always void complete(void *ctx, const struct completion *completion) {
  struct request_key key = {completion->ring, completion->user_data};
  struct passed_call *kept = bpf_map_lookup_elem(&requests, &key);
  struct passed_call *passed = passed_space();
  if (!kept || !passed || (completion->request && kept->request != completion->request))
    return;
  bpf_probe_read_kernel(passed, sizeof(*passed), kept);
  if (!(completion->flags & COMPLETION_MORE))
    bpf_map_delete_elem(&requests, &key);
  struct task_struct *task = bpf_get_current_task_btf();
  passed->result = completion->result;
  if (!makes_fd(passed->type)) {
    passed->fd = passed->passed[0];
    passed->file = LOAD_WORD(io_kiocb, passed->request, file);
  } else if (completion->result >= 0) {
    find_made_file(passed, task);
  }
  go_to_write(ctx, passed);
}

inline_always void complete_receive(void *ctx, const struct completion *completion) {
  struct passed_call *passed = passed_space();
  if (passed && find_receive_request(passed, completion->ring, completion->user_data, completion->request,
                                     completion->result, completion->flags))
    go_to_write(ctx, passed);
}

/* On io_uring_complete: ring, request, and since 6.13 the completion, before its parts. Completions before the last one
 * of a request name none. */
inline_always struct completion read_completion(const struct bpf_raw_tracepoint_args *ctx) {
  const struct trace_event_raw_io_uring_complete *event = (void *)ctx;
  if (on_trace_events)
    return (struct completion){PINNED((u64)event->ctx), PINNED((u64)event->req), PINNED(event->user_data),
                               PINNED(event->res), PINNED(event->cflags)};
  u64 ring = PINNED(ctx->args[0]), request = PINNED(ctx->args[1]), whole = PINNED(ctx->args[2]);
  if (HAS_WHOLE_COMPLETION)
    return (struct completion){ring, request, LOAD_WORD(io_uring_cqe, whole, user_data), LOAD(io_uring_cqe, whole, res),
                               LOAD(io_uring_cqe, whole, flags)};
  return (struct completion){ring, request, whole, PINNED(ctx->args[3]), PINNED(ctx->args[4])};
}

SEC("raw_tp") int on_request_completed(struct bpf_raw_tracepoint_args *ctx) {
  struct completion completion = read_completion(ctx);
  u32 type = completion.request ? request_type(LOAD(io_kiocb, completion.request, opcode)) : 0;
  if (completion.request && (!type || is_send(type)))
    return PASS_ON;
  if (!is_receive(type))
    complete(ctx, &completion);
  if (!type || is_receive(type))
    complete_receive(ctx, &completion);
  return PASS_ON;
}

/* On io_uring_cqe_overflow: a completion that did not fit into the ring. Ring, user_data, result, flags. */
SEC("raw_tp") int on_request_overflowed(struct bpf_raw_tracepoint_args *ctx) {
  const struct trace_event_raw_io_uring_cqe_overflow *event = (void *)ctx;
  struct completion completion = {};
  if (on_trace_events)
    completion = (struct completion){PINNED((u64)event->ctx), 0, PINNED(event->user_data), PINNED(event->res),
                                     PINNED(event->cflags)};
  else
    completion =
        (struct completion){PINNED(ctx->args[0]), 0, PINNED(ctx->args[1]), PINNED(ctx->args[2]), PINNED(ctx->args[3])};
  complete(ctx, &completion);
  complete_receive(ctx, &completion);
  return PASS_ON;
}
