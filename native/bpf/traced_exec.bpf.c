/* Successful execs of a traced process. Its tracer wakes within the call (PTRACE_EVENT_EXEC), after this
 * tracepoint, and may overwrite the call number, which on_call() depends on: the exec is reported before that. */

#include "passed.h"

SEC("raw_tp") int on_traced_exec(void *ctx) {
  struct task_struct *task = bpf_get_current_task_btf();
  if (likely(!task->ptrace))
    return PASS_ON;
  struct process *process = process_of(task, 0);
  struct capture_shared *control = capture();
  struct passed_call *passed = passed_space();
  if (!process || !control || !passed)
    return PASS_ON;
  u32 number = ((struct pt_regs *)bpf_task_pt_regs(task))->CALL_NUMBER;
  if (!is_wanted(control, EVENT_EXECVE))
    return PASS_ON;
  __builtin_memset(passed, 0, offsetof(struct passed_call, texts));
  fill_caller(passed, task);
  passed->type = EVENT_EXECVE; /* see type_of_exec() */
  if (number == COMPAT_execve || number == COMPAT_execveat) {
    passed->way = WAY_COMPAT;
    passed->flags |= EVENT_FLAG_COMPAT;
  }
  process->exec_told = 1;
  bpf_tail_call(ctx, &programs, SLOT_PASSED);
  process->exec_told = 0;
  return PASS_ON;
}
