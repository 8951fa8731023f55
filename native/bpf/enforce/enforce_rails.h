/* The rails of enforcement: which processes are never acted on, or not now. */

#ifndef WASPREY_ENFORCE_RAILS_H
#define WASPREY_ENFORCE_RAILS_H

#include "enforce/enforce_limits.h"
#include "enforce/enforce_names.h"

/* Generations of processes that are looked through for the agent, which starts nothing so deep. */
#define ENFORCE_GENERATIONS 128

struct enforce_ancestor {
  u64 task;
  u64 agent;
  u64 found;
};

static long enforce_ancestor_step(u32 index, struct enforce_ancestor *ancestor) {
  u32 number = LOAD(task_struct, ancestor->task, tgid);
  ancestor->found = number == (u32)ancestor->agent;
  if (ancestor->found || number <= 1)
    return 1;
  ancestor->task = LOAD_WORD(task_struct, LOAD_WORD(task_struct, ancestor->task, group_leader), real_parent);
  return 0;
}

/* Whether the agent has started the process, or is it. One with more ancestors is not: anybody can have so many. */
inline_always bool is_of_agent(const struct enforcement *table, struct task_struct *task) {
  struct enforce_ancestor ancestor = {.task = LOAD_WORD(task_struct, task, group_leader), .agent = table->agent};
  bpf_loop(ENFORCE_GENERATIONS, enforce_ancestor_step, &ancestor, 0);
  return ancestor.found;
}

/* The current process's executable. */
inline_always u64 current_executable(void) {
  return LOAD_WORD(mm_struct, LOAD_WORD(task_struct, bpf_get_current_task_btf(), mm), exe_file);
}

inline_always u64 number_of_cgroup(struct task_struct *task) {
  return cgroup_number(cgroup_of(LOAD_WORD(task_struct, task, cgroups)));
}

/* Where the current process runs; 0: not known. */
inline_always u64 where_current(void) {
  u64 number = number_of_cgroup(bpf_get_current_task_btf());
  const struct enforce_cgroup *cgroup = bpf_map_lookup_elem(&enforce_cgroups, &number);
  return cgroup ? cgroup->where : 0;
}

#define CAP_SYS_ADMIN 21

/* The machine's user namespace is that of level 0. In another one, the process that made it gives the capabilities. */
inline_always bool is_of_machine(u64 user_namespace) {
  return user_namespace && !LOAD(user_namespace, user_namespace, level);
}

/* Whether the current process has what running containers needs. */
inline_always bool may_run_containers(void) {
  u64 cred = LOAD_WORD(task_struct, bpf_get_current_task_btf(), real_cred);
  return where_current() != ENFORCE_CONTAINER ||
         (LOAD_WORD(cred, cred, cap_effective) >> CAP_SYS_ADMIN & 1 && is_of_machine(LOAD_WORD(cred, cred, user_ns)));
}

/* Whether the executable is on a mount of the host's own: nobody else can give a file any name that he wants there. In
 * a container, or in a mount namespace that a user without privileges has made, everybody can. */
inline_always bool runs_from_host(void) {
  u64 file = current_executable();
  u64 space = LOAD_WORD(mount, LOAD_WORD(file, file, f_path.mnt) - MNT_OFFSET, mnt_ns);
  return where_current() != ENFORCE_CONTAINER && (!space || is_of_machine(LOAD_WORD(mnt_namespace, space, user_ns)));
}

/* Whether the user namespace of the current process is the machine's. */
inline_always bool is_user_of_machine(void) {
  u64 cred = LOAD_WORD(task_struct, bpf_get_current_task_btf(), real_cred);
  return is_of_machine(LOAD_WORD(cred, cred, user_ns));
}

/* Whether the executable is one of those that are never acted on; where it is not known, it is. Only the path of one
 * may not be: that of a mount which was taken away, as anybody can who has a user namespace of his own. Global
 * functions from here on, as put_path() is. */
__noinline u32 runs_protected(const struct enforcement *table) {
  u64 tests = 0, of_file = 0, file = current_executable();
  if (!table)
    return ENFORCED_UNDECIDED;
  /* In a container neither holds, whatever it runs: an executable without a path must not be a way out. */
  if (!may_run_containers())
    return 0;
  if (!read_executable(table, file, ENFORCE_RUNNING_FILE, FILE_PART, &of_file))
    return ENFORCED_UNDECIDED;
  bool knows_path = read_executable(table, file, ENFORCE_RUNNING, WHOLE_PATH, &tests);
  tests |= of_file;
  bool protected = (tests & ENFORCE_PROTECTED && runs_from_host()) || (tests & ENFORCE_RUNTIME && may_run_containers());
  if (protected)
    return ENFORCED_PROTECTED;
  return knows_path || !runs_from_host() || !is_user_of_machine() ? 0 : ENFORCED_UNDECIDED;
}

/* Whether the place of the current process keeps it from being acted on: 0, or the outcome with the reason. */
__noinline u32 refuse_by_place(const struct enforcement *table) {
  struct task_struct *task = bpf_get_current_task_btf();
  if (!table)
    return ENFORCED_UNDECIDED;
  if (enforce_is_of_machine(task->flags, task->tgid))
    return ENFORCED_PROTECTED;
  u64 number = number_of_cgroup(task);
  const struct enforce_cgroup *cgroup = bpf_map_lookup_elem(&enforce_cgroups, &number);
  if (cgroup && cgroup->where == ENFORCE_HOST && !table->hosts)
    return ENFORCED_HOST;
  if (number == table->agent_cgroup || (cgroup && cgroup->permitted == ENFORCE_PERMIT_NEVER) ||
      is_of_agent(table, task))
    return ENFORCED_PROTECTED;
  return cgroup ? 0 : ENFORCED_UNDECIDED;
}

/* The same for what keeps it from being acted on for now: its container is not permitted yet, or no limit leaves an
 * action, of which one is taken. */
__noinline u32 refuse_for_now(const struct enforcement *table, u32 kills) {
  struct task_struct *task = bpf_get_current_task_btf();
  u64 number = number_of_cgroup(task);
  const struct enforce_cgroup *cgroup = bpf_map_lookup_elem(&enforce_cgroups, &number);
  if (!table || !cgroup)
    return ENFORCED_UNDECIDED;
  if (cgroup->where == ENFORCE_CONTAINER && table->permits && cgroup->permitted != ENFORCE_PERMIT_PERMITTED)
    return ENFORCED_UNDECIDED;
  if (!within_limits(table, cgroup, task, kills))
    return ENFORCED_LIMITED;
  return table->observes ? ENFORCED_OBSERVED : 0;
}

/* Whether the current process may be acted on now, by clauses that are met; 0, or the outcome that says why not. If
 * it is in doubt whether any is met (none, or ENFORCE_DOUBT), it may not, and no limit is used up. If the process is
 * never acted on, the outcome gives that as the reason all the same. Inlined: the stack has no room for another frame
 * above those of runs_protected(). */
inline_always u32 refuse_to_enforce(const struct enforcement *table, u64 met) {
  u32 refused = refuse_by_place(table);
  if (!refused)
    refused = runs_protected(table);
  if (refused)
    return refused;
  return met & ~ENFORCE_DOUBT ? refuse_for_now(table, !!(met & table->kills)) : ENFORCED_UNDECIDED;
}

#endif
