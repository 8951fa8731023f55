/* Process images: filling a lifecycle record from a task, but for its strings (image_strings.h), and sending it. */

#ifndef WASPREY_IMAGE_H
#define WASPREY_IMAGE_H

#include "cgroup.h"
#include "executable.h"
#include "memory.h"
#include "lifecycle_share.h"

#define KERNEL_THREAD 0x00200000 /* PF_KTHREAD */
#define RLIMIT_NOFILE 7

/* The part of a record before its strings: the annex is the addon's. */
#define IMAGE_FIXED offsetof(struct image, parent_address)

/* A record under construction, in a draft space of this CPU. As in event records, the bytes filled are kept in `size`.
 */
struct draft {
  struct draft_space *space;
  struct capture_shared *capture;
};

inline_always bool open_draft(struct draft *draft) {
  draft->capture = capture();
  if (!draft->capture)
    return false;
  for (u32 i = 0; i < DRAFT_SPACES; i++) {
    u32 index = i;
    struct draft_space *space = bpf_map_lookup_elem(&draft_spaces, &index);
    if (space && !__sync_lock_test_and_set(&space->busy, 1)) {
      draft->space = space;
      space->image.size = IMAGE_FIXED;
      return true;
    }
  }
  __sync_fetch_and_add(&draft->capture->images_lost, 1);
  return false;
}

/* A string of the record starts where the last one ended. */
#define STRINGS_LIMIT (LONGEST_IMAGE - PATH_ROOM)
#define STRINGS 5 /* besides the stream, whose place is rounded up */
_Static_assert(IMAGE_FIXED + STRINGS * (LONGEST_TEXT + 1) + sizeof(u64) + sizeof(struct event_descriptor) <=
                   STRINGS_LIMIT,
               "room for all strings, each as long as it may be");

inline_always u64 draft_filled(struct draft *draft) {
  return BOUNDED(*(volatile u32 *)&draft->space->image.size, IMAGE_FIXED, STRINGS_LIMIT);
}

inline_always void fill_draft(struct draft *draft, u64 size) {
  *(volatile u32 *)&draft->space->image.size = size;
}

inline_always void close_draft(struct draft *draft) {
  __sync_lock_test_and_set(&draft->space->busy, 0);
}

/* Sends the record. False when it found no room, which is counted. `process` is the one that causes the record, 0 if
 * unknown. The addon is woken only when it falls behind: images wait for the events that name them. */
inline_always bool write_draft(struct draft *draft, enum room room, struct process *process) {
  u64 size = (draft_filled(draft) + 7) & ~7ull;
  draft->space->image.size = size;
  struct filling filling = lifecycle_filling();
  const struct image *image = &draft->space->image;
  bool sent = may_take(&filling, room, size, process, share_key(image->owner, image->cgroup_id)) &&
              !bpf_ringbuf_output(&lifecycle, draft->space->bytes, size, BPF_RB_NO_WAKEUP);
  if (!sent)
    __sync_fetch_and_add(&draft->capture->images_lost, 1);
  if (!is_calm(&filling))
    ring_doorbell(draft->capture);
  return sent;
}

/* Sends the record and releases the draft space. */
inline_always bool send_draft(struct draft *draft, enum room room, struct process *process) {
  bool sent = write_draft(draft, room, process);
  close_draft(draft);
  return sent;
}

inline_always u64 new_image_id(struct capture_shared *capture) {
  return __sync_fetch_and_add(&capture->next_image, 1) + 1;
}

/* The number of a struct pid at a level of namespaces; 0 where it has none there. */
inline_always u32 pid_at(u64 pid, u32 level) {
  if (!pid || level > LOAD(pid, pid, level))
    return 0;
  return LOAD(upid, upid_at(pid, level), nr);
}

inline_always u64 leader_of(struct task_struct *task) {
  return LOAD_WORD(task_struct, task, group_leader);
}

inline_always void fill_ids(struct image *image, struct task_struct *task, u64 clock_offset) {
  u64 own = LOAD_WORD(task_struct, leader_of(task), thread_pid);
  u64 signal = LOAD_WORD(task_struct, task, signal);
  u64 group = LOAD_WORD(signal_struct, signal, pids[PIDTYPE_PGID]);
  u64 session = LOAD_WORD(signal_struct, signal, pids[PIDTYPE_SID]);
  u32 level = LOAD(pid, own, level);
  u64 innermost = LOAD_WORD(upid, upid_at(own, level), ns);
  image->pid = LOAD(task_struct, task, tgid);
  image->ppid = LOAD(task_struct, LOAD_WORD(task_struct, task, real_parent), tgid);
  image->vpid = pid_at(own, level);
  image->pgid = pid_at(group, 0);
  image->vpgid = pid_at(group, level);
  image->sid = pid_at(session, 0);
  image->vsid = pid_at(session, level);
  image->pid_namespace = LOAD(pid_namespace, innermost, ns.inum);
  u64 init = LOAD_WORD(pid_namespace, innermost, child_reaper);
  image->pidns_start_time = init ? LOAD(task_struct, init, start_boottime) + clock_offset : 0;
}

inline_always void fill_credentials(struct image *image, struct task_struct *task) {
  u64 cred = LOAD_WORD(task_struct, task, real_cred);
  image->uid = LOAD(cred, cred, euid.val);
  image->gid = LOAD(cred, cred, egid.val);
  /* kernel_cap_t: two u32, or since 6.3 one u64; the bytes are the same */
  image->cap_inheritable = LOAD_WORD(cred, cred, cap_inheritable);
  image->cap_permitted = LOAD_WORD(cred, cred, cap_permitted);
  image->cap_effective = LOAD_WORD(cred, cred, cap_effective);
  image->user_namespace = LOAD(user_namespace, LOAD_WORD(cred, cred, user_ns), ns.inum);
  image->owner = owner_of(task);
  image->login_uid = bpf_core_field_exists(task->loginuid) ? LOAD(task_struct, task, loginuid.val) : ~0u;
}

/* A task that ends has no nsproxy any more. */
inline_always u32 mount_namespace_of(struct task_struct *task) {
  u64 proxy = LOAD_WORD(task_struct, task, nsproxy);
  return LOAD(mnt_namespace, LOAD_WORD(nsproxy, proxy, mnt_ns), ns.inum);
}

/* new_encode_dev() of the controlling terminal. */
inline_always u32 terminal_of(struct task_struct *task) {
  u64 tty = LOAD_WORD(signal_struct, LOAD_WORD(task_struct, task, signal), tty);
  if (!tty)
    return 0;
  u64 driver = LOAD_WORD(tty_struct, tty, driver);
  u32 major = LOAD(tty_driver, driver, major);
  u32 minor = LOAD(tty_driver, driver, minor_start) + LOAD(tty_struct, tty, index);
  return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

inline_always u64 executable_of(struct task_struct *task) {
  return LOAD_WORD(mm_struct, LOAD_WORD(task_struct, task, mm), exe_file);
}

inline_always void fill_executable(struct image *image, struct task_struct *task) {
  u64 file = executable_of(task);
  image->exe_inode = image->exe_ctime = image->exe_mtime = 0;
  image->exe_device = 0;
  if (!file)
    return;
  u64 inode = LOAD_WORD(file, file, f_inode);
  u64 super = LOAD_WORD(inode, inode, i_sb);
  image->exe_inode = LOAD(inode, inode, i_ino);
  image->exe_ctime = INODE_TIME(inode, ctime);
  image->exe_mtime = INODE_TIME(inode, mtime);
  image->exe_device = LOAD(super_block, super, s_dev);
  u32 layer = overlay_layer(inode);
  if (layer == LAYER_UPPER)
    image->flags |= IMAGE_FLAG_EXE_UPPER_LAYER;
  if (layer == LAYER_LOWER)
    image->flags |= IMAGE_FLAG_EXE_LOWER_LAYER;
  if (is_memory(LOAD_WORD(file, file, f_path.dentry)))
    image->flags |= IMAGE_FLAG_EXE_FROM_MEMFD;
  if (is_writable(inode, LOAD_WORD(task_struct, task, real_cred)))
    image->flags |= IMAGE_FLAG_EXE_WRITABLE;
}

inline_always u64 cgroup_of_task(struct task_struct *task) {
  return cgroup_of(LOAD_WORD(task_struct, task, cgroups));
}

/* Everything of the kernel's half but ids and strings; the strings are absent. A global function, as put_path() is. */
__noinline u32 fill_image_in(struct draft_space *space, u32 kind, u64 clock_offset) {
  if (!space)
    return 0;
  struct image *image = &space->image;
  struct task_struct *task = (void *)space->task;
  image->kind = kind;
  image->flags = LOAD(task_struct, task, flags) & KERNEL_THREAD ? IMAGE_FLAG_KERNEL_THREAD : 0;
  image->time = bpf_ktime_get_boot_ns() + clock_offset;
  image->start_time = LOAD(task_struct, leader_of(task), start_boottime) + clock_offset;
  fill_ids(image, task, clock_offset);
  fill_credentials(image, task);
  fill_executable(image, task);
  image->tty = terminal_of(task);
  image->cgroup_id = cgroup_number(cgroup_of_task(task));
  image->fd_limit = LOAD(signal_struct, LOAD_WORD(task_struct, task, signal), rlim[RLIMIT_NOFILE].rlim_cur);
  fill_memory(image, task);
  image->mount_namespace = mount_namespace_of(task);
  image->exit_code = 0;
  READ(&image->comm_bytes, (void *)(leader_of(task) + bpf_core_field_offset(struct task_struct, comm)));
  image->executable = image->argv = image->environment = image->cwd = image->cgroup = image->stream =
      (struct string_ref){};
  return 0;
}

inline_always void fill_image(struct draft *draft, struct task_struct *task, u32 kind) {
  draft->space->task = (u64)task;
  fill_image_in(draft->space, kind, draft->capture->clock_offset);
}

/* Stores in task storage the values that a later change is compared with. */
inline_always void remember(struct process *process, const struct image *image) {
  process->borrowed = 0;
  process->parent = image->parent;
  process->cgroup = image->cgroup_id;
  process->owner = image->owner;
  process->cap_inheritable = image->cap_inheritable;
  process->cap_permitted = image->cap_permitted;
  process->cap_effective = image->cap_effective;
  process->uid = image->uid;
  process->gid = image->gid;
  process->pgid = image->pgid;
  process->sid = image->sid;
  __builtin_memcpy(process->comm, image->comm_bytes, sizeof(process->comm));
}

/* A process has the name that it was run by: with a name that it sets itself it could pass for a program that rules
 * trust. `process` is itself, or the one that it was forked from. */
inline_always void keep_comm(struct image *image, const struct process *process) {
  if (process->comm[0])
    __builtin_memcpy(image->comm_bytes, process->comm, sizeof(process->comm));
}

/* Sets the process's new image id, 0 if the record was lost. The generation is incremented afterwards: an old
 * id always comes with an old generation. */
inline_always void store_image_id(struct process *process, u64 id, struct capture_shared *capture) {
  *(volatile u64 *)&process->id = id;
  __sync_fetch_and_add(&capture->generation, 1);
}

#endif
