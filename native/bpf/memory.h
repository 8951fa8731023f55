/* Memory of a process, and its page faults: read when an image is created, as Falco reads them on clone and exec. */

#ifndef WASPREY_MEMORY_H
#define WASPREY_MEMORY_H

#include "maps.h"

enum memory_counter { MEMORY_FILES, MEMORY_ANONYMOUS, MEMORY_SWAPPED, MEMORY_SHARED };

/* mm_struct.rss_stat is an array of per-CPU counters since 6.2, a struct of plain ones before. */
struct mm_rss_stat___before_6_2 {
  u64 count[4];
} RELOCATED;
struct mm_struct___before_6_2 {
  struct mm_rss_stat___before_6_2 rss_stat;
} RELOCATED;

inline_always u64 pages_of(u64 mm, enum memory_counter counter) {
  s64 pages;
  if (bpf_core_type_exists(struct mm_rss_stat___before_6_2))
    pages = load_word(mm + bpf_core_field_offset(struct mm_struct___before_6_2, rss_stat) + counter * sizeof(u64));
  else
    pages = load_word(mm + bpf_core_field_offset(struct mm_struct, rss_stat) +
                      counter * bpf_core_type_size(struct percpu_counter) +
                      bpf_core_field_offset(struct percpu_counter, count));
  return pages < 0 ? 0 : pages; /* the shares that CPUs have not added yet are left out */
}

inline_always void fill_memory(struct image *image, struct task_struct *task) {
  u64 mm = LOAD_WORD(task_struct, task, mm);
  u64 leader = LOAD_WORD(task_struct, task, group_leader);
  image->faults_major = LOAD(task_struct, leader, maj_flt);
  image->faults_minor = LOAD(task_struct, leader, min_flt);
  image->vm_size = image->vm_rss = image->vm_swap = 0;
  if (!mm)
    return;
  image->vm_size = LOAD(mm_struct, mm, total_vm) * page_kb;
  image->vm_rss = (pages_of(mm, MEMORY_FILES) + pages_of(mm, MEMORY_ANONYMOUS) + pages_of(mm, MEMORY_SHARED)) * page_kb;
  image->vm_swap = pages_of(mm, MEMORY_SWAPPED) * page_kb;
}

#endif
