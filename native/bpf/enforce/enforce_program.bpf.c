/* Refuses execs, by BPF LSM. */

#include "enforce/enforce_lsm.h"

/* What follows the fixed part of the record: by these the rule is evaluated again (supposed_call.cc). */
struct refused_program {
  u64 met;
  struct string_ref executable;
  struct string_ref name;
};
_Static_assert(MET_ROOM == sizeof(u64), "the clauses that were met come first");

#define REFUSED_PROGRAM_ROOM sizeof(struct refused_program)
#define REFUSED_EXEC_FIXED (sizeof(struct event_exec) + REFUSED_PROGRAM_ROOM)
#define REFUSED_NAME_LIMIT (EXEC_DIRECTORY_LIMIT + PATH_ROOM + REFUSED_PROGRAM_ROOM)
#define REFUSED_EXECUTABLE_LIMIT (REFUSED_NAME_LIMIT + LONGEST_TEXT + 1)
#define REFUSED_PATH_LIMIT (REFUSED_EXECUTABLE_LIMIT + UNREACHABLE_LENGTH)
_Static_assert(REFUSED_PATH_LIMIT + PATH_ROOM <= LONGEST_RECORD, "room in a draft");

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

/* The path of the new program as its image would have it, or the name of one that is memory alone: see
 * append_executable(). */
inline_always struct string_ref append_new_program(struct record *record, const struct call *call, u64 file) {
  u64 dentry = LOAD_WORD(file, file, f_path.dentry), start = filled(record, REFUSED_EXECUTABLE_LIMIT);
  struct place place = {};
  bool partial;
  if (is_memory(dentry))
    return append_text(record, call, LOAD_WORD(dentry, dentry, d_name.name), REFUSED_EXECUTABLE_LIMIT);
  find_executable(bpf_get_current_task(), file, &place);
  struct string_ref path =
      append_path_to(record, place.dentry, place.mnt, NO_ROOT, NO_ROOT, REFUSED_EXECUTABLE_LIMIT, &partial);
  if (!partial)
    return path;
  __builtin_memcpy((void *)record->header + start, UNREACHABLE, UNREACHABLE_LENGTH);
  fill(record, start + UNREACHABLE_LENGTH);
  path = append_path_to(record, place.dentry, place.mnt, NO_ROOT, NO_ROOT, REFUSED_PATH_LIMIT, &partial);
  u64 length = UNREACHABLE_LENGTH + path.length;
  return (struct string_ref){start, length < LONGEST_TEXT ? length : LONGEST_TEXT};
}

/* Makes the record of an exec that is refused. A global function, as tell_refused_open() is. */
__noinline int tell_refused_exec(u64 path, u64 met, u32 reserved, const struct new_program *program) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  if (!program)
    return 0;
  struct enforce_draft *draft = begin_refused(&record, task, EVENT_EXECVE, REFUSED_EXEC_FIXED);
  if (!draft)
    return 0;
  struct call call = {.way = WAY_IO_URING}; /* the texts are the kernel's */
  struct event_exec *event = (void *)record.header;
  struct refused_program *refused = (void *)(event + 1);
  begin_exec(event, AT_FDCWD, 0);
  event->header.reserved = reserved;
  refused->met = met;
  event->raw = append_text(&record, &call, path, EXEC_RAW_LIMIT + REFUSED_PROGRAM_ROOM);
  if (is_relative(&record, event->raw, EXEC_RAW_LIMIT + REFUSED_PROGRAM_ROOM))
    event->directory = append_directory(&record, task, AT_FDCWD, EXEC_DIRECTORY_LIMIT + REFUSED_PROGRAM_ROOM);
  refused->name = append_text(&record, &call, program->name, REFUSED_NAME_LIMIT);
  refused->executable = append_new_program(&record, &call, program->file);
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
    tell_refused_exec(LOAD_WORD(linux_binprm, running, filename), met, reserved, &program);
    return -EPERM;
  }
  note_decision(EXEC_OF_PROCESS(task), program.file, reserved);
  return 0;
}
