/* The kernel types that the programs use, in place of the 150,000 lines that bpftool makes from the BTF of the running
 * kernel: with one fixed text the object is the same on every build machine.
 *
 * Structs have only the members that are read. Where a member lies and how wide it is, the loader finds out in the BTF
 * of the kernel that the object is loaded on (CO-RE); where kernels differ in more than that, the struct has a flavor
 * (`struct inode___plain`) beside the code that reads it. */

#ifndef WASPREY_VMLINUX_H
#define WASPREY_VMLINUX_H

#include "basic_types.h"
#include "abi.h"

#if defined(__TARGET_ARCH_x86)
#include "x86.h"
#elif defined(__TARGET_ARCH_arm64)
#include "arm64.h"
#else
#error "no pt_regs and thread_info for this processor"
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
  u32 val;
} kuid_t;

typedef struct {
  u32 val;
} kgid_t;

/* Two u32 before 6.3. */
typedef struct {
  u64 val;
} kernel_cap_t;

struct timespec64 {
  s64 tv_sec;
  long tv_nsec;
};

/* Processes */

struct task_struct;

struct upid {
  int nr;
  struct pid_namespace *ns;
};

struct pid {
  unsigned int level;
  struct upid numbers[0];
};

struct ns_common {
  unsigned int inum;
};

struct pid_namespace {
  struct user_namespace *user_ns;
  struct task_struct *child_reaper;
  struct ns_common ns;
};

struct mnt_namespace {
  struct ns_common ns;
  struct user_namespace *user_ns;
};

struct nsproxy {
  struct mnt_namespace *mnt_ns;
};

struct uid_gid_extent {
  u32 first;
  u32 lower_first;
  u32 count;
};

struct uid_gid_map {
  struct uid_gid_extent extent[5];
  u32 nr_extents;
};

struct user_namespace {
  struct uid_gid_map uid_map;
  struct uid_gid_map gid_map;
  struct user_namespace *parent;
  int level;
  kuid_t owner;
  struct ns_common ns;
};

struct group_info {
  int ngroups;
  kgid_t gid[0];
};

struct cred {
  kuid_t uid;
  kuid_t euid;
  kgid_t egid;
  kuid_t fsuid;
  kgid_t fsgid;
  kernel_cap_t cap_inheritable;
  kernel_cap_t cap_permitted;
  kernel_cap_t cap_effective;
  struct user_namespace *user_ns;
  struct group_info *group_info;
};

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_MAX };

struct rlimit {
  unsigned long rlim_cur;
};

struct tty_driver {
  int major;
  int minor_start;
};

struct tty_struct {
  int index;
  struct tty_driver *driver;
};

typedef struct {
  int counter;
} atomic_t;

struct signal_struct {
  atomic_t live;
  struct pid *pids[PIDTYPE_MAX];
  struct tty_struct *tty;
  struct rlimit rlim[16];
};

struct percpu_counter {
  s64 count;
};

struct mm_struct {
  unsigned long total_vm;
  unsigned long arg_start;
  unsigned long arg_end;
  unsigned long env_start;
  unsigned long env_end;
  struct percpu_counter rss_stat[4];
  struct file *exe_file;
};

struct cgroup_root {
  int hierarchy_id;
};

struct cgroup {
  int level;
  struct kernfs_node *kn;
  struct cgroup_root *root;
};

struct cgroup_subsys_state {
  struct cgroup *cgroup;
};

/* Values are those of the running kernel, which depend on its configuration. */
enum cgroup_subsys_id { cpu_cgrp_id, memory_cgrp_id, pids_cgrp_id };

struct css_set {
  struct cgroup_subsys_state *subsys[1];
  struct cgroup *dfl_cgrp;
};

struct kernfs_node {
  struct kernfs_node *__parent;
  const char *name;
  void *priv;
  u64 id;
};

struct task_struct {
  struct thread_info thread_info;
  unsigned int flags;
  unsigned int ptrace;
  struct mm_struct *mm;
  int exit_code;
  s32 pid;
  s32 tgid;
  struct task_struct *real_parent;
  struct task_struct *group_leader;
  struct pid *thread_pid;
  u64 start_boottime;
  unsigned long min_flt;
  unsigned long maj_flt;
  const struct cred *real_cred;
  const struct cred *cred;
  char comm[16];
  struct fs_struct *fs;
  struct files_struct *files;
  struct nameidata *nameidata; /* of the path that is being looked up */
  struct io_uring_task *io_uring;
  struct nsproxy *nsproxy;
  struct signal_struct *signal;
  kuid_t loginuid;
  u64 self_exec_id;
  struct css_set *cgroups;
  struct bpf_local_storage *bpf_storage;
};

/* Files */

struct qstr {
  u32 len;
  const unsigned char *name;
};

struct list_head {
  struct list_head *next;
};

struct hlist_node {
  struct hlist_node *next;
};

struct hlist_head {
  struct hlist_node *first;
};

struct hlist_bl_node {
  struct hlist_bl_node *next, **pprev;
};

struct dentry {
  struct hlist_bl_node d_hash;
  struct dentry *d_parent;
  struct qstr d_name;
  struct inode *d_inode;
  struct super_block *d_sb;
};

struct vfsmount {
  struct dentry *mnt_root;
  struct super_block *mnt_sb;
};

struct mount {
  struct mount *mnt_parent;
  struct dentry *mnt_mountpoint;
  struct vfsmount mnt;
  const char *mnt_devname;
  struct mnt_namespace *mnt_ns;
};

struct path {
  struct vfsmount *mnt;
  struct dentry *dentry;
};

struct file_system_type {
  const char *name;
};

struct super_block {
  u32 s_dev;
  struct file_system_type *s_type;
  unsigned long s_flags;
  unsigned long s_magic;
};

struct inode {
  u16 i_mode;
  kuid_t i_uid;
  kgid_t i_gid;
  unsigned int i_flags;
  struct super_block *i_sb;
  unsigned long i_ino;
  unsigned int i_nlink;
  struct hlist_head i_dentry;
};

struct vm_area_struct {
  unsigned long vm_end;
  unsigned long vm_flags;
  struct file *vm_file;
};

struct file {
  unsigned int f_mode;
  void *private_data;
  struct inode *f_inode;
  unsigned int f_flags;
  struct path f_path;
};

/* A program that is about to be run. */
struct linux_binprm {
  struct file *file;
  const char *filename;
};

struct fdtable {
  unsigned int max_fds;
  struct file **fd;
};

struct files_struct {
  atomic_t count;
  struct fdtable *fdt;
};

struct fs_struct {
  int users;
  struct path root;
  struct path pwd;
};

/* Sockets */

struct in6_addr {
  u8 bytes[16];
};

struct sock_common {
  u32 skc_daddr;
  u32 skc_rcv_saddr;
  u16 skc_dport;
  u16 skc_num;
  unsigned short skc_family;
  volatile unsigned char skc_state;
  struct in6_addr skc_v6_daddr;
  struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
  struct sock_common __sk_common;
  u16 sk_type;
  u16 sk_protocol;
  u32 sk_ack_backlog;
  u32 sk_max_ack_backlog;
  struct socket *sk_socket;
};

struct socket {
  struct file *file;
  struct sock *sk;
};

struct unix_address {
  int len;
  struct sockaddr_un name[0];
};

struct unix_sock {
  struct unix_address *addr;
  struct sock *peer;
};

/* Its place in struct msghdr is all that is asked for; io_uring_receive.h has its members. */
struct iov_iter {
  u8 iter_type;
};

struct msghdr {
  void *msg_name;
  int msg_namelen;
  struct iov_iter msg_iter;
};

/* io_uring */

struct io_cqe {
  u64 user_data;
  s32 res;
  int fd;
};

struct filename {
  const char *name;
};

struct nameidata {
  struct filename *name;
};

struct io_file_table {
  unsigned int alloc_hint;
};

struct io_ring_ctx {
  struct io_file_table file_table;
};

struct io_kiocb {
  struct file *file;
  u8 opcode;
  u64 flags; /* 32 bits before 6.9 */
  struct io_cqe cqe;
  struct io_ring_ctx *ctx;
  void *async_data;
};

struct io_uring_task {
  struct task_struct *task;
};

/* Task storage */

struct bpf_local_storage {
  struct hlist_head list;
};

struct bpf_local_storage_data {
  void *smap; /* the struct bpf_map of the storage */
  u8 data[0];
};

struct bpf_local_storage_elem {
  struct hlist_node snode;
  struct bpf_local_storage_data sdata;
};

/* Contexts of programs */

struct bpf_raw_tracepoint_args {
  u64 args[0];
};

struct bpf_iter__task {
  struct task_struct *task;
};

struct linux_binprm;

#pragma clang attribute pop

#endif
