/* Requests of io_uring that correspond to system calls. When a request is submitted, the kernel has copied its
 * strings and addresses. The programs keep them until it completes: then the result is known, but the kernel's
 * copies are gone. */

#include "io_uring/io_uring_pending.h"
#include "io_uring/io_uring_receive.h"

/* io_uring_complete has the whole completion since 6.13, before its parts. */
typedef void (*btf_trace_io_uring_complete___whole)(void *, struct io_ring_ctx *, void *, struct io_uring_cqe *);
#define HAS_WHOLE_COMPLETION bpf_core_type_matches(btf_trace_io_uring_complete___whole)

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

/* Whether a request may replace the file of a kept open. A global function, as put_path() is. */
__noinline u32 may_replace(u64 request) {
  return replaceable_by(request).count != 0;
}

/* The pending requests that are looked at before the kernel goes on: silent ones always. Others have their completion;
 * it may come after those behind them in a batch, so one that may replace their file has them looked at before. */
inline_always u32 settles(const struct capture_shared *control, u64 submitted) {
  u32 settle = control->silent_requests ? SETTLE_SILENT : 0;
  if (unlikely(control->kept_opens) && submitted && may_replace(submitted))
    settle |= SETTLE_KEPT;
  return settle && submitted ? settle | SETTLE_SUBMITTED : settle;
}

/* Makes the event, and looks at pending requests afterwards, if there are any. */
inline_always void write_request(void *ctx, struct passed_call *passed, const struct capture_shared *control,
                                 u64 submitted) {
  passed->settle = settles(control, submitted);
  bpf_tail_call(ctx, &programs, SLOT_PASSED);
}

/* The same without an event. */
inline_always int finish(void *ctx, struct passed_call *passed, const struct capture_shared *control, u64 submitted) {
  u32 settle = settles(control, submitted);
  if (unlikely(settle)) {
    passed->settle = settle;
    bpf_tail_call(ctx, &programs, SLOT_SETTLE);
  }
  return PASS_ON;
}

inline_always void count_unkept_request(u32 type, struct capture_shared *control) {
  if (is_open(type))
    __sync_fetch_and_add(&control->unkept_opens, 1);
  count_unkept(type);
}

/* Keeps a request that was submitted, or reports it if its result will not be known. */
inline_always void take_submission(void *ctx, u64 request, struct passed_call *passed, struct capture_shared *control) {
  u32 type = request_type(LOAD(io_kiocb, request, opcode));
  passed->request = request;
  passed->serial = 0;
  if (!type || !may_be_wanted(control, type))
    return;
  /* From memory, as event_type(): the verifier would look for the image once for each type. */
  passed->type = type;
  type = *(volatile u32 *)&passed->type;
  struct task_struct *task = bpf_get_current_task_btf();
  u32 cpu = bpf_get_smp_processor_id();
  struct ring_control *ring = bpf_map_lookup_elem(&ring_control, &cpu);
  if (ring && !was_snapshot_tried(ring, task) && lacks_image(process_of(task, 0)))
    bpf_tail_call(ctx, &programs, SLOT_SNAPSHOT_REQUESTER);
  u32 flags = LOAD_WORD(io_kiocb, request, flags);
  bool silent = flags & REQUEST_SILENT_SUCCESS;
  begin_request(passed, request, type, task);
  if (is_light(type) && !silent) {
    if (!keep_light(passed))
      count_unkept(type);
    return;
  }
  passed->owner = owner_of_call(task);
  keep_arguments(passed, request, type);
  if (is_send(type) && !passed->passed[4])
    return;
  if (!is_send(type) && !silent) {
    if (keep_request(passed, control))
      return;
    if (makes_fd(type)) { /* its completion will do, unless that overflows */
      count_unkept_request(type, control);
      return;
    }
  }
  if (silent && makes_fd(type) && type != EVENT_SOCKET) {
    if (keep_silent(passed, control))
      return;
    count_unkept_request(type, control);
  }
  presume_success(passed, task, flags & REQUEST_FIXED_FILE);
  passed->submitted = 1;
  link_texts(passed);
  write_request(ctx, passed, control, request);
}

/* On io_uring_submit_req (io_uring_submit_sqe before 6.2), whose first argument is the request. The task is the
 * submitter, or the ring's own thread (SQPOLL), which is a thread of the process that made the ring. */
SEC("raw_tp") int on_request(struct bpf_raw_tracepoint_args *ctx) {
  u64 request =
      on_trace_events ? PINNED((u64)((struct trace_event_raw_io_uring_submit_req *)ctx)->req) : PINNED(ctx->args[0]);
  struct capture_shared *control = capture();
  struct passed_call *passed = passed_space();
  if (!control || !passed)
    return PASS_ON;
  take_submission(ctx, request, passed, control);
  return finish(ctx, passed, control, request);
}

/* A request that has made a descriptor and was not kept: from what it has when it completes. One that was refused
 * before its submission has nothing. */
inline_always bool rebuild(struct passed_call *passed, const struct completion *completion,
                           struct capture_shared *control, struct task_struct *task) {
  u32 type = completion->request ? request_type(LOAD(io_kiocb, completion->request, opcode)) : 0;
  if (!makes_fd(type) || completion->result < 0 || !may_be_wanted(control, type))
    return false;
  begin_request(passed, completion->request, type, task);
  keep_making(passed, completion->request, type);
  return true;
}

/* Removes a pending request and reports it. Of one that was not kept the names are gone; the file that it has made is
 * known. */
inline_always void complete(void *ctx, const struct completion *completion, struct capture_shared *control) {
  struct passed_call *passed = passed_space();
  struct task_struct *task = bpf_get_current_task_btf();
  if (!passed)
    return;
  if (take_request(passed, completion, control)) {
    if (passed->serial == SERIAL_REPORTED && passed->type != EVENT_CONNECT && passed->result == completion->result)
      return; /* a connect may have been reported for another request: see may_be_forged() */
    link_texts(passed);
  } else if (!rebuild(passed, completion, control, task)) {
    return;
  }
  passed->result = completion->result;
  if (!makes_fd(passed->type)) {
    passed->fd = passed->passed[0];
    passed->file = LOAD_WORD(io_kiocb, passed->request, file);
  } else if (completion->result >= 0) {
    find_made_file(passed, task);
    if (!passed->file)
      count_unkept(passed->type);
  }
  write_request(ctx, passed, control, 0);
}

inline_always void complete_light(void *ctx, const struct completion *completion, struct capture_shared *control) {
  struct passed_call *passed = passed_space();
  if (passed && find_light_request(passed, completion))
    write_request(ctx, passed, control, 0);
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
  struct capture_shared *control = capture();
  struct passed_call *passed = passed_space();
  if (!control || !passed)
    return PASS_ON;
  if (!completion.request || is_light(type))
    complete_light(ctx, &completion, control);
  else if (type && !is_send(type))
    complete(ctx, &completion, control);
  passed->request = 0;
  return finish(ctx, passed, control, 0);
}

/* On io_uring_cqe_overflow: a completion that did not fit into the ring. Ring, user_data, result, flags. */
SEC("raw_tp") int on_request_overflowed(struct bpf_raw_tracepoint_args *ctx) {
  const struct trace_event_raw_io_uring_cqe_overflow *event = (void *)ctx;
  struct capture_shared *control = capture();
  struct completion completion = {};
  if (on_trace_events)
    completion = (struct completion){PINNED((u64)event->ctx), 0, PINNED(event->user_data), PINNED(event->res),
                                     PINNED(event->cflags)};
  else
    completion =
        (struct completion){PINNED(ctx->args[0]), 0, PINNED(ctx->args[1]), PINNED(ctx->args[2]), PINNED(ctx->args[3])};
  if (!control)
    return PASS_ON;
  complete_light(ctx, &completion, control);
  if (!(completion.flags & COMPLETION_MORE))
    complete(ctx, &completion, control);
  return PASS_ON;
}
