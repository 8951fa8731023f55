/* Calls on mappings of memory: mmap and mprotect. Programs make them all the time, so those that nobody asks for are
 * left out first. */

#ifndef WASPREY_MAPPING_H
#define WASPREY_MAPPING_H

#include "descriptor.h"
#include "filter/filter.h"

/* The same on x86 and ARM. */
#define PROT_EXEC 4
#define MAP_ANONYMOUS 0x20

inline_always bool is_mapping(u32 type) {
  return type == EVENT_MMAP || type == EVENT_MPROTECT;
}

/* Whether an event is of memory that is not made executable, and a clause for executable memory is all that it could
 * satisfy. Needs no process, unlike passes(), and is not counted as filtered. */
inline_always bool is_ordinary_memory(u32 type, const struct call *call) {
  if (!is_mapping(type) || ARGUMENT(call, 2) & PROT_EXEC)
    return false;
  struct filter *filter = find_filter();
  return filter && !(filter->types[BOUNDED(type, 0, EVENT_TYPE_COUNT - 1)] & filter->ordinary_memory);
}

/* A search for a file in memory that a range of addresses is mapped to. */
struct mapping_search {
  u64 at;
  u64 end;
  u64 found; /* address of the file; 0: none */
};

#define MAPPINGS_UNKNOWN (~0ull) /* as `found`: another thread changes the mappings, or there are too many */
#define MOST_MAPPINGS 64

static long look_at_mapping(struct task_struct *task, struct vm_area_struct *area, struct mapping_search *search) {
  u64 mapping = (u64)area;
  u64 file = LOAD_WORD(vm_area_struct, mapping, vm_file);
  if (file && is_memfd(LOAD_WORD(file, file, f_path.dentry)))
    search->found = file;
  search->at = LOAD_WORD(vm_area_struct, mapping, vm_end);
  return 0;
}

static long look_further(u32 index, struct mapping_search *search) {
  u64 at = search->at;
  long result = bpf_find_vma(bpf_get_current_task_btf(), at, look_at_mapping, search, 0);
  if (result == -16 /* EBUSY */)
    search->found = MAPPINGS_UNKNOWN;
  return search->found || search->at <= at || search->at >= search->end; /* 1 ends the search */
}

/* Address of the first file in memory (memfd) that addresses of the current process are mapped to. A global function,
 * as put_path() is. */
__noinline u64 memfd_between(u64 start, u64 end) {
  struct mapping_search search = {.at = start, .end = end};
  if (bpf_loop(MOST_MAPPINGS, look_further, &search, 0) == MOST_MAPPINGS && !search.found && search.at < end)
    return MAPPINGS_UNKNOWN;
  return search.found;
}

/* Whether a call on a mapping made memory executable that a file in memory is behind; true where that is not known. */
inline_always bool makes_memfd_executable(u32 type, const struct call *call, struct task_struct *task) {
  if (!(ARGUMENT(call, 2) & PROT_EXEC))
    return false;
  if (type == EVENT_MPROTECT)
    return memfd_between(ARGUMENT(call, 0), ARGUMENT(call, 0) + ARGUMENT(call, 1)) != 0;
  u64 file = ARGUMENT(call, 3) & MAP_ANONYMOUS ? 0 : file_at(task, (s32)ARGUMENT(call, 4));
  return file && is_memfd(LOAD_WORD(file, file, f_path.dentry));
}

/* As passes(), of a call on a descriptor or a mapping. */
inline_always bool passes_descriptor(struct record *record, const struct call *call, struct task_struct *task) {
  struct filter *filter = find_filter();
  if (!filter)
    return true;
  u64 clauses = clauses_of_call(filter, record, record->type, record->result, FILTER_OTHER);
  if (is_mapping(record->type) && clauses && !(clauses & filter->ordinary_memory) &&
      !makes_memfd_executable(record->type, call, task))
    clauses = 0;
  return clauses || filtered(record, record->type);
}

#endif
