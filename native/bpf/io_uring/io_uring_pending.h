/* Requests of io_uring from their submission to their completion, whatever the process calls them. */

#ifndef WASPREY_IO_URING_PENDING_H
#define WASPREY_IO_URING_PENDING_H

#include "io_uring/io_uring_arguments.h"
#include "io_uring/io_uring_ended.h"
#include "io_uring/io_uring_files.h"
#include "io_uring/io_uring_places.h"
#include "io_uring/io_uring_shares.h"

/* Begins a call: what it is, and who made it. */
inline_always void begin_request(struct passed_call *passed, u64 request, u32 type, struct task_struct *task) {
  __builtin_memset(passed, 0, offsetof(struct passed_call, texts));
  passed->type = type;
  passed->way = WAY_IO_URING;
  passed->ring = LOAD_WORD(io_kiocb, request, ctx);
  passed->user_data = LOAD_WORD(io_kiocb, request, cqe.user_data);
  passed->request = request;
  fill_caller(passed, task);
  passed->flags |= EVENT_FLAG_IO_URING;
}

/* Claims the event of a kept request; false if another CPU has done so. */
inline_always bool claim_request(struct passed_call *kept, struct capture_shared *control) {
  if (__sync_val_compare_and_swap(&kept->serial, 0, SERIAL_REPORTED))
    return false;
  if (is_open(kept->type))
    count_kept_open(kept, -1, control);
  return true;
}

/* Takes a request of that owner out; false if another CPU has done so. */
inline_always bool remove_request(const u64 *key, u64 owner) {
  if (bpf_map_delete_elem(&requests, key))
    return false;
  count_request(owner, -1);
  return true;
}

/* Removes what was left by requests that ended without a completion: those linked to a silent one that failed, which
 * are made silent then. Others that have ended may have their completion before them: on a ring that defers it, as long
 * as their process likes. A connect that has its event stays until its completion (may_be_forged()), if that comes. */
static long drop_ended(void *map, u64 *key, struct passed_call *kept, void *nothing) {
  /* Copies: the element may be another request's as soon as another CPU has taken this one out. */
  u64 request = *(volatile u64 *)key, owner = *(volatile u64 *)&kept->owner;
  struct capture_shared *control = capture();
  bool is_left = is_by_name(kept->type) && !has_names(request) && !kept->serial &&
                 LOAD_WORD(io_kiocb, request, flags) & REQUEST_SILENT_SUCCESS;
  if (control && kept->request == request &&
      (!is_same_request(kept) || is_left || (kept->type == EVENT_CONNECT && kept->serial))) {
    claim_request(kept, control);
    remove_request(&request, owner);
  }
  return 0;
}

/* Takes out an ended request that was in the same memory. */
inline_always void drop_older(u64 request, struct capture_shared *control) {
  struct passed_call *older = bpf_map_lookup_elem(&requests, &request);
  if (!older)
    return;
  claim_request(older, control);
  remove_request(&request, older->owner);
}

inline_always bool put_request(struct passed_call *passed, struct capture_shared *control) {
  u64 key = passed->request;
  if (!may_keep(passed) || bpf_map_update_elem(&requests, &key, passed, BPF_NOEXIST))
    return false;
  count_request(passed->owner, 1);
  if (is_open(passed->type))
    count_kept_open(passed, 1, control);
  return true;
}

/* Keeps a request until it completes; false if there is no room, or only that of others. */
inline_always bool keep_request(struct passed_call *passed, struct capture_shared *control) {
  drop_older(passed->request, control);
  if (put_request(passed, control))
    return true;
  bpf_for_each_map_elem(&requests, drop_ended, (void *)0, 0);
  return put_request(passed, control);
}

struct owner_search {
  u64 owner;
  u64 found; /* requests that it has */
};

static long count_owned(void *map, u64 *key, struct passed_call *kept, struct owner_search *search) {
  if (kept->owner == search->owner)
    search->found++;
  return 0;
}

/* As may_keep(). */
inline_always bool may_keep_silent(const struct passed_call *passed, struct capture_shared *control) {
  struct owner_search search = {.owner = passed->owner};
  u64 all = *(volatile u64 *)&control->silent_requests;
  if (all)
    bpf_for_each_map_elem(&silent_requests, count_owned, &search, 0);
  return search.found + all < SILENT_REQUESTS;
}

/* The same for one that completes silently. */
inline_always bool keep_silent(struct passed_call *passed, struct capture_shared *control) {
  if (!may_keep_silent(passed, control))
    return false;
  u64 key = __sync_fetch_and_add(&control->silent_serial, 1) + 1;
  passed->serial = key;
  passed->result = LOAD(io_kiocb, passed->request, cqe.res); /* of an earlier request in its memory */
  if (bpf_map_update_elem(&silent_requests, &key, passed, BPF_NOEXIST))
    return false;
  __sync_fetch_and_add(&control->silent_requests, 1);
  return true;
}

/* Takes one of them out; false if another CPU has done so. */
inline_always bool take_silent(struct passed_call *passed, const struct passed_call *kept, u64 key,
                               struct capture_shared *control) {
  bpf_probe_read_kernel(passed, sizeof(*passed), kept);
  if (bpf_map_delete_elem(&silent_requests, &key))
    return false;
  __sync_fetch_and_add(&control->silent_requests, -1);
  return true;
}

/* Takes out the kept request that has completed. */
inline_always bool take_request(struct passed_call *passed, const struct completion *completion,
                                struct capture_shared *control) {
  struct request_search search = {.completion = *completion, .found = completion->request};
  if (!completion->request)
    bpf_for_each_map_elem(&requests, match_request, &search, 0);
  struct passed_call *kept = bpf_map_lookup_elem(&requests, &search.found);
  if (kept && kept->ring == completion->ring && kept->user_data == completion->user_data) {
    bool ours = claim_request(kept, control); /* no other CPU looks at it now */
    bpf_probe_read_kernel(passed, sizeof(*passed), kept);
    passed->serial = ours ? 0 : SERIAL_REPORTED;
    if (!may_be_forged(kept, completion))
      remove_request(&search.found, passed->owner);
    return true;
  }
  search.found = 0;
  if (control->silent_requests) /* one that failed */
    bpf_for_each_map_elem(&silent_requests, match_request, &search, 0);
  kept = search.found ? bpf_map_lookup_elem(&silent_requests, &search.found) : 0;
  return kept && take_silent(passed, kept, search.found, control);
}

#endif
