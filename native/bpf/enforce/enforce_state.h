/* The state of a process, for programs of BPF LSM.
 *
 * They may be preempted, for as long as other threads like. In bpf_task_storage_get() they would hold the storage of
 * all tasks on their CPU then (bpf_task_storage_busy): before 6.2 the kernel gives the programs that report calls no
 * state there meanwhile, and up to 6.18 it makes none. So they go through the task's storage themselves, and read a
 * copy. */

#ifndef WASPREY_ENFORCE_STATE_H
#define WASPREY_ENFORCE_STATE_H

#include "thread_images.h"

/* Storages of a task that are looked through: those of other programs are among them. */
#define MOST_STORAGES 64

struct storage_search {
  u64 node; /* struct hlist_node of the next storage; 0: there is none */
  u64 map;
  u64 data; /* of the one that was found; 0: none */
};

static long storage_step(u32 index, struct storage_search *search) {
  if (!search->node)
    return 1;
  u64 sdata = search->node - bpf_core_field_offset(struct bpf_local_storage_elem, snode) +
              bpf_core_field_offset(struct bpf_local_storage_elem, sdata);
  if (LOAD_WORD(bpf_local_storage_data, sdata, smap) == search->map) {
    search->data = sdata + bpf_core_field_offset(struct bpf_local_storage_data, data);
    return 1;
  }
  search->node = LOAD_WORD(hlist_node, search->node, next);
  return 0;
}

/* Copies the state that is kept on a task; false if there is none. */
inline_always bool copy_state_on(u64 task, struct process *copy) {
  const void *volatile map = &images; /* its address as a plain number */
  struct storage_search search = {};
  u64 storage = LOAD_WORD(task_struct, task, bpf_storage);
  if (!storage)
    return false;
  bpf_probe_read_kernel(&search.map, sizeof(search.map), (const void *)&map);
  search.node = LOAD_WORD(bpf_local_storage, storage, list.first);
  bpf_loop(MOST_STORAGES, storage_step, &search, 0);
  return search.data && !bpf_probe_read_kernel(copy, sizeof(*copy), (const void *)search.data);
}

/* The image of the current task. */
struct known_image {
  u64 id;      /* 0: none */
  u64 at_once; /* the same id, or 0: it may be out of date, and this program can't have another one made */
};

/* A global function, as put_path() is, with a stack of its own for the copy. */
__noinline int find_image(struct known_image *known) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct process process;
  if (!known || !copy_state_on(leader_of(task), &process))
    return 0;
  if (unlikely(process.watched && !is_leader(task)))
    copy_state_on((u64)task, &process);
  known->id = process.id;
  if (!process.id || process.changed)
    return 0;
  bool parted = process.watched && !is_leader(task) && !process.of_thread && is_apart(task);
  bool certain = !process.watched && !process.of_thread;
  if (certain || (!parted && is_as_before(&process, task)))
    known->at_once = process.id;
  return 0;
}

#endif
