/* Room in the lifecycle ring: who may take it, so that nobody takes that of others.
 *
 * While the reader keeps up, the ring is nearly empty, and nothing is counted. Beyond an eighth a record is only
 * written if its process and its user have not taken too much already. How much that is depends on what is still free:
 * one that takes a lot leaves the others as large a share, however many they are (Choudhury and Hahne's dynamic
 * thresholds). */

#ifndef WASPREY_LIFECYCLE_SHARE_H
#define WASPREY_LIFECYCLE_SHARE_H

#include "maps.h"

/* What a record is for. Each kind stops before the next: no change takes the room of forks, forks leave some for images
 * that an event follows, and these for the ends of processes. A user that forks leaves a third of
 * the ring free, one that runs programs a fifth, three of these a thirteenth. The changes of others have room in all of
 * these cases: what is reserved is less. */
enum room {
  ROOM_CHANGE, /* of a process whose image is known */
  ROOM_FORK,
  ROOM_EVENT, /* execs; processes without image that have an event, or fork */
  ROOM_END,
};

/* Positions in the ring, in bytes since the start. */
struct filling {
  u64 read;
  u64 written;
};

inline_always struct filling lifecycle_filling(void) {
  return (struct filling){bpf_ringbuf_query(&lifecycle, BPF_RB_CONS_POS),
                          bpf_ringbuf_query(&lifecycle, BPF_RB_PROD_POS)};
}

inline_always bool is_calm(const struct filling *filling) {
  return likely(filling->written - filling->read < LIFECYCLE_BYTES / 8);
}

/* Shares of users, by share_key(). Only used when the ring is not calm. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1024);
  __type(key, u64);
  __type(value, struct share);
} user_shares SEC(".maps");

#define ROOT_OWNER (1ull << 63)

#define MOST_USER_NAMESPACES 33 /* in each other; the kernel's limit, with the initial one */

/* The user of the machine that credentials are of: in a user namespace, whose users anybody may have many of, who made
 * it, or the outermost one that it is in. A global function, as put_path() is. */
__noinline u32 user_of(u64 cred) {
  u64 space = LOAD_WORD(cred, cred, user_ns);
  u32 uid = LOAD(cred, cred, uid.val);
  for (u32 i = 0; i < MOST_USER_NAMESPACES && LOAD(user_namespace, space, level); i++) {
    uid = LOAD(user_namespace, space, owner.val);
    space = LOAD_WORD(user_namespace, space, parent);
  }
  return uid;
}

/* Whether the outermost of the pid namespaces that a process is in was made outside of user namespaces. */
inline_always bool is_in_container_of_root(u64 pid) {
  if (!LOAD(pid, pid, level))
    return false;
  u64 space = LOAD_WORD(upid, upid_at(pid, 1), ns);
  return !LOAD(user_namespace, LOAD_WORD(pid_namespace, space, user_ns), level);
}

/* The user whose share a record takes; 0: all processes of its cgroup have one. It is the real user's, since anybody
 * may run programs of other users (setuid). Root's processes are distinguished by their cgroup, because those of all
 * containers may be root's. So are all processes in root's containers: root there may take any user's number. */
inline_always u32 owner_of(struct task_struct *task) {
  u32 uid = user_of(LOAD_WORD(task_struct, task, real_cred));
  return is_in_container_of_root(LOAD_WORD(task_struct, task, thread_pid)) ? 0 : uid;
}

/* The same as a number that tells users from cgroups; the addon has it, too (image_shares.h). */
inline_always u64 share_key(u32 owner, u64 cgroup) {
  return owner ? owner : cgroup | ROOT_OWNER;
}

/* Bytes that the share has in the ring, at most. Programs on other CPUs may change it meanwhile: it is an estimate. */
inline_always u64 taken(struct share *share, const struct filling *filling) {
  u64 mark = *(volatile u64 *)&share->mark;
  if (filling->read >= mark && __sync_val_compare_and_swap(&share->mark, mark, filling->written) == mark) {
    share->before = share->since;
    share->since = 0;
  }
  return *(volatile u64 *)&share->before + *(volatile u64 *)&share->since;
}

inline_always struct share *share_of_user(u64 owner) {
  struct share *share = bpf_map_lookup_elem(&user_shares, &owner);
  if (share)
    return share;
  struct share none = {};
  bpf_map_update_elem(&user_shares, &owner, &none, BPF_NOEXIST);
  return bpf_map_lookup_elem(&user_shares, &owner);
}

/* Whether a share may take more: at most so many quarters of what is free. */
inline_always bool is_modest(struct share *share, const struct filling *filling, u64 free, u64 quarters) {
  return !share || taken(share, filling) <= free * quarters / 4;
}

inline_always void take(struct share *share, u64 size) {
  if (share)
    __sync_fetch_and_add(&share->since, size);
}

#define SIZED_ROOM(room, size) ((u64)(room) << 32 | (size))

/* may_take() when the ring is not calm. A global function, as put_path() is, which may have five arguments. */
__noinline u32 may_take_more(struct share *own, u64 owner, u64 read, u64 written, u64 sized_room) {
  static const struct {
    u64 reserve; /* bytes left to others */
    u64 process; /* quarters of what is free */
    u64 user;
  } limits[] = {
      [ROOM_CHANGE] = {LIFECYCLE_BYTES / 16, 1, 4},
      [ROOM_FORK] = {LIFECYCLE_BYTES / 32, 4, 8},
      [ROOM_EVENT] = {LIFECYCLE_BYTES / 64, 4, 16},
      [ROOM_END] = {}, /* always has room */
  };
  const struct filling filling = {read, written};
  u64 room = BOUNDED(sized_room >> 32, 0, ROOM_END), size = (u32)sized_room;
  u64 free = LIFECYCLE_BYTES - (written - read);
  struct share *user = share_of_user(owner);
  if (room != ROOM_END && (free < limits[room].reserve || !is_modest(own, &filling, free, limits[room].process) ||
                           !is_modest(user, &filling, free, limits[room].user)))
    return false;
  take(own, size);
  take(user, size);
  return true;
}

/* Whether a record of that size may be written for a process (0: unknown) and an owner. */
inline_always bool may_take(const struct filling *filling, enum room room, u64 size, struct process *process,
                            u64 owner) {
  return is_calm(filling) ||
         may_take_more(process ? &process->share : 0, owner, filling->read, filling->written, SIZED_ROOM(room, size));
}

#endif
