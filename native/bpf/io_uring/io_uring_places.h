/* Places that kept opens put their file into, and requests that may take it out of there. */

#ifndef WASPREY_IO_URING_PLACES_H
#define WASPREY_IO_URING_PLACES_H

#include "io_uring/io_uring_kept.h"

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

#endif
