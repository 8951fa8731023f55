/* Enforcement: acts on a process before it goes on, if it makes a call that matches a rule which the kernel can decide
 * exactly. Everything here is loaded and attached only while such a rule is in use; its maps are made then too. */

#ifndef WASPREY_ENFORCE_H
#define WASPREY_ENFORCE_H

#include "enforce_names.h"
#include "socket.h"

#define SIGKILL 9
#define EPERM 1

/* The tables in use, as with the kernel filter. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 1);
  __type(key, u32);
  __array(
      values, struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(map_flags, BPF_F_MMAPABLE);
        __uint(max_entries, 1);
        __uint(key_size, sizeof(u32));
        __uint(value_size, sizeof(struct enforcement));
      });
} enforcements SEC(".maps");

/* By the cgroup's number; filled by the reader. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __type(key, u64);
  __type(value, struct enforce_cgroup);
} enforce_cgroups SEC(".maps");

/* By number of the container. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, u64);
  __type(value, enforce_window);
} enforce_windows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct enforce_counts);
} enforce_counts SEC(".maps");

/* A process that is acted on counts once towards the limits, however many of its calls are refused: of one kind of
 * action, by the same tables, and as long as a window lasts. */
struct enforce_once {
  u64 started;
  u32 process;
  u32 kind; /* kind_of_action() */
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, struct enforce_once);
  __type(value, u64); /* the second of the boot in which it was counted */
} enforce_acted SEC(".maps");

#define OPEN_OF_THREAD(task) ((task)->pid)
#define EXEC_OF_PROCESS(task) (1ull << 32 | (task)->tgid)

/* What a program of BPF LSM has decided about a file that a thread is opening, or a program that a process is running:
 * for the program that reports the call at its end. By one of the two above. */
struct enforce_decision {
  u64 file;
  u64 reserved; /* of its event; see is_by_lsm() */
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, u64);
  __type(value, struct enforce_decision);
} enforce_decisions SEC(".maps");

/* The tables in use. A program takes them once, and passes them on: others may be in use by the next look, in which the
 * same bits are those of other clauses. */
inline_always const struct enforcement *find_enforcement(void) {
  u32 zero = 0;
  void *map = bpf_map_lookup_elem(&enforcements, &zero);
  return map ? bpf_map_lookup_elem(map, &zero) : 0;
}

/* The number of the call that a task is in. */
inline_always u32 call_number(struct task_struct *task) {
  const struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
  return LOAD(pt_regs, PINNED((u64)registers), CALL_NUMBER);
}

/* Whether it was left open because the process was not known within the call: at its end it may be. Where a name is not
 * known, no clause is named. */
inline_always bool is_left_open(u32 reserved) {
  return ENFORCED_OUTCOME(reserved) == ENFORCED_UNDECIDED && (reserved & ENFORCED_CLAUSE(63)) != ENFORCED_CLAUSE(63);
}

/* Whether the call has its record already. */
inline_always bool is_by_lsm(u64 reserved) {
  return ENFORCED_OUTCOME(reserved) >= ENFORCED_LSM_REFUSED;
}

/* What was decided about the call that ends; 0: nothing. `file`: of one that has succeeded; a refused file never comes
 * of it, though its address may. `refused`: it has failed with EPERM. Whoever asks is the last to do so. */
inline_always u32 take_decision(u64 key, u64 file, bool refused) {
  struct enforce_decision *found = bpf_map_lookup_elem(&enforce_decisions, &key);
  if (likely(!found))
    return 0;
  bool fits = is_by_lsm(found->reserved) ? !file && refused : file && found->file == file;
  u32 reserved = fits ? found->reserved : 0;
  bpf_map_delete_elem(&enforce_decisions, &key);
  return reserved;
}

/* Counts what was done by clauses that are met. Returns it as events have it. */
inline_always u32 count_enforced(const struct enforcement *table, u64 met, u32 outcome) {
  u32 zero = 0;
  struct enforce_counts *counts = bpf_map_lookup_elem(&enforce_counts, &zero);
  if (counts)
    __sync_fetch_and_add(&counts->outcomes[BOUNDED(outcome, 0, ENFORCE_OUTCOMES - 1)], 1);
  return outcome | ENFORCED_CLAUSE(__builtin_ctzll(met | ENFORCE_DOUBT)) | ENFORCED_SERIAL(table->serial);
}

#define NANOSECONDS 1000000000
#define TAKE_ATTEMPTS 8

/* Takes one from a window; false if none is left, or others take from it all the time. */
inline_always bool take_from(enforce_window *window, const struct enforce_limit *limit, u64 now) {
#pragma unroll
  for (u32 i = 0; i < TAKE_ATTEMPTS; i++) {
    enforce_window before = *(volatile enforce_window *)window;
    enforce_window after = enforce_next_window(before, limit, now);
    if (!after)
      return false;
    if (__sync_val_compare_and_swap(window, before, after) == before)
      return true;
  }
  return false;
}

inline_always u32 kind_of_action(const struct enforcement *table, bool kills) {
  return table->serial << 2 | (table->observes ? 2 : 0) | kills;
}

/* Whether the limits of the node and of the container leave an action for this process. */
inline_always bool within_limits(const struct enforcement *table, const struct enforce_cgroup *cgroup,
                                 struct task_struct *task, bool kills) {
  u32 zero = 0;
  u64 now = bpf_ktime_get_boot_ns() / NANOSECONDS;
  u64 container = cgroup->container;
  u64 shortest = table->node.seconds < table->container.seconds ? table->node.seconds : table->container.seconds;
  struct enforce_once once = {LOAD(task_struct, LOAD_WORD(task_struct, task, group_leader), start_boottime), task->tgid,
                              kind_of_action(table, kills)};
  const u64 *counted = bpf_map_lookup_elem(&enforce_acted, &once);
  if (counted && now < *counted + shortest)
    return true;
  struct enforce_counts *counts = bpf_map_lookup_elem(&enforce_counts, &zero);
  if (!counts)
    return false;
  if (cgroup->where == ENFORCE_CONTAINER) {
    enforce_window *window = bpf_map_lookup_elem(&enforce_windows, &container);
    if (!window) {
      enforce_window fresh = 0;
      bpf_map_update_elem(&enforce_windows, &container, &fresh, BPF_NOEXIST);
      window = bpf_map_lookup_elem(&enforce_windows, &container);
    }
    if (!window || !take_from(window, &table->container, now))
      return false;
  }
  if (!take_from(&counts->node, &table->node, now))
    return false;
  bpf_map_update_elem(&enforce_acted, &once, &now, BPF_ANY);
  return true;
}

/* Generations of processes that are looked through for the agent. */
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

/* Whether the agent has started the process, or is it. One with too many ancestors counts as such. */
inline_always bool is_of_agent(const struct enforcement *table, struct task_struct *task) {
  struct enforce_ancestor ancestor = {.task = LOAD_WORD(task_struct, task, group_leader), .agent = table->agent};
  return bpf_loop(ENFORCE_GENERATIONS, enforce_ancestor_step, &ancestor, 0) >= ENFORCE_GENERATIONS || ancestor.found;
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

/* The machine's user namespace is that of level 0: what one has in another is given by whoever made that. */
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

/* Whether the executable is one of those that are never acted on; where it is not known, it is. Global functions from
 * here on, as put_path() is. */
__noinline u32 runs_protected(const struct enforcement *table) {
  u64 tests = 0, of_file = 0, file = current_executable();
  if (!table || !read_executable(table, file, ENFORCE_RUNNING, WHOLE_PATH, &tests) ||
      !read_executable(table, file, ENFORCE_RUNNING_FILE, FILE_PART, &of_file))
    return ENFORCED_UNDECIDED;
  tests |= of_file;
  bool protected = (tests & ENFORCE_PROTECTED && runs_from_host()) || (tests & ENFORCE_RUNTIME && may_run_containers());
  return protected ? ENFORCED_PROTECTED : 0;
}

/* Whether what is known of its place keeps the current process from being acted on; 0, or the outcome that says why. */
__noinline u32 refuse_by_place(const struct enforcement *table) {
  struct task_struct *task = bpf_get_current_task_btf();
  if (!table)
    return ENFORCED_UNDECIDED;
  if (task->flags & KERNEL_THREAD || task->tgid <= 1)
    return ENFORCED_PROTECTED;
  u64 number = number_of_cgroup(task);
  const struct enforce_cgroup *cgroup = bpf_map_lookup_elem(&enforce_cgroups, &number);
  if (!cgroup)
    return ENFORCED_UNDECIDED;
  if (cgroup->where == ENFORCE_HOST && !table->hosts)
    return ENFORCED_HOST;
  if (number == table->agent_cgroup || cgroup->permitted == ENFORCE_NEVER || is_of_agent(table, task))
    return ENFORCED_PROTECTED;
  bool unknown = table->permits && cgroup->permitted != ENFORCE_PERMITTED;
  return cgroup->where == ENFORCE_CONTAINER && unknown ? ENFORCED_UNDECIDED : 0;
}

/* The same for the limits, of which one is taken. */
__noinline u32 refuse_by_limits(const struct enforcement *table, u32 kills) {
  struct task_struct *task = bpf_get_current_task_btf();
  u64 number = number_of_cgroup(task);
  const struct enforce_cgroup *cgroup = bpf_map_lookup_elem(&enforce_cgroups, &number);
  if (!table || !cgroup)
    return ENFORCED_UNDECIDED;
  if (!within_limits(table, cgroup, task, kills))
    return ENFORCED_LIMITED;
  return table->observes ? ENFORCED_OBSERVED : 0;
}

/* Whether the current process may be acted on now, by clauses that are met; 0, or the outcome that says why not.
 * Inlined: the stack has no room for another frame above those of runs_protected(). */
inline_always u32 refuse_to_enforce(const struct enforcement *table, u64 met) {
  u32 refused = refuse_by_place(table);
  if (!refused)
    refused = runs_protected(table);
  return refused ? refused : refuse_by_limits(table, !!(met & table->kills));
}

/* Kills the current process: before it goes on, since it is in the kernel. */
inline_always u32 kill_current(bool stopped) {
  if (bpf_send_signal(SIGKILL))
    return ENFORCED_FAILED;
  return stopped ? ENFORCED_STOPPED : ENFORCED_KILLED;
}

/* Clauses that the current process can meet as a candidate; all, with ENFORCE_DOUBT, if the reader has not passed on its
 * image. */
inline_always u64 candidate_clauses(const struct enforcement *table, u64 image) {
  const struct enforce_process *entry = &table->processes[image % ENFORCE_PROCESSES];
  if (!image || *(volatile u64 *)&entry->image != image)
    return ~0ull;
  u64 clauses = *(volatile u64 *)&entry->clauses;
  barrier();
  return *(volatile u64 *)&entry->image == image ? clauses : ~0ull;
}

/* Of some clauses those that are left by what the current process is. `doubtful`: those that only its facts decide, if
 * they are not known; they are not among the others. */
inline_always u64 clauses_left(const struct enforcement *table, u64 clauses, u64 image, u64 *doubtful) {
  *doubtful = 0;
  if (!(clauses & ~table->of[ENFORCE_ANY_PROCESS]))
    return clauses;
  u64 candidates = clauses & table->of[ENFORCE_CANDIDATE] ? candidate_clauses(table, image) : 0;
  u64 known = candidates & ENFORCE_DOUBT ? 0 : candidates;
  u64 left = clauses & enforce_clauses_of_process(table, where_current(), known);
  if (candidates & ENFORCE_DOUBT)
    *doubtful = clauses & table->of[ENFORCE_CANDIDATE];
  return left;
}

inline_always u64 clauses_of_current(const struct enforcement *table, u64 clauses, u64 image) {
  u64 doubtful;
  return clauses_left(table, clauses, image, &doubtful);
}

/* The clauses that are met of those which the call and its process have left, by the tests that hold. */
__noinline u64 clauses_met(const struct enforcement *table, u64 clauses, u64 names, u64 peers) {
  if (!table || !clauses)
    return 0;
  struct enforce_facts facts = {.table = table, .clauses = clauses, .names = names, .peers = peers};
  return enforce_met(&facts);
}

/* Of the same those without tests of names. If none is met, those with such tests are left in `clauses`. */
inline_always u64 nameless_clauses_met(const struct enforcement *table, u64 *clauses) {
  u64 met = clauses_met(table, *clauses & ~table->named, 0, 0);
  *clauses &= table->named;
  return met;
}

#endif
