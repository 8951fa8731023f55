/* Requests of io_uring from their submission to their completion, whatever the process calls them. */

#ifndef WASPREY_IO_URING_PENDING_H
#define WASPREY_IO_URING_PENDING_H

#include "io_uring/io_uring_arguments.h"
#include "io_uring/io_uring_files.h"

#define REQUESTS 1024

/* By the address of the request. Values are allocated on demand. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, REQUESTS);
  __type(key, u64);
  __type(value, struct passed_call);
} requests SEC(".maps");

#define OWNERS 1021 /* a prime number: users and cgroups differ in their highest bit alone */

/* How many of these requests an owner has, by a hash of who it is; behind them, how many there are. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, OWNERS + 1);
  __type(key, u32);
  __type(value, u64);
} request_shares SEC(".maps");

#define SILENT_REQUESTS 256

/* Those that complete silently (IOSQE_CQE_SKIP_SUCCESS), and whose file is known only then: by a serial number, because
 * the address may be that of another request before the completion is noticed. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, SILENT_REQUESTS);
  __type(key, u64);
  __type(value, struct passed_call);
} silent_requests SEC(".maps");

/* A completion, whichever tracepoint reports it. */
struct completion {
  u64 ring;
  u64 request; /* its address; 0: not known */
  u64 user_data;
  s32 result;
  u32 flags;
};

struct request_search {
  struct completion completion;
  u64 found; /* key; 0: none */
};

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

/* Whether that is still the request that was kept, and not a later one in the same memory. */
inline_always bool is_same_request(const struct passed_call *kept) {
  u64 request = kept->request;
  return request_type(LOAD(io_kiocb, request, opcode)) == kept->type &&
         LOAD_WORD(io_kiocb, request, ctx) == kept->ring &&
         LOAD_WORD(io_kiocb, request, cqe.user_data) == kept->user_data;
}

/* Whether the request has a copy of names that it frees when it ends. */
inline_always bool has_names(u64 request) {
  return LOAD_WORD(io_kiocb, request, flags) & REQUEST_NEEDS_CLEANUP;
}

/* Whether requests of the type have names while they are pending. */
inline_always bool is_by_name(u32 type) {
  return type != EVENT_CONNECT && type != EVENT_BIND && type != EVENT_SOCKET && type != EVENT_LISTEN &&
         type != EVENT_FTRUNCATE;
}

/* A completed accept has its result, and flags in place of its descriptor. */
inline_always bool is_accepted(const struct passed_call *kept) {
  u64 request = kept->request;
  return LOAD(io_kiocb, request, cqe.fd) != (s32)kept->passed[0] || LOAD(io_kiocb, request, cqe.res) != kept->result;
}

/* Whether a request has its result; before, there is in its place what an earlier request has left. */
inline_always bool may_have_ended(const struct passed_call *kept) {
  if (LOAD_WORD(io_kiocb, kept->request, flags) & REQUEST_FAILED)
    return true;
  if (kept->type == EVENT_ACCEPT4)
    return is_accepted(kept);
  return !is_by_name(kept->type) || !has_names(kept->request);
}

/* Whether a completion that names no request may be that of another one: of a connect nothing shows that it has not
 * ended. So it is kept, as reported, until its own completion comes. */
inline_always bool may_be_forged(const struct passed_call *kept, const struct completion *completion) {
  return !completion->request && kept->type == EVENT_CONNECT;
}

/* Several requests of a ring may have the same user_data, and so may completions of requests that are not kept. Then
 * the result decides, which the request has. */
static long match_request(void *map, u64 *key, struct passed_call *kept, struct request_search *search) {
  const struct completion *completion = &search->completion;
  bool matches = completion->request ? kept->request == completion->request
                                     : kept->ring == completion->ring && kept->user_data == completion->user_data &&
                                           is_same_request(kept) && may_have_ended(kept) &&
                                           LOAD(io_kiocb, kept->request, cqe.res) == completion->result;
  if (matches)
    search->found = *key;
  return matches;
}

/* Kept opens that have no event yet. */
struct kept_opens {
  u64 count;
  u64 addresses; /* sum of those of the requests; of a single one it is the key in `requests` */
};

#define NO_OPENS ((struct kept_opens){})
#define ANY_NUMBER ((struct kept_opens){.count = ~0ull})
#define PLACES 1024

/* The same by the place that they put their file into: a hash of ring and slot (0: a descriptor of the process;
 * SLOT_ANY: chosen by the kernel). */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, PLACES);
  __type(key, u32);
  __type(value, struct kept_opens);
} kept_places SEC(".maps");

inline_always struct kept_opens *kept_at(u64 ring, u32 slot) {
  u32 place = ((u32)(ring >> 6) ^ (u32)(ring >> 16) ^ slot) % PLACES;
  return bpf_map_lookup_elem(&kept_places, &place);
}

inline_always void count_kept_open(const struct passed_call *kept, s64 change, struct capture_shared *control) {
  struct kept_opens *place = kept_at(kept->ring, kept->passed[5]);
  __sync_fetch_and_add(&control->kept_opens, change);
  if (!place)
    return;
  __sync_fetch_and_add(&place->addresses, change * kept->request);
  __sync_fetch_and_add(&place->count, change);
}

/* Claims the event of a kept request; false if another CPU has done so. */
inline_always bool claim_request(struct passed_call *kept, struct capture_shared *control) {
  if (__sync_val_compare_and_swap(&kept->serial, 0, SERIAL_REPORTED))
    return false;
  if (is_open(kept->type))
    count_kept_open(kept, -1, control);
  return true;
}

/* The kept opens, but for the request itself, whose file it may take out or replace. One that makes a descriptor, or
 * lets the kernel choose the slot, gets an empty place. */
inline_always struct kept_opens replaceable_by(u64 request) {
  struct io_close___request *part = 0;
  u32 opcode = LOAD(io_kiocb, request, opcode), type = request_type(opcode), slot = 0;
  bool closes = opcode == REQUEST_CLOSE;
  if (is_open(type))
    slot = PART(open, file_slot);
  else if (type == EVENT_ACCEPT4)
    slot = PART(accept, file_slot);
  else if (type == EVENT_SOCKET)
    slot = PART(socket, file_slot);
  else if (closes && bpf_core_field_exists(part->file_slot))
    slot = PART(close, file_slot);
  else if (closes || opcode == REQUEST_FILES_UPDATE || opcode == REQUEST_PIPE)
    return ANY_NUMBER;
  if (!closes && (!slot || slot == SLOT_ANY))
    return NO_OPENS;
  u64 ring = LOAD_WORD(io_kiocb, request, ctx);
  struct kept_opens *there = kept_at(ring, slot), *anywhere = slot ? kept_at(ring, SLOT_ANY) : 0;
  struct kept_opens opens = there ? *there : NO_OPENS;
  if (anywhere) {
    opens.count += anywhere->count;
    opens.addresses += anywhere->addresses;
  }
  struct passed_call *own = opens.count ? bpf_map_lookup_elem(&requests, &request) : 0;
  if (own && is_open(own->type) && own->ring == ring && own->passed[5] == slot && !own->serial) {
    opens.count--;
    opens.addresses -= request;
  }
  return opens;
}

inline_always u64 *request_share(u32 place) {
  return bpf_map_lookup_elem(&request_shares, &place);
}

inline_always void count_request(u64 owner, s64 change) {
  u64 *own = request_share(owner % OWNERS), *all = request_share(OWNERS);
  if (!own || !all)
    return;
  __sync_fetch_and_add(own, change);
  __sync_fetch_and_add(all, change);
}

/* Whether the owner of a request has less room than is free: whoever takes a lot leaves the others a share, as in
 * share.h. Nothing is held back while there is plenty. */
inline_always bool may_keep(const struct passed_call *passed) {
  u64 *own = request_share(passed->owner % OWNERS), *all = request_share(OWNERS);
  if (!own || !all)
    return true;
  u64 taken = *(volatile u64 *)all;
  /* Signed: a request may be taken out before it is counted. */
  return taken < REQUESTS / 8 || (s64)(*(volatile u64 *)own + taken) < REQUESTS;
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
