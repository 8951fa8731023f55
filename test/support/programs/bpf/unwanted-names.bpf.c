/* Makes each name that the kernel filter remembers (native/bpf/filter/remembered.h) one that no clause wants. User space
 * can't, because the maps are frozen. Run by unwanted-names.c. */

#include "filter/remembered.h"

/* Of the kernel: its own numbers are in it. */
struct bpf_iter_num {
  u64 state;
};

inline_always void change_all(void *map) {
  int number;
  bpf_for(number, 0, REMEMBERED_NAMES) {
    u32 index = number;
    struct remembered_name *name = bpf_map_lookup_elem(map, &index);
    if (name)
      name->clauses = 0;
  }
}

SEC("raw_tp")
int change_names(void *context) {
  change_all(&remembered_passed);
  change_all(&remembered_resolved);
  return 0;
}

const char LICENSE[] SEC("license") = "GPL";
