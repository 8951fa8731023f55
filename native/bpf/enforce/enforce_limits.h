/* The limits of enforcement: so many actions within that time, on the node and in a container. */

#ifndef WASPREY_ENFORCE_LIMITS_H
#define WASPREY_ENFORCE_LIMITS_H

#include "enforce/enforce_decide.h"
#include "enforce/enforce_maps.h"

#define NANOSECONDS 1000000000
#define TAKE_ATTEMPTS 8

/* Takes one from a window; false if none is left, or others take from it all the time. */
inline_always bool take_from(enforce_window *window, const struct enforce_limit *limit, u64 now) {
#pragma unroll
  for (u32 i = 0; i < TAKE_ATTEMPTS; i++) {
    enforce_window before = *(volatile enforce_window *)window;
    enforce_window after = enforce_next_window(before, limit, now);
    if (!after)
      return false;
    if (__sync_val_compare_and_swap(window, before, after) == before)
      return true;
  }
  return false;
}

/* Whether a window has one left. */
inline_always bool has_left(const enforce_window *window, const struct enforce_limit *limit, u64 now) {
  return enforce_next_window(*(const volatile enforce_window *)window, limit, now);
}

inline_always u32 kind_of_action(const struct enforcement *table, bool kills) {
  return table->serial << 2 | (table->observes ? 2 : 0) | kills;
}

/* Whether the limits of the node and of the container leave an action for this process. */
inline_always bool within_limits(const struct enforcement *table, const struct enforce_cgroup *cgroup,
                                 struct task_struct *task, bool kills) {
  u32 zero = 0;
  u64 now = bpf_ktime_get_boot_ns() / NANOSECONDS;
  u64 container = cgroup->container;
  u64 shortest = table->node.seconds < table->container.seconds ? table->node.seconds : table->container.seconds;
  struct enforce_once once = {LOAD(task_struct, LOAD_WORD(task_struct, task, group_leader), start_boottime), task->tgid,
                              kind_of_action(table, kills)};
  const u64 *counted = bpf_map_lookup_elem(&enforce_acted, &once);
  if (counted && now < *counted + shortest)
    return true;
  struct enforce_counts *counts = bpf_map_lookup_elem(&enforce_counts, &zero);
  /* If the node has nothing left, the limit of the container is not used up. Nor is a window made for it: there is room
   * for a bounded number of them. */
  if (!counts || !has_left(&counts->node, &table->node, now))
    return false;
  if (cgroup->where == ENFORCE_CONTAINER) {
    enforce_window *window = bpf_map_lookup_elem(&enforce_windows, &container);
    if (!window) {
      enforce_window fresh = 0;
      bpf_map_update_elem(&enforce_windows, &container, &fresh, BPF_NOEXIST);
      window = bpf_map_lookup_elem(&enforce_windows, &container);
    }
    if (!window || !take_from(window, &table->container, now))
      return false;
  }
  if (!take_from(&counts->node, &table->node, now))
    return false;
  bpf_map_update_elem(&enforce_acted, &once, &now, BPF_ANY);
  return true;
}

#endif
