/* Refuses execs, by BPF LSM. */

#include "enforce_lsm.h"

#define REFUSED_EXEC_FIXED (sizeof(struct event_exec) + MET_ROOM)

/* From 6.14 on, a program that is run by its descriptor alone is called as its file. */
struct linux_binprm___named {
  struct file *file;
  unsigned int comm_from_dentry : 1;
} RELOCATED;

/* What is run by a call, as the address of the kernel's struct linux_binprm. */
inline_always u64 name_of_program(u64 program) {
  struct linux_binprm___named *named = (void *)program;
  if (bpf_core_field_exists(named->comm_from_dentry) && BPF_CORE_READ_BITFIELD_PROBED(named, comm_from_dentry))
    return LOAD_WORD(dentry, LOAD_WORD(file, LOAD_WORD(linux_binprm, program, file), f_path.dentry), d_name.name);
  return LOAD_WORD(linux_binprm, program, filename);
}

/* Makes the record of an exec that is refused. A global function, as tell_refused_open() is. */
__noinline int tell_refused_exec(u64 path, u64 met, u32 reserved) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  struct enforce_draft *draft = begin_refused(&record, task, EVENT_EXECVE, REFUSED_EXEC_FIXED);
  if (!draft)
    return 0;
  struct call call = {.way = WAY_IO_URING}; /* the path is the kernel's copy */
  struct event_exec *event = (void *)record.header;
  begin_exec(event, AT_FDCWD, 0);
  event->header.reserved = reserved;
  *(u64 *)(event + 1) = met;
  event->raw = append_text(&record, &call, path, EXEC_RAW_LIMIT + MET_ROOM);
  if (is_relative(&record, event->raw, AT_FDCWD, EXEC_RAW_LIMIT + MET_ROOM))
    event->directory = append_directory(&record, task, AT_FDCWD, EXEC_DIRECTORY_LIMIT + MET_ROOM);
  publish(draft, &record);
  return 0;
}

/* The last hook of an exec that can still fail without harm: the file is the program itself, not a script that names
 * it.
 */
SEC("lsm/bprm_creds_from_file") int enforce_program(void *ctx) {
  struct task_struct *task = bpf_get_current_task_btf();
  const struct enforcement *table = find_enforcement();
  u64 clauses = table ? enforce_clauses_of(table, EVENT_EXECVE, 0) & table->lsm : 0;
  if (likely(!clauses) || !table || task->flags & KERNEL_THREAD)
    return 0;
  u64 running = hook_argument(ctx, 0);
  struct new_program program = {LOAD_WORD(linux_binprm, running, file), name_of_program(running)};
  clauses = clauses_of_current(table, clauses, 0);
  u64 met = clauses ? clauses_of_exec(table, clauses, &program) : 0;
  if (likely(!met))
    return 0;
  u32 reserved = refuse_call(table, met, false);
  if (is_by_lsm(reserved)) {
    tell_refused_exec(LOAD_WORD(linux_binprm, running, filename), met, reserved);
    return -EPERM;
  }
  note_decision(EXEC_OF_PROCESS(task), program.file, reserved);
  return 0;
}
