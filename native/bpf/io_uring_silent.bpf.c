/* Requests of io_uring that complete silently and make a descriptor: no tracepoint reports that they have succeeded.
 * They are looked at after each call of io_uring_enter, after each submission and completion, and by the addon from
 * time to time, for what threads of the kernel do. */

#include "io_uring_pending.h"

/* Who submitted a request: a member of it up to 6.12, of its context in the task since. */
struct io_kiocb___task {
  struct task_struct *task;
} RELOCATED;
struct io_kiocb___context {
  struct io_uring_task *tctx;
} RELOCATED;

inline_always u64 submitter_of(u64 request) {
  struct io_kiocb___task *older = 0;
  if (bpf_core_field_exists(older->task))
    return LOAD_WORD(io_kiocb___task, request, task);
  return LOAD_WORD(io_uring_task, LOAD_WORD(io_kiocb___context, request, tctx), task);
}

/* The request that was submitted just now. Others at its address have ended. */
struct settling {
  u64 request; /* 0: none */
  u64 serial;
};

/* A completed accept has its result, and flags in place of its descriptor. */
inline_always bool is_accepted(const struct passed_call *kept) {
  u64 request = kept->request;
  return LOAD(io_kiocb, request, cqe.fd) != (s32)kept->passed[0] || LOAD(io_kiocb, request, cqe.res) != kept->result;
}

/* A global function, as put_path() is: makes the event of the call in passed_calls. `task` is the address of the one
 * whose files and root count. */
__noinline u32 write_settled(u64 task) {
  struct record record;
  struct passed_call *passed = passed_space();
  struct task_struct *current = bpf_get_current_task_btf();
  if (!passed || !open_record(&record))
    return 0;
  record.image = passed->image;
  struct call call = {.passed = passed->passed, .way = WAY_IO_URING, .fd = passed->fd, .file = passed->file};
  if (passed->type == EVENT_ACCEPT4) {
    struct used_socket used = {.file = passed->file};
    if (is_socket(used.file))
      used.sock = sock_of(used.file);
    if (reserve_passed(&record, passed, current, NETWORK_LONGEST, sizeof(struct event_network)))
      write_socket(&record, (struct task_struct *)task, &call, &used, passed->result);
  } else if (reserve_passed(&record, passed, current, OPEN_LONGEST, sizeof(struct event_open))) {
    write_open(&record, (struct task_struct *)task, &call, passed->result);
  }
  return 0;
}

/* Reports a kept request if it has completed. One that failed has a completion, unless it was linked to another that
 * failed. Of one whose memory is another's by now the result is unknown. */
static long settle_step(void *map, u64 *key, struct passed_call *kept, struct settling *settling) {
  struct capture_shared *control = capture();
  struct passed_call *passed = passed_space();
  u64 request = kept->request;
  if (!control || !passed || kept->serial == settling->serial)
    return 0;
  bool known = request == settling->request || is_same_request(kept);
  bool ended =
      !known || request == settling->request || (kept->type == EVENT_ACCEPT4 ? is_accepted(kept) : !has_names(request));
  s32 result = LOAD(io_kiocb, request, cqe.res);
  if (!ended || (known && result < 0 && !(LOAD_WORD(io_kiocb, request, flags) & REQUEST_SILENT_SUCCESS)))
    return 0;
  u64 task = known ? submitter_of(request) : bpf_get_current_task();
  if (!take_silent(passed, kept, *key, control))
    return 0;
  passed->result = result;
  if (!known)
    presume_success(passed, (struct task_struct *)task, false);
  else if (result >= 0)
    find_made_file(passed, (struct task_struct *)task);
  if (result >= 0 && !passed->file)
    count_unkept(passed->type);
  link_texts(passed);
  write_settled(task);
  return 0;
}

inline_always void settle(struct settling *settling) {
  struct capture_shared *control = capture();
  if (control && control->silent_requests)
    bpf_for_each_map_elem(&silent_requests, settle_step, settling, 0);
}

/* After a call of io_uring_enter, and after the other programs on requests. */
SEC("raw_tp") int on_requests_settled(void *ctx) {
  struct passed_call *passed = passed_space();
  struct settling settling = {};
  if (passed && passed->settle) {
    settling.request = passed->request;
    settling.serial = passed->serial;
    passed->settle = 0;
  }
  settle(&settling);
  return PASS_ON;
}

/* Run by the addon. */
SEC("raw_tp") int on_requests_settled_late(void *ctx) {
  struct settling settling = {};
  settle(&settling);
  return 0;
}
