/* Which open a thread makes, for the program of BPF LSM that is asked about its file: it has no arguments of the call.
 */

#ifndef WASPREY_ENFORCE_OPENING_H
#define WASPREY_ENFORCE_OPENING_H

#include "enforce/enforce_opened.h"
#include "io_uring/io_uring_pending.h"
#include "open_flags.h"

/* An open that is being made. */
struct refused_open {
  u64 file;
  u64 met;
  u32 reserved; /* of its event */
  u8 type;      /* 0: none that rules know, or a request of a type that is not known */
  u8 call;      /* type of the call at whose end a request was taken to begin; 0: of no open, or it is no request */
  u8 way;
  u8 may_be_request; /* of io_uring: settle_opening() finds out */
};
_Static_assert(EVENT_TYPE_COUNT <= 256, "types are bytes: before 6.2 the stack has no room for more");

/* Whether a thread may carry out requests of io_uring. It does so at the end of any call, and after an interrupt: what
 * follows another request in a chain begins there. */
inline_always bool has_requests(struct task_struct *task) {
  if (task->flags & IO_WORKER)
    return true;
  return bpf_core_field_exists(task->io_uring) && LOAD_WORD(task_struct, task, io_uring);
}

/* Which open the current thread makes, by the call that it is in. */
inline_always void find_opening(struct refused_open *open, struct task_struct *task) {
  struct capture_shared *control = capture();
  u32 number = call_number(task);
  open->type = 0;
  open->may_be_request = has_requests(task);
  if (task->flags & IO_WORKER || number == IO_URING_ENTER) {
    open->way = WAY_IO_URING;
    return;
  }
  open->way = is_compat_thread(task) ? WAY_COMPAT : WAY_NATIVE;
  u32 type = open->way == WAY_COMPAT ? compat_type_of((struct pt_regs *)bpf_task_pt_regs(task))
             : control               ? hook_at(control, number).type
                                     : 0;
  if (is_opening(type))
    open->type = type;
}

/* A pending request by the name that it opens. */
struct request_by_name {
  u64 name; /* address of the struct filename */
  u32 type; /* of the request that was found; 0: none */
};

/* The kernel takes the name from the request before the file is opened (7.3), so the one that was submitted counts. No
 * other open has it as long as the request has not ended. */
static long match_name(void *map, u64 *key, struct passed_call *kept, struct request_by_name *search) {
  if (kept->name != search->name || !is_open(kept->type) || !is_same_request(kept) || !has_names(kept->request))
    return 0;
  search->type = kept->type;
  return 1;
}

/* The type of the request that opens the file which the current thread is opening; 0: it is no request, or could not be
 * stored. A global function, as put_path() is. */
__noinline u32 type_of_request(void) {
  u64 path = LOAD_WORD(task_struct, bpf_get_current_task_btf(), nameidata);
  struct request_by_name search = {.name = path ? LOAD_WORD(nameidata, path, name) : 0};
  if (!search.name)
    return 0;
  bpf_for_each_map_elem(&requests, match_name, &search, 0);
  if (!search.type)
    bpf_for_each_map_elem(&silent_requests, match_name, &search, 0);
  return search.type;
}

#define ENOSYS 38
#define FOR_EXEC 0x20 /* __FMODE_EXEC: no process can set it */

/* Whether a task acts by credentials that are not its own, as the kernel does for itself, and a request of io_uring
 * that says so. */
inline_always bool has_other_credentials(struct task_struct *task) {
  return LOAD_WORD(task_struct, task, cred) != LOAD_WORD(task_struct, task, real_cred);
}

/* Whether the call that a task is in has its result already, so that what is opened now is not opened by it. A tracer
 * may have that look so, and on arm64 a result that is the first argument looks as if there were none. */
inline_always bool has_result(struct task_struct *task) {
  u64 registers = PINNED((u64)bpf_task_pt_regs(task));
#if defined(__TARGET_ARCH_x86)
  return (s64)LOAD_WORD(pt_regs, registers, ax) != -ENOSYS;
#elif defined(__TARGET_ARCH_arm64)
  return LOAD_WORD(pt_regs, registers, regs[0]) != LOAD_WORD(pt_regs, registers, orig_x0);
#endif
}

/* Whether the call that a task is in may open a file with these flags. A filter of seccomp may end a creat with ENOSYS,
 * which looks as if it had no result yet, and before a call that is traced its requests are carried out too. Other
 * calls open files with any flags: who makes one can make each. */
inline_always bool fits_call(const struct refused_open *open) {
  return open->type != EVENT_CREAT ||
         (LOAD(file, open->file, f_flags) & (O_ACCMODE | O_CREAT | O_TRUNC)) == CREAT_FLAGS;
}

/* Whether an open that belongs to no stored io_uring request comes from a request that could not be stored. Such a
 * request may also begin at the end of a call that opens files: then the call already has its result, its flags do not
 * fit the open, or the credentials are not the task's own, which they are in every call. Apart from calls and requests
 * only the kernel opens files by name, on behalf of a process with privileges (swapon, acct). As long as all requests
 * could be stored, it is that. */
inline_always bool is_unkept_request(const struct refused_open *open, struct task_struct *task) {
  struct capture_shared *control = capture();
  return control && *(volatile u64 *)&control->unkept_opens &&
         (!open->type || has_other_credentials(task) || has_result(task) || !fits_call(open)) &&
         !(LOAD(file, open->file, f_flags) & FOR_EXEC);
}

/* Finds out whether an open that may be one of a request is, and of which type: 0, and WAY_IO_URING, if not known. */
inline_always void settle_opening(struct refused_open *open, struct task_struct *task) {
  u32 type = type_of_request();
  if (type || is_unkept_request(open, task)) {
    open->way = WAY_IO_URING;
    open->call = type ? 0 : open->type;
    open->type = type;
  }
}

inline_always u64 clauses_of_type(const struct enforcement *table, u32 type) {
  u64 clauses = enforce_clauses_of(table, type, 0);
  if (type == EVENT_OPEN_BY_HANDLE_AT)
    clauses |= enforce_clauses_of(table, EVENT_OPENAT, 0);
  return clauses & table->lsm;
}

/* The clauses that an open may meet, before it is known whether it is of a request. */
inline_always u64 possible_clauses(const struct enforcement *table, const struct refused_open *open) {
  u64 clauses = clauses_of_type(table, open->type);
  return open->may_be_request ? clauses | clauses_of_type(table, EVENT_OPENAT) | clauses_of_type(table, EVENT_OPENAT2)
                              : clauses;
}

/* The clauses that an open may meet. If the type of its request is unknown, only clauses valid for both openat and
 * openat2 apply. A tracer may have made a call look like a request, so the clauses of the call are added. */
inline_always u64 clauses_of_opening(const struct enforcement *table, const struct refused_open *open) {
  if (open->way == WAY_IO_URING && !open->type)
    return (clauses_of_type(table, EVENT_OPENAT) & clauses_of_type(table, EVENT_OPENAT2)) |
           clauses_of_type(table, open->call);
  return clauses_of_type(table, open->type);
}

#endif
