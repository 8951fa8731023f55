/* The files of requests of io_uring: those of the process, and the ring's own. */

#ifndef WASPREY_IO_URING_FILES_H
#define WASPREY_IO_URING_FILES_H

#include "io_uring/io_uring.h"

/* Address of one of the ring's own files, 0 if that place is empty. The low bits of an entry are flags. */
inline_always u64 fixed_file(u64 ring, u32 index) {
  struct io_file_table___nodes *nodes = 0;
  u64 table = ring + bpf_core_field_offset(struct io_ring_ctx, file_table);
  if (bpf_core_field_exists(nodes->data)) {
    u64 data = table + bpf_core_field_offset(nodes->data);
    if (index >= LOAD(io_rsrc_data, data, nr))
      return 0;
    u64 node = load_word(LOAD_WORD(io_rsrc_data, data, nodes) + index * sizeof(void *));
    return node ? LOAD_WORD(io_rsrc_node, node, file_ptr) & FILE_ADDRESS : 0;
  }
  if (index >= LOAD(io_ring_ctx___files, ring, nr_user_files))
    return 0;
  return load_word(LOAD_WORD(io_file_table___files, table, files) + index * sizeof(void *)) & FILE_ADDRESS;
}

/* Finds the file that a request made: in the process's table, or among the ring's own files. */
inline_always void find_made_file(struct passed_call *passed, struct task_struct *task) {
  u32 slot = passed->passed[5];
  s64 number = slot && slot != SLOT_ANY ? slot - 1 : passed->result;
  passed->fd = number;
  passed->file = slot ? fixed_file(passed->ring, number) : file_at(task, number);
}

/* Whether another file may be in the place of the one that a silent request has made. A request that opens a file has
 * its names until it has opened it. `submitted` is the request that was submitted just now; 0: none. */
inline_always bool may_be_replaced(const struct passed_call *passed, u64 submitted) {
  u64 replacer = passed->replacer;
  if (!replacer)
    return false;
  bool waits = passed->replacer_opens && replacer != submitted &&
               is_open(request_type(LOAD(io_kiocb, replacer, opcode))) &&
               LOAD_WORD(io_kiocb, replacer, ctx) == passed->ring &&
               LOAD_WORD(io_kiocb, replacer, flags) & REQUEST_NEEDS_CLEANUP;
  return !waits;
}

/* A request whose result is never reported, or that can't be kept until then: reported as a success. */
inline_always void presume_success(struct passed_call *passed, struct task_struct *task, bool fixed) {
  u32 slot = passed->passed[5];
  passed->result = 0;
  if (makes_fd(passed->type)) {
    passed->fd = slot && slot != SLOT_ANY ? slot - 1 : UNKNOWN_FD;
    return;
  }
  s32 number = passed->passed[0];
  passed->fd = number;
  passed->file = fixed ? fixed_file(passed->ring, number) : file_at(task, number);
}

#endif
