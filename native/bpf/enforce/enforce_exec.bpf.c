/* Enforces rules on execs, as enforce_open.bpf.c does on opens. */

#include "enforce/enforce.h"
#include "passed.h"

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
