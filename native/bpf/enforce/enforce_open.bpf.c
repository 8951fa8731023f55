/* Enforces rules on opens, in place of the program that reports them (WASPREY_ENFORCERS in hooks.h): decides, acts, and
 * then makes the record, which has what was done. */

#include "enforce/enforce_opened.h"
#include "passed.h"

/* Whether nobody but the current thread can use a file that it has just opened. */
inline_always bool is_alone(struct task_struct *task) {
  return threads_of(task) == 1 && LOAD(files_struct, LOAD_WORD(task_struct, task, files), count.counter) == 1;
}

/* What the open did before its process was killed: nothing that lasts, unless it made or emptied the file, or opened a
 * device or the like. */
inline_always bool had_no_effect(u64 file, u64 combination) {
  if (!file)
    return true;
  u64 inode = LOAD_WORD(file, file, f_inode);
  u32 format = LOAD(inode, inode, i_mode) & FORMAT_MASK;
  return !(combination & (COMBINATION_CREATED | COMBINATION_TRUNCATE | COMBINATION_TEMPORARY)) &&
         (format == FORMAT_REGULAR || format == FORMAT_DIRECTORY);
}

/* Enforces the rules on a call that opens a file, or has failed to. */
inline_always u32 enforce_opening(const struct enforcement *table, const struct call *call, struct task_struct *task,
                                  u64 type, s64 result, u64 image) {
  u64 clauses = enforce_clauses_of(table, type, result < 0);
  if (type == EVENT_OPEN_BY_HANDLE_AT)
    clauses |= enforce_clauses_of(table, EVENT_OPENAT, result < 0);
  clauses &= table->kills; /* a call that has ended can't be refused */
  if (likely(!clauses))
    return 0;
  struct open_arguments arguments = open_arguments(type, call);
  u64 file = result < 0 ? 0 : file_of(call, task, result);
  if (result >= 0 && !file)
    return leave_in_doubt(table, ENFORCE_DOUBT);
  take_access(&arguments, file);
  u64 combination = combination_of(&arguments, file);
  opaque(combination);
  clauses = clauses_of_current(table, clauses & table->opens[combination % ENFORCE_OPEN_COMBINATIONS], image);
  if (!clauses)
    return 0;
  u64 met = clauses_of_opened(table, file, clauses, !!(combination & COMBINATION_DIRECTORY));
  if (likely(!met))
    return 0;
  bool stopped = call->way != WAY_IO_URING && is_alone(task) && had_no_effect(file, combination);
  return enforce_by_signal(table, met, stopped);
}

/* The same where a program of BPF LSM may have decided, or left it open. */
inline_always u32 finish_opening(const struct enforcement *table, const struct call *call, struct task_struct *task,
                                 u64 type, s64 result, u64 image, u32 decided) {
  u32 enforced =
      table && (!decided || is_left_open(decided)) ? enforce_opening(table, call, task, type, result, image) : 0;
  return enforced ? enforced : decided;
}

/* What a program of BPF LSM has decided about an open that has ended. */
inline_always u32 decision_on_open(struct task_struct *task, s64 result) {
  u64 key = OPEN_OF_THREAD(task);
  if (likely(!bpf_map_lookup_elem(&enforce_decisions, &key)))
    return 0;
  u64 file = result < 0 ? 0 : file_at(task, result);
  return take_decision(key, file, result == -EPERM);
}

/* As on_open(). A call that the filter drops matches no rule. */
HOOK_PROGRAM(enforce_open) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  const struct enforcement *table = find_enforcement();
  if (!begin(&record, ctx, task))
    return PASS_ON;
  u32 enforced = decision_on_open(task, record.result);
  if (is_by_lsm(enforced)) { /* it has its record */
    ring_doorbell(record.capture);
    return PASS_ON;
  }
  if (!passes_open(&record, task))
    return PASS_ON;
  struct call call = call_of(task);
  enforced = finish_opening(table, &call, task, record.type, record.result, record.image, enforced);
  if (!reserve(&record, task, OPEN_LONGEST, sizeof(struct event_open)))
    return PASS_ON;
  record.header->reserved = enforced;
  write_open(&record, task, &call, result_of(ctx));
  return PASS_ON;
}
