/* Requests of io_uring that complete silently and make a descriptor: no tracepoint reports that they have succeeded.
 * They are looked at after each call of io_uring_enter, after each submission and completion, and by the addon from
 * time to time, for what threads of the kernel do.
 *
 * Of other requests the kernel defers the completions to the end of a batch. Opens are looked at before a later request
 * of the batch begins that may put another file in the place of theirs. */

#include "io_uring/io_uring_pending.h"

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

struct settling {
  u64 request; /* that was submitted just now; others at its address have ended. 0: none */
  u64 serial;
  u64 ring;      /* its own */
  u32 process;   /* the current thread group; 0: requests of all are looked at */
  u32 submitted; /* 1: the request has not begun */
  u32 replaces;  /* it may put a file into a slot, or among the descriptors of the process */
  u32 slot;      /* which, counted from 1; 0: not a slot; SLOT_ANY: any */
  u32 opens;     /* by a name */
};

/* What a request may replace. One that takes any slot takes an empty one. */
inline_always void find_replaced(struct settling *settling) {
  u64 request = settling->request;
  u32 opcode = LOAD(io_kiocb, request, opcode);
  u32 type = request_type(opcode);
  settling->replaces = makes_fd(type) || opcode == REQUEST_FILES_UPDATE || opcode == REQUEST_PIPE;
  settling->opens = is_open(type);
  settling->slot = SLOT_ANY;
  if (is_open(type))
    settling->slot = PART(open, file_slot);
  else if (type == EVENT_ACCEPT4)
    settling->slot = PART(accept, file_slot);
  else if (type == EVENT_SOCKET)
    settling->slot = PART(socket, file_slot);
}

/* Notes on a request that has not ended that the one submitted just now may replace its file: both may be of one chain,
 * whose requests begin one after the other without a tracepoint. The first such request counts. */
inline_always void note_replacer(struct passed_call *kept, const struct settling *settling) {
  u32 slot = kept->passed[5];
  if (!settling->replaces || kept->replacer || kept->ring != settling->ring || !slot != !settling->slot)
    return;
  if (slot != settling->slot && slot != SLOT_ANY && settling->slot != SLOT_ANY)
    return;
  kept->replacer_opens = settling->opens;
  kept->replacer = settling->request;
}

/* A global function, as put_path() is: makes the event of the call in passed_calls. `task` is the address of the one
 * whose files and root count. `time` is when the request was seen to have ended, before it was taken out: from then on
 * other CPUs may make events of what the process does next, before this one is made. */
__noinline u32 write_settled(u64 task, u64 time) {
  struct record record;
  struct passed_call *passed = passed_space();
  struct task_struct *current = bpf_get_current_task_btf();
  if (!passed || !open_record(&record))
    return 0;
  record.image = passed->image;
  record.of_other = passed->process != (u32)LOAD(task_struct, task, tgid);
  record.share = (passed->process != (u32)current->tgid) * OF_SUBMITTER;
  struct call call = {.passed = passed->passed, .way = WAY_IO_URING, .fd = passed->fd, .file = passed->file};
  if (passed->type == EVENT_ACCEPT4) {
    struct used_socket used = {.file = passed->file};
    if (is_socket(used.file))
      used.sock = sock_of(used.file);
    if (!reserve_passed(&record, passed, current, NETWORK_LONGEST, sizeof(struct event_network)))
      return 0;
    record.header->time = time;
    write_socket(&record, (struct task_struct *)task, &call, &used, passed->result);
  } else if (reserve_passed(&record, passed, current, OPEN_LONGEST, sizeof(struct event_open))) {
    record.header->time = time;
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
  if (settling->process && kept->process != settling->process && kept->ring != settling->ring &&
      request != settling->request)
    return 0;
  bool known = request == settling->request || is_same_request(kept);
  bool ended =
      !known || request == settling->request || (kept->type == EVENT_ACCEPT4 ? is_accepted(kept) : !has_names(request));
  s32 result = LOAD(io_kiocb, request, cqe.res);
  if (!ended)
    note_replacer(kept, settling);
  if (!ended || (known && result < 0 && !(LOAD_WORD(io_kiocb, request, flags) & REQUEST_SILENT_SUCCESS)))
    return 0;
  u64 task = known ? submitter_of(request) : bpf_get_current_task(), time = wall_time(control);
  if (!take_silent(passed, kept, *key, control))
    return 0;
  passed->result = result;
  if (!known)
    presume_success(passed, (struct task_struct *)task, false);
  else if (result >= 0)
    find_made_file(passed, (struct task_struct *)task);
  if (may_be_replaced(passed, settling->submitted ? settling->request : 0))
    passed->file = 0;
  if (result >= 0 && !passed->file)
    count_unkept(passed->type);
  link_texts(passed);
  write_settled(task, time);
  return 0;
}

/* Reports a kept open that has ended, before its completion. One that failed has no file: its completion will do. */
static long settle_kept_step(void *map, u64 *key, struct passed_call *kept, struct settling *settling) {
  struct capture_shared *control = capture();
  struct passed_call *passed = passed_space();
  u64 request = kept->request;
  if (!control || !passed || kept->ring != settling->ring || request == settling->request || kept->serial ||
      !is_open(kept->type) || !is_same_request(kept) || has_names(request))
    return 0;
  s32 result = LOAD(io_kiocb, request, cqe.res);
  u64 time = wall_time(control);
  if (result < 0 || !claim_request(kept, control))
    return 0;
  kept->result = result;
  bpf_probe_read_kernel(passed, sizeof(*passed), kept);
  u64 task = submitter_of(request);
  find_made_file(passed, (struct task_struct *)task);
  if (!passed->file)
    count_unkept(passed->type);
  link_texts(passed);
  write_settled(task, time);
  return 0;
}

inline_always void settle(struct settling *settling) {
  struct capture_shared *control = capture();
  if (control && control->silent_requests)
    bpf_for_each_map_elem(&silent_requests, settle_step, settling, 0);
}

/* Those in whose place the submitted request may put another file, or none. A walk takes 50 us, so a single one is
 * looked up. */
inline_always void settle_kept(struct settling *settling) {
  struct kept_opens opens = replaceable_by(settling->request);
  struct passed_call *kept = opens.count == 1 ? bpf_map_lookup_elem(&requests, &opens.addresses) : 0;
  if (kept)
    settle_kept_step(0, 0, kept, settling);
  else if (opens.count)
    bpf_for_each_map_elem(&requests, settle_kept_step, settling, 0);
}

/* After a call of io_uring_enter, and after the other programs on requests. */
SEC("raw_tp") int on_requests_settled(void *ctx) {
  struct passed_call *passed = passed_space();
  struct settling settling = {.process = bpf_get_current_task_btf()->tgid};
  u32 what = passed ? passed->settle : 0;
  if (what) {
    settling.request = passed->request;
    settling.serial = passed->serial;
    passed->settle = 0;
    if (settling.request)
      settling.ring = LOAD_WORD(io_kiocb, settling.request, ctx);
  }
  if (what & SETTLE_SUBMITTED) {
    settling.submitted = 1;
    find_replaced(&settling);
  }
  if (what & SETTLE_KEPT)
    settle_kept(&settling);
  settle(&settling);
  return PASS_ON;
}

/* Run by the addon. */
SEC("raw_tp") int on_requests_settled_late(void *ctx) {
  struct settling settling = {};
  settle(&settling);
  return 0;
}
