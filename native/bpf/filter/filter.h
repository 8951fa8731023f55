/* The kernel filter: whether any rule can match an event, before a record is made. Undecidable events
 * pass. test/support/reference/filter-reference.ts is the same in TypeScript. */

#ifndef WASPREY_FILTER_H
#define WASPREY_FILTER_H

#include "socket.h"
#include "filter/filter_tables.h"

/* Contains the filter, or nothing when there is none. Replacing it waits until no program uses the old one. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 1);
  __type(key, u32);
  __array(
      values, struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(map_flags, BPF_F_MMAPABLE);
        __uint(max_entries, 1);
        __uint(key_size, sizeof(u32)); /* no types: 6.1 wants those of the map that replaces it, which has none */
        __uint(value_size, sizeof(struct filter));
      });
} filters SEC(".maps");

inline_always struct filter *find_filter(void) {
  u32 zero = 0;
  void *map = bpf_map_lookup_elem(&filters, &zero);
  return map ? bpf_map_lookup_elem(map, &zero) : 0;
}

/* The entry of an image, or 0. Its data are only valid if the image is unchanged after they were read. */
inline_always struct filter_process *process_entry(struct filter *filter, u64 image) {
  struct filter_process *entry = &filter->processes[image % FILTER_PROCESSES];
  return image && *(volatile u64 *)&entry->image == image ? entry : 0;
}

inline_always bool still_of(const struct filter_process *entry, u64 image) {
  barrier();
  return *(volatile u64 *)&entry->image == image;
}

/* An image that is not read yet may satisfy every clause. One whose entry another has may satisfy those of the rules,
 * but not that of captures: if it were captured, it would have the entry. */
inline_always u64 clauses_of_process(struct filter *filter, u64 image, u32 family) {
  struct filter_process *entry = process_entry(filter, image);
  if (!entry) {
    u64 there = *(volatile u64 *)&filter->processes[image % FILTER_PROCESSES].image;
    return image && there && there != image ? *(volatile u64 *)&filter->of_others : FILTER_EVERY_CLAUSE;
  }
  u64 clauses = *(volatile u64 *)&entry->clauses[family];
  return still_of(entry, image) ? clauses : FILTER_EVERY_CLAUSE;
}

/* Clauses that an event of the type can satisfy, by its result and its process. The family is a constant. */
inline_always u64 clauses_of_call(struct filter *filter, const struct record *record, u64 type, s64 result,
                                  u32 family) {
  if (type >= EVENT_TYPE_COUNT)
    return FILTER_EVERY_CLAUSE;
  return filter->types[type] & filter->results[family][result < 0] & clauses_of_process(filter, record->image, family);
}

/* Counts an event that no rule can match. Returns false, which the programs continue with. */
inline_always bool filtered(struct record *record, u64 type) {
  if (!*(volatile u32 *)&record->capture->finished)
    __sync_fetch_and_add(&record->ring->filtered[BOUNDED(type, 0, EVENT_TYPE_COUNT - 1)], 1);
  return false;
}

/* Whether any rule can match the event, by the facts common to all calls. */
inline_always bool passes(struct record *record, u32 family) {
  struct filter *filter = find_filter();
  if (!filter)
    return true;
  return clauses_of_call(filter, record, record->type, record->result, family) || filtered(record, record->type);
}

/* Clauses that calls on the open file at an address can satisfy, whose sock is given if it is a socket; 0: none. */
inline_always u64 clauses_of_socket(struct filter *filter, u64 file, u64 sock) {
  if (!sock)
    return filter->sockets[file ? SOCKET_KIND_OTHER : SOCKET_KIND_NONE];
  switch (LOAD(sock, sock, __sk_common.skc_family)) {
    case AF_INET:
      return filter->sockets[SOCKET_KIND_IPV4];
    case AF_INET6: /* its addresses may be those of IPv4 */
      return filter->sockets[SOCKET_KIND_IPV4] | filter->sockets[SOCKET_KIND_IPV6];
    case AF_UNIX:
      return filter->sockets[SOCKET_KIND_UNIX];
    default:
      return filter->sockets[SOCKET_KIND_OTHER];
  }
}

#endif
