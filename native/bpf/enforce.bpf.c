/* The programs that enforce rules on opens and execs. They take the places of those that report the same calls
 * (WASPREY_ENFORCERS in hooks.h): each decides, acts, and then makes the record, which has what was done. */

#include "enforce.h"
#include "filter_path.h"
#include "passed.h"

/* Tests that hold of the path of a place; ENFORCE_DOUBT if it leads to no root. Tests of names have no such bit. */
inline_always u64 tests_of_place(const struct enforcement *table, struct rooted_place *place, u32 is_directory) {
  if (!read_path(table, place, ENFORCE_PATH, WHOLE_PATH))
    return ENFORCE_DOUBT;
  u64 tests = place->tests;
  if (!table->directories)
    return tests;
  u32 part = is_directory ? WHOLE_PATH : DIRECTORY_PART;
  return read_path(table, place, ENFORCE_DIRECTORY, part) ? tests | place->tests : ENFORCE_DOUBT;
}

inline_always u64 tests_of_file(const struct enforcement *table, u64 file, u32 is_directory) {
  struct rooted_place place = place_of_file(file);
  u64 tests = tests_of_place(table, &place, is_directory);
  if (!table->resolved || tests == ENFORCE_DOUBT)
    return tests;
  return read_path(table, &place, ENFORCE_RESOLVED, WHOLE_PATH) ? tests | place.tests : ENFORCE_DOUBT;
}

/* The same for its other path. */
inline_always u64 tests_elsewhere(const struct enforcement *table, u64 file, u32 is_directory) {
  struct place found = {};
  if (!find_file_elsewhere(file, &found))
    return ENFORCE_DOUBT;
  struct rooted_place place = {found.dentry, found.mnt, NO_ROOT, NO_ROOT};
  return tests_of_place(table, &place, is_directory);
}

/* Whether there is a path to test: see describe_file(). */
inline_always bool has_path(u64 file) {
  u64 inode = LOAD_WORD(file, file, f_inode);
  u64 dentry = LOAD_WORD(file, file, f_path.dentry);
  u8 kind = file_kind(LOAD(inode, inode, i_mode), LOAD(super_block, LOAD_WORD(inode, inode, i_sb), s_magic), dentry);
  if ((LOAD(inode, inode, i_mode) & FORMAT_MASK) == FORMAT_SOCKET || (kind != 'f' && kind != 'd'))
    return false;
  return LOAD_WORD(dentry, dentry, d_parent) != dentry ||
         LOAD_WORD(vfsmount, LOAD_WORD(file, file, f_path.mnt), mnt_root) == dentry;
}

/* The clauses that the other path of a file meets. Tests of ENFORCE_RESOLVED are about its own path: where that is not
 * known, only those clauses count which are met whether such tests hold or not. */
inline_always u64 met_elsewhere(const struct enforcement *table, u64 clauses, u64 elsewhere, u64 names) {
  if (!(names & ENFORCE_DOUBT))
    return clauses_met(table, clauses, elsewhere | (names & table->resolved), 0);
  u64 met = clauses_met(table, clauses, elsewhere, 0);
  return table->resolved ? clauses_met(table, met, elsewhere | table->resolved, 0) : met;
}

/* The clauses that an opened file meets by its resolved path, or by its other one. The path as passed is not looked at:
 * the process may change it meanwhile. */
__noinline u64 clauses_of_opened(const struct enforcement *table, u64 file, u64 clauses, u32 is_directory) {
  if (!table)
    return 0;
  u64 met = nameless_clauses_met(table, &clauses);
  if (met || !clauses)
    return met;
  if (!file)
    return 0; /* it failed: there is nothing to stop */
  if (!has_path(file))
    return ENFORCE_DOUBT;
  u64 names = tests_of_file(table, file, is_directory);
  met = names & ENFORCE_DOUBT ? 0 : clauses_met(table, clauses, names, 0);
  if (met)
    return met;
  u64 elsewhere = tests_elsewhere(table, file, is_directory);
  met = elsewhere & ENFORCE_DOUBT ? 0 : met_elsewhere(table, clauses, elsewhere, names);
  return met || !(names & ENFORCE_DOUBT) ? met : ENFORCE_DOUBT;
}

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

/* Acts on the current process if it may. `stopped`: the call has had no effect yet. */
inline_always u32 enforce_by_signal(const struct enforcement *table, u64 met, u32 stopped) {
  if (met == ENFORCE_DOUBT)
    return count_enforced(table, met, ENFORCED_UNDECIDED);
  u32 refused = refuse_to_enforce(table, met);
  return count_enforced(table, met, refused ? refused : kill_current(stopped));
}

/* Whether a call opens a file, or a request of io_uring does. */
inline_always bool is_opening(u64 type) {
  return type == EVENT_OPEN || type == EVENT_OPENAT || type == EVENT_OPENAT2 || type == EVENT_CREAT ||
         type == EVENT_OPEN_BY_HANDLE_AT;
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
    return count_enforced(table, ENFORCE_DOUBT, ENFORCED_UNDECIDED);
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
  u32 enforced = table && (!decided || is_left_open(decided)) ? enforce_opening(table, call, task, type, result, image) : 0;
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
  if (is_by_lsm(enforced) /* it has its record */ || !passes_open(&record, task))
    return PASS_ON;
  struct call call = call_of(task);
  enforced = finish_opening(table, &call, task, record.type, record.result, record.image, enforced);
  if (!reserve(&record, task, OPEN_LONGEST, sizeof(struct event_open)))
    return PASS_ON;
  record.header->reserved = enforced;
  write_open(&record, task, &call, result_of(ctx));
  return PASS_ON;
}

/* A program that is being run: its file, and what its process is called then, as the address of a text in the kernel.
 */
struct new_program {
  u64 file;
  u64 name;
};

/* The clauses that a program which is being run meets. */
__noinline u64 clauses_of_exec(const struct enforcement *table, u64 clauses, const struct new_program *program) {
  if (!table || !program)
    return 0;
  u64 met = nameless_clauses_met(table, &clauses);
  if (met || !clauses)
    return met;
  u64 names = 0;
  if (!read_executable(table, program->file, ENFORCE_EXECUTABLE, WHOLE_PATH, &names))
    return ENFORCE_DOUBT;
  return clauses_met(table, clauses, names | tests_of_comm(table, program->name), 0);
}

/* In place of what on_exec_success() does. The new program has not begun. */
SEC("raw_tp") int enforce_exec(void *ctx) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  const struct enforcement *table = find_enforcement();
  struct new_program program = {current_executable(),
                                leader_of(task) + bpf_core_field_offset(struct task_struct, comm)};
  u32 decided = take_decision(EXEC_OF_PROCESS(task), program.file, false);
  if (!begin_exec_success(&record))
    return PASS_ON;
  u64 kills = table ? enforce_clauses_of(table, EVENT_EXECVE, 0) & table->kills : 0;
  u64 clauses = kills ? clauses_of_current(table, kills, 0) : 0;
  u64 met = clauses ? clauses_of_exec(table, clauses, &program) : 0;
  tell_exec(&record, table && met ? enforce_by_signal(table, met, true) : decided);
  return PASS_ON;
}
