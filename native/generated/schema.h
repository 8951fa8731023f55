/* Generated from host/schema by `npm run schema`. Do not edit. */

#ifndef WASPREY_SCHEMA_H

#define WASPREY_SCHEMA_H

#ifdef __cplusplus
#include <linux/types.h>
#define _Static_assert static_assert
#endif

/* offset from the start of the record (mod 2^32), length in bytes; offset 0 = absent */

struct string_ref {
  __u32 offset;
  __u32 length;
};

/* What every event record starts with. */
struct event_header {
  __u64 commit; /* 0: ring position + secret of this start, written last; marks the record complete */
  __u32 size; /* 8: bytes of the record, strings and padding included; a multiple of 8 */
  __u16 type; /* 12: event type number */
  __u16 flags; /* 14: EVENT_FLAGS */
  __u64 time; /* 16: ns since the epoch, taken at syscall exit */
  __u64 image; /* 24: process image id; 0 where the kernel had none */
  __u64 sequence; /* 32: number of the event on its CPU, counting dropped ones too, from 1 */
  __s64 result; /* 40: return value of the syscall */
  __u32 tid; /* 48: thread id in the root pid namespace */
  __u16 cpu; /* 52: CPU whose ring holds the record */
  __u16 reserved; /* 54: ENFORCED (host/schema/enforced.ts); 0: nothing */
  __s32 fd; /* 56: descriptor number the event works on; -1 where it has none or creating it failed */
  __u32 image_address; /* 60: address of the process image in the sandbox, written by the reader; never 0 once complete */
};
_Static_assert(sizeof(struct event_header) == 64, "struct event_header: layout");

/* calls that open a file */
struct event_open {
  struct event_header header;
  __u32 other_view; /* 64: with TWO_VIEWS: address of the next view; of the last one: of the first. Written by the reader */
  __u32 device; /* 68: dev_t of the file system (kernel encoding: major << 20 | minor) */
  __u8 kind; /* 72: fd.typechar: f d 4 6 u p e s l i t n b r m P X o; 0 = no descriptor */
  __u8 l4; /* 73: IP protocol number (6 TCP, 17 UDP, 1 and 58 ICMP, 255 raw); 0 = none */
  __u8 role; /* 74: DESCRIPTOR_ROLE */
  __u8 state; /* 75: DESCRIPTOR_STATE bits */
  __u16 local_port; /* 76: host byte order */
  __u16 remote_port; /* 78: host byte order */
  __u32 file_mode; /* 80: inode mode bits */
  __u32 padding; /* 84: 0 */
  __u64 inode; /* 88: inode number */
  __u8 local_address[16]; /* 96: local end (unix: address of the socket in its first 8 bytes) */
  __u8 remote_address[16]; /* 112: remote end (unix: address of the peer in its first 8 bytes) */
  struct string_ref name; /* 128: fd.name: absolute lexical path, connection, or unix path; completed by the reader */
  struct string_ref raw; /* 136: path as passed to the syscall */
  struct string_ref resolved; /* 144: path as the kernel resolved it (dentry walk across mounts) */
  struct string_ref directory; /* 152: path of dirfd, where raw is relative or a handle belongs to it */
  __s32 dirfd; /* 160: directory descriptor passed (by handle: of the mount); AT_FDCWD for open and creat */
  __u32 open_flags; /* 164: flags in the kernel's numbers */
  __u32 mode; /* 168: mode passed */
  __u32 resolve; /* 172: openat2: resolve flags */
  struct string_ref elsewhere; /* 176: another path of the file: by a hard link, or without the bind mount or the own root that it was reached by */
};
_Static_assert(sizeof(struct event_open) == 184, "struct event_open: layout");

/* execve, execveat */
struct event_exec {
  struct event_header header;
  struct string_ref raw; /* 64: path as passed (of a failed call; the image has the rest) */
  struct string_ref name; /* 72: the same, absolute; completed by the reader */
  struct string_ref directory; /* 80: path of dirfd, where raw is relative */
  __s32 dirfd; /* 88: directory descriptor; AT_FDCWD for execve */
  __u32 at_flags; /* 92: execveat: AT_* flags */
};
_Static_assert(sizeof(struct event_exec) == 96, "struct event_exec: layout");

/* calls on or making a descriptor */
struct event_descriptor {
  struct event_header header;
  __u32 other_view; /* 64: with TWO_VIEWS: address of the next view; of the last one: of the first. Written by the reader */
  __u32 device; /* 68: dev_t of the file system (kernel encoding: major << 20 | minor) */
  __u8 kind; /* 72: fd.typechar: f d 4 6 u p e s l i t n b r m P X o; 0 = no descriptor */
  __u8 l4; /* 73: IP protocol number (6 TCP, 17 UDP, 1 and 58 ICMP, 255 raw); 0 = none */
  __u8 role; /* 74: DESCRIPTOR_ROLE */
  __u8 state; /* 75: DESCRIPTOR_STATE bits */
  __u16 local_port; /* 76: host byte order */
  __u16 remote_port; /* 78: host byte order */
  __u32 file_mode; /* 80: inode mode bits */
  __u32 padding; /* 84: 0 */
  __u64 inode; /* 88: inode number */
  __u8 local_address[16]; /* 96: local end (unix: address of the socket in its first 8 bytes) */
  __u8 remote_address[16]; /* 112: remote end (unix: address of the peer in its first 8 bytes) */
  struct string_ref name; /* 128: fd.name: absolute lexical path, connection, or unix path; completed by the reader */
  struct string_ref raw; /* 136: path as passed to the syscall */
  struct string_ref resolved; /* 144: path as the kernel resolved it (dentry walk across mounts) */
  struct string_ref directory; /* 152: path of dirfd, where raw is relative or a handle belongs to it */
  __s32 old_fd; /* 160: dup*: descriptor duplicated */
  __s32 new_fd; /* 164: dup2, dup3: descriptor asked for; fsconfig: aux */
  __u32 call_flags; /* 168: flags passed (dup3, memfd_create, finit_module, userfaultfd, mmap, setns nstype), or the command of bpf or fsconfig */
  __u32 mode; /* 172: fchmod: mode; mmap, mprotect: protection */
  __u32 owner; /* 176: fchown: user */
  __u32 group; /* 180: fchown: group */
  struct string_ref text; /* 184: finit_module: parameters; memfd_create: name; f*xattr: name of the attribute; fsopen: type; fsconfig: key */
  struct string_ref value; /* 192: fsconfig: value, where it is a text */
  struct string_ref elsewhere; /* 200: another path of the file, as of open */
  __u64 numbers[3]; /* 208: mmap, mprotect: address, length; mmap: offset in the file */
};
_Static_assert(sizeof(struct event_descriptor) == 232, "struct event_descriptor: layout");

/* socket, bind, listen, connect, accept, accept4, send*, recv* */
struct event_network {
  struct event_header header;
  __u32 other_view; /* 64: with TWO_VIEWS: address of the next view; of the last one: of the first. Written by the reader */
  __u32 device; /* 68: dev_t of the file system (kernel encoding: major << 20 | minor) */
  __u8 kind; /* 72: fd.typechar: f d 4 6 u p e s l i t n b r m P X o; 0 = no descriptor */
  __u8 l4; /* 73: IP protocol number (6 TCP, 17 UDP, 1 and 58 ICMP, 255 raw); 0 = none */
  __u8 role; /* 74: DESCRIPTOR_ROLE */
  __u8 state; /* 75: DESCRIPTOR_STATE bits */
  __u16 local_port; /* 76: host byte order */
  __u16 remote_port; /* 78: host byte order */
  __u32 file_mode; /* 80: inode mode bits */
  __u32 padding; /* 84: 0 */
  __u64 inode; /* 88: inode number */
  __u8 local_address[16]; /* 96: local end (unix: address of the socket in its first 8 bytes) */
  __u8 remote_address[16]; /* 112: remote end (unix: address of the peer in its first 8 bytes) */
  struct string_ref name; /* 128: fd.name: absolute lexical path, connection, or unix path; completed by the reader */
  struct string_ref raw; /* 136: path as passed to the syscall */
  struct string_ref resolved; /* 144: path as the kernel resolved it (dentry walk across mounts) */
  struct string_ref directory; /* 152: path of dirfd, where raw is relative or a handle belongs to it */
  __u32 domain; /* 160: socket: address family */
  __u32 socket_type; /* 164: socket: type without flags */
  __u32 protocol; /* 168: socket: protocol */
  __u32 call_flags; /* 172: accept4, send*, recv*: flags */
  __s32 backlog; /* 176: listen: backlog */
  __u32 length; /* 180: sendto, recvfrom: bytes asked for; sendmsg, sendmmsg, recvmsg, recvmmsg: bytes sent or received */
  __u32 queue_length; /* 184: accept: pending connections */
  __u32 queue_max; /* 188: accept: backlog of the listener */
  __u16 passed_family; /* 192: bind, connect, send*: address passed; recv*: that of the sender; 0 = none */
  __u16 passed_port; /* 194: host byte order */
  __u8 passed_address[16]; /* 196: address passed */
  __u32 pad; /* 212: 0 */
  struct string_ref passed_path; /* 216: unix: path passed */
  struct string_ref data; /* 224: send*, recv*: the first bytes, at most 80 as in Falco */
};
_Static_assert(sizeof(struct event_network) == 232, "struct event_network: layout");

/* calls on one path */
struct event_path {
  struct event_header header;
  __u32 other_view; /* 64: with TWO_VIEWS: address of the next view; of the last one: of the first. Written by the reader */
  struct string_ref raw; /* 68: path as passed */
  struct string_ref name; /* 76: absolute lexical path; completed by the reader */
  struct string_ref directory; /* 84: path of dirfd, and of the current directory where it is AT_FDCWD */
  __s32 dirfd; /* 92: directory descriptor; AT_FDCWD where the call has none */
  __u32 call_flags; /* 96: unlinkat, umount2, fchownat, open_tree: flags; mknod*: device */
  __u32 mode; /* 100: mkdir*, mknod*, chmod, fchmodat: mode */
  __u32 owner; /* 104: *chown*: user */
  __u32 group; /* 108: *chown*: group */
  struct string_ref text; /* 112: *xattr*: name of the attribute */
  struct string_ref base; /* 120: another path of what raw starts from (directory, current directory, own root), as `elsewhere` of open */
};
_Static_assert(sizeof(struct event_path) == 128, "struct event_path: layout");

/* calls on two paths */
struct event_paths {
  struct event_header header;
  __u32 other_view; /* 64: with TWO_VIEWS: address of the next view; of the last one: of the first. Written by the reader */
  struct string_ref old_raw; /* 68: first path as passed (symlink: target text; mount: device; mount_setattr: none) */
  struct string_ref old_name; /* 76: the same, absolute (not for symlink targets); completed by the reader */
  struct string_ref old_directory; /* 84: path of its dirfd */
  struct string_ref new_raw; /* 92: second path as passed (symlink: linkpath; mount: mount point) */
  struct string_ref new_name; /* 100: the same, absolute; completed by the reader */
  struct string_ref new_directory; /* 108: path of its dirfd */
  struct string_ref text; /* 116: mount: file system type; move_mount: that of a new mount */
  struct string_ref device; /* 124: move_mount: what a new mount is of */
  __s32 old_dirfd; /* 132: AT_FDCWD where the call has none */
  __s32 new_dirfd; /* 136: AT_FDCWD where the call has none */
  __u32 pad; /* 140: 0 */
  __u64 call_flags; /* 144: renameat2, linkat, mount: flags; move_mount, mount_setattr: those of an equivalent mount */
  struct string_ref old_base; /* 152: another path of what old_raw starts from, as `base` of path */
  struct string_ref new_base; /* 160: the same of new_raw */
};
_Static_assert(sizeof(struct event_paths) == 168, "struct event_paths: layout");

/* calls with numeric arguments only (setuid, ptrace, kill, the clone family, ...), or reported by name only */
struct event_process {
  struct event_header header;
  __u64 numbers[4]; /* 64: arguments, in the order of events/ */
  struct string_ref text; /* 96: init_module: parameters */
};
_Static_assert(sizeof(struct event_process) == 104, "struct event_process: layout");

/* A process image: a lifecycle record of the kernel, and its slot in the image table. */
struct image {
  __u32 size; /* 0: bytes, strings included */
  __u16 kind; /* 4: IMAGE_KIND */
  __u16 flags; /* 6: IMAGE_FLAGS */
  __u64 id; /* 8: image id, unique since the start of the agent; never 0 */
  __u64 parent; /* 16: image id of the process that forked this one, as it was then; 0 = not known */
  __u64 previous; /* 24: image this one replaces in the same process (exec, change); 0 for fork and snapshot */
  __u64 time; /* 32: ns since the epoch: when the image came to be */
  __u64 start_time; /* 40: ns since the epoch: when the process was forked */
  __u64 exec_time; /* 48: ns since the epoch: last exec of the process; its fork or the snapshot, if none was seen since */
  __u64 pidns_start_time; /* 56: ns since the epoch: start of init of its pid namespace; 0 = not known */
  __u64 cap_inheritable; /* 64: bit n = capability n */
  __u64 cap_permitted; /* 72: bit n = capability n */
  __u64 cap_effective; /* 80: bit n = capability n */
  __u64 exe_inode; /* 88: inode number of the executable */
  __u64 exe_ctime; /* 96: ns since the epoch */
  __u64 exe_mtime; /* 104: ns since the epoch */
  __u64 cgroup_id; /* 112: number of the cgroup whose path is given: its id, and in the upper 16 bits the number of its hierarchy (0: that of version 2) */
  __u64 fd_limit; /* 120: RLIMIT_NOFILE, soft */
  __u64 faults_major; /* 128: page faults of the main thread that had to wait for a disk */
  __u64 faults_minor; /* 136: its other page faults */
  __u32 pid; /* 144: thread group id, root pid namespace */
  __u32 ppid; /* 148: parent's thread group id when the image came to be; of a fork, that of the process that forked */
  __u32 vpid; /* 152: thread group id in the innermost pid namespace */
  __u32 pgid; /* 156: process group, root pid namespace */
  __u32 vpgid; /* 160: process group, innermost pid namespace */
  __u32 sid; /* 164: session, root pid namespace */
  __u32 vsid; /* 168: session, innermost pid namespace */
  __u32 tty; /* 172: controlling terminal, kernel new_encode_dev numbering; 0 = none */
  __u32 uid; /* 176: effective user id, root user namespace */
  __u32 gid; /* 180: effective group id */
  __u32 login_uid; /* 184: audit login uid; 0xffffffff = unset */
  __u32 exe_device; /* 188: dev_t of the file system of the executable */
  __u32 pid_namespace; /* 192: inode number of the innermost pid namespace */
  __u32 mount_namespace; /* 196: inode number of the mount namespace */
  __u32 user_namespace; /* 200: inode number of the user namespace */
  __s32 exit_code; /* 204: exit records only: wait status */
  __u32 vm_size; /* 208: virtual memory when the image came to be, in kB */
  __u32 vm_rss; /* 212: resident memory then, in kB */
  __u32 vm_swap; /* 216: swapped memory then, in kB */
  __u32 owner; /* 220: user whose share of the memory for images it takes: the real one, or who made its user namespace; 0 = all of its cgroup */
  char comm_bytes[16]; /* 224: the kernel's comm, NUL-padded */
  struct string_ref executable; /* 240: path the kernel resolved (proc.exepath), "memfd:NAME" for a memfd */
  struct string_ref argv; /* 248: arguments, argv[0] first, each ended by a NUL */
  struct string_ref environment; /* 256: NAME=value, each ended by a NUL */
  struct string_ref cwd; /* 264: current directory, without trailing slash */
  struct string_ref cgroup; /* 272: cgroup path, from the root of its hierarchy */
  struct string_ref stream; /* 280: standard input or output, if it was a network socket when the program was run: a descriptor record */
  __u32 parent_address; /* 288: annex: address of the parent image in the sandbox; 0 = not known */
  __u32 session_address; /* 292: annex: address of the image of the session leader; 0 = not known */
  __u32 group_leader_address; /* 296: annex: address of the image of the process group leader; 0 = not known */
  __u32 container_address; /* 300: annex: address of its container table entry (the host has one too); never 0 */
  struct string_ref comm; /* 304: annex: comm_bytes up to its NUL (proc.name) */
  struct string_ref argv0; /* 312: annex: argv[0] (proc.exe) */
  struct string_ref args; /* 320: annex: argv[1..] joined by blanks (proc.args); empty without arguments, never absent */
  struct string_ref cmdline; /* 328: annex: comm, blank, args (proc.cmdline) */
  struct string_ref cwd_slash; /* 336: annex: cwd with a trailing slash (proc.cwd) */
  struct string_ref environment_text; /* 344: annex: environment joined by blanks (proc.env) */
  struct string_ref stream_name; /* 352: annex: the name of that socket (proc.stdio.connection) */
  struct string_ref user_name; /* 360: annex: user.name */
  struct string_ref group_name; /* 368: annex: group.name */
  struct string_ref login_name; /* 376: annex: user.loginname */
  struct string_ref user_home; /* 384: annex: user.homedir; absent when not known */
  struct string_ref user_shell; /* 392: annex: user.shell; absent when not known */
  __u64 candidates[64]; /* 400: annex: by bank, bit n of word w = rule 64 w + n can still match this process */
  __u64 ancestry[8]; /* 912: annex: by bank, the tests that any ancestor meets; the highest bit: known */
};
_Static_assert(sizeof(struct image) == 976, "struct image: layout");

/* An entry of the container table; strings are relative to the entry. */
struct container {
  __u32 size; /* 0: bytes, strings included */
  __u8 state; /* 4: CONTAINER_STATE */
  __u8 privileged; /* 5: 0 no, 1 yes, 255 not known */
  __u8 pod_state; /* 6: POD_STATE: whether the API server knows its pod */
  __u8 host_namespaces; /* 7: HOST_NAMESPACE bits; 0 = not known */
  __u64 start_time; /* 8: ns since the epoch; 0 = not known */
  struct string_ref id; /* 16: container.id: first 12 characters, or "host" */
  struct string_ref full_id; /* 24: container.full_id */
  struct string_ref type; /* 32: container.type */
  struct string_ref name; /* 40: container.name */
  struct string_ref image; /* 48: container.image */
  struct string_ref image_id; /* 56: container.image.id */
  struct string_ref image_repository; /* 64: container.image.repository */
  struct string_ref image_tag; /* 72: container.image.tag */
  struct string_ref image_digest; /* 80: container.image.digest */
  struct string_ref ip; /* 88: container.ip */
  struct string_ref labels; /* 96: key=value, each ended by a NUL */
  struct string_ref own_labels; /* 104: labels without those that its image has brought; as labels */
  struct string_ref labels_text; /* 112: container.labels */
  struct string_ref mounts; /* 120: source NUL dest NUL mode NUL rdwr NUL propagation NUL, a mount after the other */
  struct string_ref mounts_text; /* 128: container.mounts */
  struct string_ref pod_name; /* 136: k8s.pod.name */
  struct string_ref pod_namespace; /* 144: k8s.ns.name */
  struct string_ref pod_uid; /* 152: k8s.pod.uid */
  struct string_ref pod_sandbox_id; /* 160: k8s.pod.full_sandbox_id */
  struct string_ref pod_ip; /* 168: k8s.pod.ip */
  struct string_ref pod_labels; /* 176: key:value, each ended by a NUL; keys hold no colon */
  struct string_ref pod_labels_text; /* 184: k8s.pod.labels */
  struct string_ref pod_annotations; /* 192: key:value, each ended by a NUL; keys hold no colon */
  struct string_ref user; /* 200: container.user */
  struct string_ref env_names; /* 208: names of the environment, each ended by a NUL */
  struct string_ref cni; /* 216: container.cni.json */
  struct string_ref pod_service_account; /* 224: k8smeta.pod.service_account */
  struct string_ref pod_node; /* 232: k8smeta.pod.node */
  struct string_ref owner_kind; /* 240: k8smeta.owner.kind */
  struct string_ref owner_name; /* 248: k8smeta.owner.name */
  struct string_ref owner_uid; /* 256: k8smeta.owner.uid */
  struct string_ref ns_uid; /* 264: k8smeta.ns.uid */
  struct string_ref ns_labels; /* 272: key:value, each ended by a NUL; keys hold no colon */
  struct string_ref deployment_name; /* 280: k8smeta.deployment.name */
  struct string_ref deployment_uid; /* 288: k8smeta.deployment.uid */
  struct string_ref deployment_labels; /* 296: key:value, each ended by a NUL; keys hold no colon */
  struct string_ref rs_name; /* 304: k8smeta.rs.name */
  struct string_ref rs_uid; /* 312: k8smeta.rs.uid */
  struct string_ref rs_labels; /* 320: key:value, each ended by a NUL; keys hold no colon */
  struct string_ref rc_name; /* 328: k8smeta.rc.name */
  struct string_ref rc_uid; /* 336: k8smeta.rc.uid */
  struct string_ref rc_labels; /* 344: key:value, each ended by a NUL; keys hold no colon */
};
_Static_assert(sizeof(struct container) == 352, "struct container: layout");

/* A slot of the table of names. */
struct named_address {
  __u64 name; /* 0: key of the name; 0 = the slot is free */
  __u8 address[16]; /* 8: IPv4 in the first four bytes, 0 behind them */
  __u64 is_ipv6; /* 24: 1: of IPv6 */
};
_Static_assert(sizeof(struct named_address) == 32, "struct named_address: layout");

#define EVENT_NONE 0
#define EVENT_OPEN 1
#define EVENT_OPENAT 2
#define EVENT_OPENAT2 3
#define EVENT_CREAT 4
#define EVENT_EXECVE 5
#define EVENT_EXECVEAT 6
#define EVENT_SOCKET 7
#define EVENT_BIND 8
#define EVENT_LISTEN 9
#define EVENT_CONNECT 10
#define EVENT_ACCEPT 11
#define EVENT_ACCEPT4 12
#define EVENT_SENDTO 13
#define EVENT_SENDMSG 14
#define EVENT_UNLINK 15
#define EVENT_UNLINKAT 16
#define EVENT_RMDIR 17
#define EVENT_MKDIR 18
#define EVENT_MKDIRAT 19
#define EVENT_RENAME 20
#define EVENT_RENAMEAT 21
#define EVENT_RENAMEAT2 22
#define EVENT_LINK 23
#define EVENT_LINKAT 24
#define EVENT_SYMLINK 25
#define EVENT_SYMLINKAT 26
#define EVENT_CHMOD 27
#define EVENT_FCHMOD 28
#define EVENT_FCHMODAT 29
#define EVENT_DUP 30
#define EVENT_DUP2 31
#define EVENT_DUP3 32
#define EVENT_SETUID 33
#define EVENT_SETGID 34
#define EVENT_SETRESUID 35
#define EVENT_PTRACE 36
#define EVENT_MOUNT 37
#define EVENT_UMOUNT2 38
#define EVENT_MEMFD_CREATE 39
#define EVENT_UNSHARE 40
#define EVENT_SETNS 41
#define EVENT_INIT_MODULE 42
#define EVENT_FINIT_MODULE 43
#define EVENT_BPF 44
#define EVENT_CLONE 45
#define EVENT_CLONE3 46
#define EVENT_FORK 47
#define EVENT_VFORK 48
#define EVENT_RECVFROM 49
#define EVENT_RECVMSG 50
#define EVENT_USERFAULTFD 51
#define EVENT_OPEN_BY_HANDLE_AT 52
#define EVENT_SENDMMSG 53
#define EVENT_RECVMMSG 54
#define EVENT_KILL 55
#define EVENT_TKILL 56
#define EVENT_TGKILL 57
#define EVENT_SETSID 58
#define EVENT_SETPGID 59
#define EVENT_KEXEC_LOAD 60
#define EVENT_KEXEC_FILE_LOAD 61
#define EVENT_PERF_EVENT_OPEN 62
#define EVENT_PIVOT_ROOT 63
#define EVENT_KEYCTL 64
#define EVENT_TRUNCATE 70
#define EVENT_FTRUNCATE 71
#define EVENT_CHOWN 72
#define EVENT_LCHOWN 73
#define EVENT_FCHOWN 74
#define EVENT_FCHOWNAT 75
#define EVENT_SETXATTR 76
#define EVENT_LSETXATTR 77
#define EVENT_FSETXATTR 78
#define EVENT_SETXATTRAT 79
#define EVENT_REMOVEXATTR 80
#define EVENT_LREMOVEXATTR 81
#define EVENT_FREMOVEXATTR 82
#define EVENT_REMOVEXATTRAT 83
#define EVENT_UTIME 84
#define EVENT_UTIMES 85
#define EVENT_FUTIMESAT 86
#define EVENT_UTIMENSAT 87
#define EVENT_FILE_SETATTR 88
#define EVENT_MKNOD 89
#define EVENT_MKNODAT 90
#define EVENT_FSOPEN 91
#define EVENT_FSCONFIG 92
#define EVENT_FSMOUNT 93
#define EVENT_FSPICK 94
#define EVENT_OPEN_TREE 95
#define EVENT_MOVE_MOUNT 96
#define EVENT_MOUNT_SETATTR 97
#define EVENT_MMAP 98
#define EVENT_MPROTECT 99

#define LONGEST_RECORD 32768
#define LONGEST_IMAGE 28672

#define EVENT_TYPE_COUNT 100

/* SHAPE(shape, struct) */
#define WASPREY_SHAPES(SHAPE) \
  SHAPE(Open, event_open) \
  SHAPE(Exec, event_exec) \
  SHAPE(Descriptor, event_descriptor) \
  SHAPE(Network, event_network) \
  SHAPE(Path, event_path) \
  SHAPE(Paths, event_paths) \
  SHAPE(Process, event_process)

/* SHAPE(shape, struct: those that have other_view) */
#define WASPREY_VIEWED_SHAPES(SHAPE) \
  SHAPE(Open, event_open) \
  SHAPE(Descriptor, event_descriptor) \
  SHAPE(Network, event_network) \
  SHAPE(Path, event_path) \
  SHAPE(Paths, event_paths)

/* STRING(shape, struct, string that the reader completes) */
#define WASPREY_COMPLETED(STRING) \
  STRING(Open, event_open, name) \
  STRING(Exec, event_exec, name) \
  STRING(Descriptor, event_descriptor, name) \
  STRING(Network, event_network, name) \
  STRING(Path, event_path, name) \
  STRING(Paths, event_paths, old_name) \
  STRING(Paths, event_paths, new_name)

/* TYPE(name, event type, shape, program, makes a descriptor) */
#define WASPREY_EVENT_TYPES(TYPE) \
  TYPE(open, EVENT_OPEN, Open, on_open, 1) \
  TYPE(openat, EVENT_OPENAT, Open, on_open, 1) \
  TYPE(openat2, EVENT_OPENAT2, Open, on_open, 1) \
  TYPE(creat, EVENT_CREAT, Open, on_open, 1) \
  TYPE(execve, EVENT_EXECVE, Exec, on_execve, 0) \
  TYPE(execveat, EVENT_EXECVEAT, Exec, on_execve, 0) \
  TYPE(socket, EVENT_SOCKET, Network, on_socket, 1) \
  TYPE(bind, EVENT_BIND, Network, on_socket, 0) \
  TYPE(listen, EVENT_LISTEN, Network, on_socket, 0) \
  TYPE(connect, EVENT_CONNECT, Network, on_socket, 0) \
  TYPE(accept, EVENT_ACCEPT, Network, on_socket, 1) \
  TYPE(accept4, EVENT_ACCEPT4, Network, on_socket, 1) \
  TYPE(sendto, EVENT_SENDTO, Network, on_send, 0) \
  TYPE(sendmsg, EVENT_SENDMSG, Network, on_send, 0) \
  TYPE(unlink, EVENT_UNLINK, Path, on_path, 0) \
  TYPE(unlinkat, EVENT_UNLINKAT, Path, on_path, 0) \
  TYPE(rmdir, EVENT_RMDIR, Path, on_path, 0) \
  TYPE(mkdir, EVENT_MKDIR, Path, on_path, 0) \
  TYPE(mkdirat, EVENT_MKDIRAT, Path, on_path, 0) \
  TYPE(rename, EVENT_RENAME, Paths, on_paths, 0) \
  TYPE(renameat, EVENT_RENAMEAT, Paths, on_paths, 0) \
  TYPE(renameat2, EVENT_RENAMEAT2, Paths, on_paths, 0) \
  TYPE(link, EVENT_LINK, Paths, on_paths, 0) \
  TYPE(linkat, EVENT_LINKAT, Paths, on_paths, 0) \
  TYPE(symlink, EVENT_SYMLINK, Paths, on_paths, 0) \
  TYPE(symlinkat, EVENT_SYMLINKAT, Paths, on_paths, 0) \
  TYPE(chmod, EVENT_CHMOD, Path, on_path, 0) \
  TYPE(fchmod, EVENT_FCHMOD, Descriptor, on_descriptor, 0) \
  TYPE(fchmodat, EVENT_FCHMODAT, Path, on_path, 0) \
  TYPE(dup, EVENT_DUP, Descriptor, on_descriptor, 1) \
  TYPE(dup2, EVENT_DUP2, Descriptor, on_descriptor, 1) \
  TYPE(dup3, EVENT_DUP3, Descriptor, on_descriptor, 1) \
  TYPE(setuid, EVENT_SETUID, Process, on_process, 0) \
  TYPE(setgid, EVENT_SETGID, Process, on_process, 0) \
  TYPE(setresuid, EVENT_SETRESUID, Process, on_process, 0) \
  TYPE(ptrace, EVENT_PTRACE, Process, on_process, 0) \
  TYPE(mount, EVENT_MOUNT, Paths, on_paths, 0) \
  TYPE(umount2, EVENT_UMOUNT2, Path, on_path, 0) \
  TYPE(memfd_create, EVENT_MEMFD_CREATE, Descriptor, on_descriptor, 1) \
  TYPE(unshare, EVENT_UNSHARE, Process, on_process, 0) \
  TYPE(setns, EVENT_SETNS, Descriptor, on_descriptor, 0) \
  TYPE(init_module, EVENT_INIT_MODULE, Process, on_process, 0) \
  TYPE(finit_module, EVENT_FINIT_MODULE, Descriptor, on_descriptor, 0) \
  TYPE(bpf, EVENT_BPF, Descriptor, on_descriptor, 1) \
  TYPE(clone, EVENT_CLONE, Process, on_process, 0) \
  TYPE(clone3, EVENT_CLONE3, Process, on_process, 0) \
  TYPE(fork, EVENT_FORK, Process, on_process, 0) \
  TYPE(vfork, EVENT_VFORK, Process, on_process, 0) \
  TYPE(recvfrom, EVENT_RECVFROM, Network, on_receive, 0) \
  TYPE(recvmsg, EVENT_RECVMSG, Network, on_receive, 0) \
  TYPE(userfaultfd, EVENT_USERFAULTFD, Descriptor, on_descriptor, 1) \
  TYPE(open_by_handle_at, EVENT_OPEN_BY_HANDLE_AT, Open, on_open, 1) \
  TYPE(sendmmsg, EVENT_SENDMMSG, Network, on_send_many, 0) \
  TYPE(recvmmsg, EVENT_RECVMMSG, Network, on_receive_many, 0) \
  TYPE(kill, EVENT_KILL, Process, on_process, 0) \
  TYPE(tkill, EVENT_TKILL, Process, on_process, 0) \
  TYPE(tgkill, EVENT_TGKILL, Process, on_process, 0) \
  TYPE(setsid, EVENT_SETSID, Process, on_process, 0) \
  TYPE(setpgid, EVENT_SETPGID, Process, on_process, 0) \
  TYPE(kexec_load, EVENT_KEXEC_LOAD, Process, on_process, 0) \
  TYPE(kexec_file_load, EVENT_KEXEC_FILE_LOAD, Process, on_process, 0) \
  TYPE(perf_event_open, EVENT_PERF_EVENT_OPEN, Process, on_process, 0) \
  TYPE(pivot_root, EVENT_PIVOT_ROOT, Process, on_process, 0) \
  TYPE(keyctl, EVENT_KEYCTL, Process, on_process, 0) \
  TYPE(truncate, EVENT_TRUNCATE, Path, on_path, 0) \
  TYPE(ftruncate, EVENT_FTRUNCATE, Descriptor, on_descriptor, 0) \
  TYPE(chown, EVENT_CHOWN, Path, on_path, 0) \
  TYPE(lchown, EVENT_LCHOWN, Path, on_path, 0) \
  TYPE(fchown, EVENT_FCHOWN, Descriptor, on_descriptor, 0) \
  TYPE(fchownat, EVENT_FCHOWNAT, Path, on_path, 0) \
  TYPE(setxattr, EVENT_SETXATTR, Path, on_path, 0) \
  TYPE(lsetxattr, EVENT_LSETXATTR, Path, on_path, 0) \
  TYPE(fsetxattr, EVENT_FSETXATTR, Descriptor, on_descriptor, 0) \
  TYPE(setxattrat, EVENT_SETXATTRAT, Path, on_path, 0) \
  TYPE(removexattr, EVENT_REMOVEXATTR, Path, on_path, 0) \
  TYPE(lremovexattr, EVENT_LREMOVEXATTR, Path, on_path, 0) \
  TYPE(fremovexattr, EVENT_FREMOVEXATTR, Descriptor, on_descriptor, 0) \
  TYPE(removexattrat, EVENT_REMOVEXATTRAT, Path, on_path, 0) \
  TYPE(utime, EVENT_UTIME, Path, on_path, 0) \
  TYPE(utimes, EVENT_UTIMES, Path, on_path, 0) \
  TYPE(futimesat, EVENT_FUTIMESAT, Path, on_path, 0) \
  TYPE(utimensat, EVENT_UTIMENSAT, Path, on_path, 0) \
  TYPE(file_setattr, EVENT_FILE_SETATTR, Path, on_path, 0) \
  TYPE(mknod, EVENT_MKNOD, Path, on_path, 0) \
  TYPE(mknodat, EVENT_MKNODAT, Path, on_path, 0) \
  TYPE(fsopen, EVENT_FSOPEN, Descriptor, on_descriptor, 1) \
  TYPE(fsconfig, EVENT_FSCONFIG, Descriptor, on_descriptor, 0) \
  TYPE(fsmount, EVENT_FSMOUNT, Descriptor, on_descriptor, 1) \
  TYPE(fspick, EVENT_FSPICK, Path, on_path, 0) \
  TYPE(open_tree, EVENT_OPEN_TREE, Path, on_path, 0) \
  TYPE(move_mount, EVENT_MOVE_MOUNT, Paths, on_paths, 0) \
  TYPE(mount_setattr, EVENT_MOUNT_SETATTR, Paths, on_paths, 0) \
  TYPE(mmap, EVENT_MMAP, Descriptor, on_descriptor, 0) \
  TYPE(mprotect, EVENT_MPROTECT, Descriptor, on_descriptor, 0)

/* REQUEST(operation of io_uring, its number, event type) */
#define WASPREY_REQUESTS(REQUEST) \
  REQUEST(OPENAT, 18, EVENT_OPENAT) \
  REQUEST(OPENAT2, 28, EVENT_OPENAT2) \
  REQUEST(SOCKET, 45, EVENT_SOCKET) \
  REQUEST(BIND, 56, EVENT_BIND) \
  REQUEST(LISTEN, 57, EVENT_LISTEN) \
  REQUEST(CONNECT, 16, EVENT_CONNECT) \
  REQUEST(ACCEPT, 13, EVENT_ACCEPT4) \
  REQUEST(SEND, 26, EVENT_SENDTO) \
  REQUEST(SEND_ZC, 47, EVENT_SENDTO) \
  REQUEST(SENDMSG, 9, EVENT_SENDMSG) \
  REQUEST(SENDMSG_ZC, 48, EVENT_SENDMSG) \
  REQUEST(UNLINKAT, 36, EVENT_UNLINKAT) \
  REQUEST(MKDIRAT, 37, EVENT_MKDIRAT) \
  REQUEST(RENAMEAT, 35, EVENT_RENAMEAT2) \
  REQUEST(LINKAT, 39, EVENT_LINKAT) \
  REQUEST(SYMLINKAT, 38, EVENT_SYMLINKAT) \
  REQUEST(RECV, 27, EVENT_RECVFROM) \
  REQUEST(RECVMSG, 10, EVENT_RECVMSG) \
  REQUEST(FTRUNCATE, 55, EVENT_FTRUNCATE) \
  REQUEST(SETXATTR, 42, EVENT_SETXATTR) \
  REQUEST(FSETXATTR, 41, EVENT_FSETXATTR)

/* CALL(call, its number in socketcall(2), event type, arguments) */
#define WASPREY_SOCKETCALLS(CALL) \
  CALL(socket, 1, EVENT_SOCKET, 3) \
  CALL(bind, 2, EVENT_BIND, 3) \
  CALL(listen, 4, EVENT_LISTEN, 2) \
  CALL(connect, 3, EVENT_CONNECT, 3) \
  CALL(accept, 5, EVENT_ACCEPT, 3) \
  CALL(accept4, 18, EVENT_ACCEPT4, 4) \
  CALL(sendto, 11, EVENT_SENDTO, 6) \
  CALL(sendmsg, 16, EVENT_SENDMSG, 3) \
  CALL(recvfrom, 12, EVENT_RECVFROM, 6) \
  CALL(recv, 10, EVENT_RECVFROM, 4) \
  CALL(recvmsg, 17, EVENT_RECVMSG, 3) \
  CALL(sendmmsg, 20, EVENT_SENDMMSG, 4) \
  CALL(recvmmsg, 19, EVENT_RECVMMSG, 5)

#define EVENT_FLAG_TRUNCATED 1
#define EVENT_FLAG_THREAD 2
#define EVENT_FLAG_COMPLETE 4
#define EVENT_FLAG_SYNTHETIC 8
#define EVENT_FLAG_IO_URING 16
#define EVENT_FLAG_COMPAT 32
#define EVENT_FLAG_TWO_VIEWS 64
#define EVENT_FLAG_RESOLVED_VIEW 128
#define EVENT_FLAG_HELD 256

#define EVENT_FLAGS_OF_READER 452

#define ENFORCED_STOPPED 1
#define ENFORCED_KILLED 2
#define ENFORCED_REFUSED 3
#define ENFORCED_REFUSED_AND_KILLED 4
#define ENFORCED_OBSERVED 5
#define ENFORCED_PROTECTED 6
#define ENFORCED_HOST 7
#define ENFORCED_LIMITED 8
#define ENFORCED_UNDECIDED 9
#define ENFORCED_FAILED 10
#define ENFORCED_LSM_REFUSED 11
#define ENFORCED_LSM_REFUSED_AND_KILLED 12
#define ENFORCED_LSM_REFUSED_LATE 13
#define ENFORCED_LSM_KILLED 14

#define ENFORCED_OUTCOME_MASK 15
#define ENFORCED_CLAUSE_SHIFT 4
#define ENFORCED_CLAUSE_MASK 63
#define ENFORCED_SERIAL_SHIFT 10
#define ENFORCED_SERIAL_MASK 63

#define ROLE_NONE 0
#define ROLE_CLIENT 1
#define ROLE_SERVER 2

#define DESCRIPTOR_CONNECTED 1
#define DESCRIPTOR_NAME_CHANGED 2
#define DESCRIPTOR_UPPER_LAYER 4
#define DESCRIPTOR_LOWER_LAYER 8
#define DESCRIPTOR_CREATED 16
#define DESCRIPTOR_PARTIAL 32
#define DESCRIPTOR_DELETED 64

#define IMAGE_FORK 1
#define IMAGE_EXEC 2
#define IMAGE_EXIT 3
#define IMAGE_CHANGE 4
#define IMAGE_SNAPSHOT 5

#define IMAGE_FLAG_EXE_WRITABLE 1
#define IMAGE_FLAG_EXE_UPPER_LAYER 2
#define IMAGE_FLAG_EXE_FROM_MEMFD 4
#define IMAGE_FLAG_EXE_LOWER_LAYER 8
#define IMAGE_FLAG_TRUNCATED 16
#define IMAGE_FLAG_EXITED 32
#define IMAGE_FLAG_KERNEL_THREAD 64
#define IMAGE_FLAG_UNKNOWN 128
#define IMAGE_FLAG_THREAD 256

#define IMAGE_CANDIDATE_WORDS 32

#define IMAGE_CANDIDATE_BANKS 2

#define IMAGE_ANCESTRY_WORDS 4

#define IMAGE_ANCESTRY_KNOWN 0x8000000000000000ull

#define CONTAINER_HOST 0
#define CONTAINER_PENDING 1
#define CONTAINER_KNOWN 2
#define CONTAINER_FAILED 3

#define NAMES_ADDRESS 65536
#define NAMES_BYTES 65536

#define FIRST_ON_TRACE_EVENTS 7

#define TRACE_FOLDERS "/sys/kernel/tracing", "/sys/kernel/debug/tracing"

#define FILTER_OPEN 0
#define FILTER_EXEC 1
#define FILTER_NETWORK 2
#define FILTER_OTHER 3
#define FILTER_FAMILIES 4
#define FILTER_OPEN_COMBINATIONS 256
#define FILTER_SOCKET_KINDS 8
#define FILTER_STATES 2048
#define FILTER_CLASSES 64
#define FILTER_PROCESSES 16384

#define COMBINATION_CREATE 4
#define COMBINATION_TRUNCATE 8
#define COMBINATION_TEMPORARY 16
#define COMBINATION_FILE 32
#define COMBINATION_DIRECTORY 64
#define COMBINATION_CREATED 128

#define SOCKET_KIND_NONE 0
#define SOCKET_KIND_IPV4 1
#define SOCKET_KIND_IPV6 2
#define SOCKET_KIND_UNIX 3
#define SOCKET_KIND_OTHER 4

#define STATE_DEAD 0
#define STATE_BEGINNINGS 1
#define STATE_ENDINGS 2

#define LONGEST_BEGINNING 64

#define ENFORCE_CLAUSES 63
#define ENFORCE_OPEN_COMBINATIONS 256
#define ENFORCE_SOCKET_KINDS 8
#define ENFORCE_NETWORKS 256
#define ENFORCE_PORT_RANGES 256
#define ENFORCE_STATES 8192
#define ENFORCE_CLASSES 128
#define ENFORCE_PROCESSES 16384
#define ENFORCE_MOST_COUNT 65535

#define ENFORCE_PATH 0
#define ENFORCE_DIRECTORY 1
#define ENFORCE_RESOLVED 2
#define ENFORCE_EXECUTABLE 3
#define ENFORCE_NAME 4
#define ENFORCE_RUNNING 5
#define ENFORCE_RUNNING_FILE 6
#define ENFORCE_TEXTS 7

#define ENFORCE_PROTECTED 0x8000000000000000ull
#define ENFORCE_RUNTIME 0x4000000000000000ull
#define ENFORCE_DEAD 0

#define ENFORCE_ANY 0
#define ENFORCE_CONTAINER 1
#define ENFORCE_HOST 2
#define ENFORCE_CANDIDATE 3
#define ENFORCE_PROCESS_KINDS 4

#define ENFORCE_PERMIT_UNKNOWN 0
#define ENFORCE_PERMIT_PERMITTED 1
#define ENFORCE_PERMIT_NEVER 2

/* CALL(call, event type) */
#define WASPREY_ENFORCED_OPENS(CALL) \
  CALL(open, EVENT_OPEN) \
  CALL(openat, EVENT_OPENAT) \
  CALL(openat2, EVENT_OPENAT2) \
  CALL(creat, EVENT_CREAT) \
  CALL(open_by_handle_at, EVENT_OPEN_BY_HANDLE_AT)

/* CALL(call, event type) */
#define WASPREY_ENFORCED_REACHES(CALL) \
  CALL(connect, EVENT_CONNECT) \
  CALL(sendto, EVENT_SENDTO) \
  CALL(sendmsg, EVENT_SENDMSG) \
  CALL(sendmmsg, EVENT_SENDMMSG)

/* A state of the walks over texts: see ENFORCE_ENDINGS(). */
struct enforce_state {
  __u64 passed; /* 0: tests that hold once a walk comes by: of an ending */
  __u64 ended; /* 8: tests that hold if the text begins here: of an equal text, or of a beginning */
  __u16 next[128]; /* 16: by class of the next byte */
};
_Static_assert(sizeof(struct enforce_state) == 272, "struct enforce_state: layout");

/* The tests of a clause. */
struct enforce_clause {
  __u64 names; /* 0: tests that must hold */
  __u64 no_names; /* 8: tests that must not */
  __u64 peers; /* 16: tests that must hold */
  __u64 no_peers; /* 24: tests that must not */
};
_Static_assert(sizeof(struct enforce_clause) == 32, "struct enforce_clause: layout");

/* An address of IPv4 is one that is mapped into IPv6; `is_ipv4` distinguishes a network of those from one of IPv6. */
struct enforce_network {
  __u64 address[2]; /* 0: in network order, as in memory */
  __u64 mask[2]; /* 16: the same */
  __u64 tests; /* 32: tests that hold of its addresses */
  __u64 is_ipv4; /* 40: 1: of IPv4 */
};
_Static_assert(sizeof(struct enforce_network) == 48, "struct enforce_network: layout");

/* A range of ports. */
struct enforce_ports {
  __u64 from; /* 0: the first */
  __u64 to; /* 8: the last */
  __u64 tests; /* 16: tests that hold of them */
};
_Static_assert(sizeof(struct enforce_ports) == 24, "struct enforce_ports: layout");

/* So many within that time, whenever it begins. */
struct enforce_limit {
  __u64 count; /* 0: ENFORCE_MOST_COUNT at most */
  __u64 seconds; /* 8: the time */
};
_Static_assert(sizeof(struct enforce_limit) == 16, "struct enforce_limit: layout");

/* The reader's data on a process image: by image id, modulo the number of entries. */
struct enforce_process {
  __u64 image; /* 0: written last, and emptied first */
  __u64 clauses; /* 8: those with ENFORCE_CANDIDATE whose rule has its bit in the image */
};
_Static_assert(sizeof(struct enforce_process) == 16, "struct enforce_process: layout");

/* The rules that the kernel enforces, as tables. */
struct enforcement {
  __u64 types[100]; /* 0: by event type */
  __u64 results[2]; /* 800: succeeded, failed */
  __u64 opens[256]; /* 816: by flags and result of an open */
  __u64 sockets[8]; /* 2864: by kind of the socket */
  __u64 of[4]; /* 2928: by what the process must be */
  __u64 kills; /* 2960: clauses whose process is killed; the others' calls are refused */
  __u64 named; /* 2968: clauses with tests of names */
  __u64 resolved; /* 2976: tests of ENFORCE_RESOLVED */
  __u64 directories; /* 2984: tests of ENFORCE_DIRECTORY */
  __u64 early; /* 2992: clauses on sockets that programs of the root cgroup decide, before the call has an effect */
  __u64 lsm; /* 3000: clauses on opens and execs that programs of BPF LSM decide, before the call has an effect */
  __u64 observes; /* 3008: 1: everything but the act itself */
  __u64 hosts; /* 3016: 1: processes of the host may be acted on */
  __u64 permits; /* 3024: 1: a container may be acted on only after the host has permitted it */
  __u64 agent; /* 3032: thread group of the agent, in the root pid namespace */
  __u64 agent_cgroup; /* 3040: 0: the agent runs on the host */
  __u64 clauses_used; /* 3048: how many of `clauses` */
  __u64 networks_used; /* 3056: how many of `networks` */
  __u64 ports_used; /* 3064: how many of `ports` */
  __u64 serial; /* 3072: number of the tables: see ENFORCED_SERIAL */
  __u64 zero; /* 3080: 0, which the verifier does not know: see look_at_path() */
  struct enforce_limit node; /* 3088: limit of the node */
  struct enforce_limit container; /* 3104: limit of each container */
  struct enforce_clause clauses[63]; /* 3120: by number of the clause */
  struct enforce_network networks[256]; /* 5136: the first are in use */
  struct enforce_ports ports[256]; /* 17424: the first are in use */
  __u8 classes[256]; /* 23568: of bytes; those of class 0 are in no test */
  struct enforce_state states[8192]; /* 23824: see ENFORCE_ENDINGS() */
  struct enforce_process processes[16384]; /* 2252048: by image id */
};
_Static_assert(sizeof(struct enforcement) == 2514192, "struct enforcement: layout");

#define JOURNAL_USE_JOURNAL 0
#define JOURNAL_USE_CAPTURES 1

#define JOURNAL_KEEP_NOTHING 0
#define JOURNAL_KEEP_ALL 1
#define JOURNAL_KEEP_SUCCEEDED 2
#define JOURNAL_KEEP_SIGNALS 3
#define JOURNAL_KEEP_PROCESSES 4
#define JOURNAL_KEEP_MEMORY 5

/* How far a block is replayed. */
struct block_progress {
  __u64 position; /* 0: offset of the next entry, or of the next record within an entry of events */
  __u64 events_end; /* 8: where the entry of events ends that `position` lies in; 0 if it lies in none */
  __u64 clock; /* 16: of the last step: recorded time */
  __u64 snapshot_complete; /* 24: of the last step: whether images complete the snapshot */
  __u64 injected; /* 32: events put into the ring, since the start */
  __u64 skipped; /* 40: events of types that are not wanted, since the start */
};
_Static_assert(sizeof(struct block_progress) == 48, "struct block_progress: layout");

/* A network that stays reachable. */
struct reachable_network {
  __u32 address[4]; /* 0: IPv6, or IPv4 in it (::ffff:a.b.c.d), in network order; 0 where the mask is */
  __u32 mask[4]; /* 16: in network order */
  __u32 first_port; /* 32: of TCP and UDP */
  __u32 last_port; /* 36: NO_PORT: other protocols too */
};
_Static_assert(sizeof(struct reachable_network) == 40, "struct reachable_network: layout");

#define REACHABLE_MOST 64

#define NO_PORT 65536

#endif
