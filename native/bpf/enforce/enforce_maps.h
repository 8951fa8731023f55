/* The maps of enforcement. They are made while a rule that the kernel enforces is in use. */

#ifndef WASPREY_ENFORCE_MAPS_H
#define WASPREY_ENFORCE_MAPS_H

#include "enforce/enforce_tables.h"
#include "maps.h"

/* The tables in use, as with the kernel filter. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 1);
  __type(key, u32);
  __array(
      values, struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(map_flags, BPF_F_MMAPABLE);
        __uint(max_entries, 1);
        __uint(key_size, sizeof(u32));
        __uint(value_size, sizeof(struct enforcement));
      });
} enforcements SEC(".maps");

/* Images that have found their entry in the tables taken. Values are allocated on demand. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, ENFORCE_CROWD);
  __type(key, struct enforce_crowded);
  __type(value, struct enforce_process);
} enforce_crowd SEC(".maps");

/* By the cgroup's number; filled by the reader. Values are allocated on demand. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, ENFORCE_CGROUPS);
  __type(key, u64);
  __type(value, struct enforce_cgroup);
} enforce_cgroups SEC(".maps");

/* By number of the container. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, u64);
  __type(value, enforce_window);
} enforce_windows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct enforce_counts);
} enforce_counts SEC(".maps");

/* A process that is acted on counts once towards the limits, however many of its calls are refused: of one kind of
 * action, by the same tables, and as long as a window lasts. */
struct enforce_once {
  u64 started;
  u32 process;
  u32 kind; /* kind_of_action() */
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, struct enforce_once);
  __type(value, u64); /* the second of the boot in which it was counted */
} enforce_acted SEC(".maps");

/* The tables in use. A program takes them once, and passes them on: others may be in use by the next look, in which the
 * same bits are those of other clauses. */
inline_always const struct enforcement *find_enforcement(void) {
  u32 zero = 0;
  void *map = bpf_map_lookup_elem(&enforcements, &zero);
  return map ? bpf_map_lookup_elem(map, &zero) : 0;
}

#endif
