/* Generated from host/schema by `npm run schema`. Do not edit. */

#ifndef WASPREY_CALLS_X86_H
#define WASPREY_CALLS_X86_H

/* System calls of x86-64, and the 32-bit ones of i386. */

/* HOOK(event type, system call, its number, program) */
#define WASPREY_HOOKS(HOOK) \
  HOOK(EVENT_OPEN, open, 2, on_open) \
  HOOK(EVENT_OPENAT, openat, 257, on_open) \
  HOOK(EVENT_OPENAT2, openat2, 437, on_open) \
  HOOK(EVENT_CREAT, creat, 85, on_open) \
  HOOK(EVENT_EXECVE, execve, 59, on_execve) \
  HOOK(EVENT_EXECVEAT, execveat, 322, on_execve) \
  HOOK(EVENT_SOCKET, socket, 41, on_socket) \
  HOOK(EVENT_BIND, bind, 49, on_socket) \
  HOOK(EVENT_LISTEN, listen, 50, on_socket) \
  HOOK(EVENT_CONNECT, connect, 42, on_socket) \
  HOOK(EVENT_ACCEPT, accept, 43, on_socket) \
  HOOK(EVENT_ACCEPT4, accept4, 288, on_socket) \
  HOOK(EVENT_SENDTO, sendto, 44, on_send) \
  HOOK(EVENT_SENDMSG, sendmsg, 46, on_send) \
  HOOK(EVENT_UNLINK, unlink, 87, on_path) \
  HOOK(EVENT_UNLINKAT, unlinkat, 263, on_path) \
  HOOK(EVENT_RMDIR, rmdir, 84, on_path) \
  HOOK(EVENT_MKDIR, mkdir, 83, on_path) \
  HOOK(EVENT_MKDIRAT, mkdirat, 258, on_path) \
  HOOK(EVENT_RENAME, rename, 82, on_paths) \
  HOOK(EVENT_RENAMEAT, renameat, 264, on_paths) \
  HOOK(EVENT_RENAMEAT2, renameat2, 316, on_paths) \
  HOOK(EVENT_LINK, link, 86, on_paths) \
  HOOK(EVENT_LINKAT, linkat, 265, on_paths) \
  HOOK(EVENT_SYMLINK, symlink, 88, on_paths) \
  HOOK(EVENT_SYMLINKAT, symlinkat, 266, on_paths) \
  HOOK(EVENT_CHMOD, chmod, 90, on_path) \
  HOOK(EVENT_FCHMOD, fchmod, 91, on_descriptor) \
  HOOK(EVENT_FCHMODAT, fchmodat, 268, on_path) \
  HOOK(EVENT_FCHMODAT, fchmodat2, 452, on_path) \
  HOOK(EVENT_DUP, dup, 32, on_descriptor) \
  HOOK(EVENT_DUP, fcntl, 72, on_descriptor) \
  HOOK(EVENT_DUP2, dup2, 33, on_descriptor) \
  HOOK(EVENT_DUP3, dup3, 292, on_descriptor) \
  HOOK(EVENT_SETUID, setuid, 105, on_process) \
  HOOK(EVENT_SETGID, setgid, 106, on_process) \
  HOOK(EVENT_SETRESUID, setresuid, 117, on_process) \
  HOOK(EVENT_PTRACE, ptrace, 101, on_process) \
  HOOK(EVENT_MOUNT, mount, 165, on_paths) \
  HOOK(EVENT_UMOUNT2, umount2, 166, on_path) \
  HOOK(EVENT_MEMFD_CREATE, memfd_create, 319, on_descriptor) \
  HOOK(EVENT_UNSHARE, unshare, 272, on_process) \
  HOOK(EVENT_SETNS, setns, 308, on_descriptor) \
  HOOK(EVENT_INIT_MODULE, init_module, 175, on_process) \
  HOOK(EVENT_FINIT_MODULE, finit_module, 313, on_descriptor) \
  HOOK(EVENT_BPF, bpf, 321, on_descriptor) \
  HOOK(EVENT_CLONE, clone, 56, on_process) \
  HOOK(EVENT_CLONE3, clone3, 435, on_process) \
  HOOK(EVENT_FORK, fork, 57, on_process) \
  HOOK(EVENT_VFORK, vfork, 58, on_process) \
  HOOK(EVENT_RECVFROM, recvfrom, 45, on_receive) \
  HOOK(EVENT_RECVMSG, recvmsg, 47, on_receive) \
  HOOK(EVENT_USERFAULTFD, userfaultfd, 323, on_descriptor) \
  HOOK(EVENT_OPEN_BY_HANDLE_AT, open_by_handle_at, 304, on_open) \
  HOOK(EVENT_SENDMMSG, sendmmsg, 307, on_send_many) \
  HOOK(EVENT_RECVMMSG, recvmmsg, 299, on_receive_many) \
  HOOK(EVENT_KILL, kill, 62, on_process) \
  HOOK(EVENT_TKILL, tkill, 200, on_process) \
  HOOK(EVENT_TGKILL, tgkill, 234, on_process) \
  HOOK(EVENT_SETSID, setsid, 112, on_process) \
  HOOK(EVENT_SETPGID, setpgid, 109, on_process) \
  HOOK(EVENT_KEXEC_LOAD, kexec_load, 246, on_process) \
  HOOK(EVENT_KEXEC_FILE_LOAD, kexec_file_load, 320, on_process) \
  HOOK(EVENT_PERF_EVENT_OPEN, perf_event_open, 298, on_process) \
  HOOK(EVENT_PIVOT_ROOT, pivot_root, 155, on_process) \
  HOOK(EVENT_KEYCTL, keyctl, 250, on_process) \
  HOOK(EVENT_TRUNCATE, truncate, 76, on_path) \
  HOOK(EVENT_FTRUNCATE, ftruncate, 77, on_descriptor) \
  HOOK(EVENT_CHOWN, chown, 92, on_path) \
  HOOK(EVENT_LCHOWN, lchown, 94, on_path) \
  HOOK(EVENT_FCHOWN, fchown, 93, on_descriptor) \
  HOOK(EVENT_FCHOWNAT, fchownat, 260, on_path) \
  HOOK(EVENT_SETXATTR, setxattr, 188, on_path) \
  HOOK(EVENT_LSETXATTR, lsetxattr, 189, on_path) \
  HOOK(EVENT_FSETXATTR, fsetxattr, 190, on_descriptor) \
  HOOK(EVENT_SETXATTRAT, setxattrat, 463, on_path) \
  HOOK(EVENT_REMOVEXATTR, removexattr, 197, on_path) \
  HOOK(EVENT_LREMOVEXATTR, lremovexattr, 198, on_path) \
  HOOK(EVENT_FREMOVEXATTR, fremovexattr, 199, on_descriptor) \
  HOOK(EVENT_REMOVEXATTRAT, removexattrat, 466, on_path) \
  HOOK(EVENT_UTIME, utime, 132, on_path) \
  HOOK(EVENT_UTIMES, utimes, 235, on_path) \
  HOOK(EVENT_FUTIMESAT, futimesat, 261, on_path) \
  HOOK(EVENT_UTIMENSAT, utimensat, 280, on_path) \
  HOOK(EVENT_FILE_SETATTR, file_setattr, 469, on_path) \
  HOOK(EVENT_MKNOD, mknod, 133, on_path) \
  HOOK(EVENT_MKNODAT, mknodat, 259, on_path) \
  HOOK(EVENT_FSOPEN, fsopen, 430, on_descriptor) \
  HOOK(EVENT_FSCONFIG, fsconfig, 431, on_descriptor) \
  HOOK(EVENT_FSMOUNT, fsmount, 432, on_descriptor) \
  HOOK(EVENT_FSPICK, fspick, 433, on_path) \
  HOOK(EVENT_OPEN_TREE, open_tree, 428, on_path) \
  HOOK(EVENT_MOVE_MOUNT, move_mount, 429, on_paths) \
  HOOK(EVENT_MOUNT_SETATTR, mount_setattr, 442, on_paths) \
  HOOK(EVENT_MOUNT_SETATTR, open_tree_attr, 467, on_paths) \
  HOOK(EVENT_MMAP, mmap, 9, on_descriptor) \
  HOOK(EVENT_MPROTECT, mprotect, 10, on_descriptor) \
  HOOK(EVENT_MPROTECT, pkey_mprotect, 329, on_descriptor)

/* SISTER(event type, type of the call, its number, program) */
#define WASPREY_SISTERS(SISTER) \
  SISTER(EVENT_CONNECT, EVENT_SENDTO, 44, on_send) \
  SISTER(EVENT_CONNECT, EVENT_SENDMSG, 46, on_send) \
  SISTER(EVENT_OPENAT, EVENT_OPEN_BY_HANDLE_AT, 304, on_open) \
  SISTER(EVENT_CONNECT, EVENT_SENDMMSG, 307, on_send_many) \
  SISTER(EVENT_SENDMSG, EVENT_SENDMMSG, 307, on_send_many) \
  SISTER(EVENT_RECVMSG, EVENT_RECVMMSG, 299, on_receive_many) \
  SISTER(EVENT_MOUNT, EVENT_MOVE_MOUNT, 429, on_paths) \
  SISTER(EVENT_MOUNT, EVENT_MOUNT_SETATTR, 442, on_paths) \
  SISTER(EVENT_MOUNT, EVENT_MOUNT_SETATTR, 467, on_paths)

/* CHANGE(kind, system call, its number) */
#define WASPREY_CHANGES(CHANGE) \
  CHANGE(CHANGE_CREDENTIALS, setuid, 105) \
  CHANGE(CHANGE_CREDENTIALS, setgid, 106) \
  CHANGE(CHANGE_CREDENTIALS, setresuid, 117) \
  CHANGE(CHANGE_PLACE, unshare, 272) \
  CHANGE(CHANGE_PLACE, setns, 308) \
  CHANGE(CHANGE_GROUP, setsid, 112) \
  CHANGE(CHANGE_GROUP, setpgid, 109) \
  CHANGE(CHANGE_PLACE, pivot_root, 155) \
  CHANGE(CHANGE_CREDENTIALS, setreuid, 113) \
  CHANGE(CHANGE_CREDENTIALS, setregid, 114) \
  CHANGE(CHANGE_CREDENTIALS, setresgid, 119) \
  CHANGE(CHANGE_CREDENTIALS, capset, 126) \
  CHANGE(CHANGE_PLACE, chdir, 80) \
  CHANGE(CHANGE_PLACE, fchdir, 81) \
  CHANGE(CHANGE_PLACE, chroot, 161)

/* CALL(32-bit call, its number, event type, change, arguments that are ids of 16 bits) */
#define WASPREY_COMPAT_CALLS(CALL) \
  CALL(open, 5, EVENT_OPEN, CHANGE_NONE, 0) \
  CALL(openat, 295, EVENT_OPENAT, CHANGE_NONE, 0) \
  CALL(openat2, 437, EVENT_OPENAT2, CHANGE_NONE, 0) \
  CALL(creat, 8, EVENT_CREAT, CHANGE_NONE, 0) \
  CALL(execve, 11, EVENT_EXECVE, CHANGE_NONE, 0) \
  CALL(execveat, 358, EVENT_EXECVEAT, CHANGE_NONE, 0) \
  CALL(socket, 359, EVENT_SOCKET, CHANGE_NONE, 0) \
  CALL(socketcall, 102, EVENT_SOCKET, CHANGE_NONE, 0) \
  CALL(bind, 361, EVENT_BIND, CHANGE_NONE, 0) \
  CALL(listen, 363, EVENT_LISTEN, CHANGE_NONE, 0) \
  CALL(connect, 362, EVENT_CONNECT, CHANGE_NONE, 0) \
  CALL(accept4, 364, EVENT_ACCEPT4, CHANGE_NONE, 0) \
  CALL(sendto, 369, EVENT_SENDTO, CHANGE_NONE, 0) \
  CALL(sendmsg, 370, EVENT_SENDMSG, CHANGE_NONE, 0) \
  CALL(unlink, 10, EVENT_UNLINK, CHANGE_NONE, 0) \
  CALL(unlinkat, 301, EVENT_UNLINKAT, CHANGE_NONE, 0) \
  CALL(rmdir, 40, EVENT_RMDIR, CHANGE_NONE, 0) \
  CALL(mkdir, 39, EVENT_MKDIR, CHANGE_NONE, 0) \
  CALL(mkdirat, 296, EVENT_MKDIRAT, CHANGE_NONE, 0) \
  CALL(rename, 38, EVENT_RENAME, CHANGE_NONE, 0) \
  CALL(renameat, 302, EVENT_RENAMEAT, CHANGE_NONE, 0) \
  CALL(renameat2, 353, EVENT_RENAMEAT2, CHANGE_NONE, 0) \
  CALL(link, 9, EVENT_LINK, CHANGE_NONE, 0) \
  CALL(linkat, 303, EVENT_LINKAT, CHANGE_NONE, 0) \
  CALL(symlink, 83, EVENT_SYMLINK, CHANGE_NONE, 0) \
  CALL(symlinkat, 304, EVENT_SYMLINKAT, CHANGE_NONE, 0) \
  CALL(chmod, 15, EVENT_CHMOD, CHANGE_NONE, 0) \
  CALL(fchmod, 94, EVENT_FCHMOD, CHANGE_NONE, 0) \
  CALL(fchmodat, 306, EVENT_FCHMODAT, CHANGE_NONE, 0) \
  CALL(fchmodat2, 452, EVENT_FCHMODAT, CHANGE_NONE, 0) \
  CALL(dup, 41, EVENT_DUP, CHANGE_NONE, 0) \
  CALL(fcntl, 55, EVENT_DUP, CHANGE_NONE, 0) \
  CALL(fcntl64, 221, EVENT_DUP, CHANGE_NONE, 0) \
  CALL(dup2, 63, EVENT_DUP2, CHANGE_NONE, 0) \
  CALL(dup3, 330, EVENT_DUP3, CHANGE_NONE, 0) \
  CALL(setuid, 23, EVENT_SETUID, CHANGE_CREDENTIALS, 7) \
  CALL(setuid32, 213, EVENT_SETUID, CHANGE_CREDENTIALS, 0) \
  CALL(setgid, 46, EVENT_SETGID, CHANGE_CREDENTIALS, 7) \
  CALL(setgid32, 214, EVENT_SETGID, CHANGE_CREDENTIALS, 0) \
  CALL(setresuid, 164, EVENT_SETRESUID, CHANGE_CREDENTIALS, 7) \
  CALL(setresuid32, 208, EVENT_SETRESUID, CHANGE_CREDENTIALS, 0) \
  CALL(ptrace, 26, EVENT_PTRACE, CHANGE_NONE, 0) \
  CALL(mount, 21, EVENT_MOUNT, CHANGE_NONE, 0) \
  CALL(umount2, 52, EVENT_UMOUNT2, CHANGE_NONE, 0) \
  CALL(umount, 22, EVENT_UMOUNT2, CHANGE_NONE, 0) \
  CALL(memfd_create, 356, EVENT_MEMFD_CREATE, CHANGE_NONE, 0) \
  CALL(unshare, 310, EVENT_UNSHARE, CHANGE_PLACE, 0) \
  CALL(setns, 346, EVENT_SETNS, CHANGE_PLACE, 0) \
  CALL(init_module, 128, EVENT_INIT_MODULE, CHANGE_NONE, 0) \
  CALL(finit_module, 350, EVENT_FINIT_MODULE, CHANGE_NONE, 0) \
  CALL(bpf, 357, EVENT_BPF, CHANGE_NONE, 0) \
  CALL(clone, 120, EVENT_CLONE, CHANGE_NONE, 0) \
  CALL(clone3, 435, EVENT_CLONE3, CHANGE_NONE, 0) \
  CALL(fork, 2, EVENT_FORK, CHANGE_NONE, 0) \
  CALL(vfork, 190, EVENT_VFORK, CHANGE_NONE, 0) \
  CALL(recvfrom, 371, EVENT_RECVFROM, CHANGE_NONE, 0) \
  CALL(recvmsg, 372, EVENT_RECVMSG, CHANGE_NONE, 0) \
  CALL(userfaultfd, 374, EVENT_USERFAULTFD, CHANGE_NONE, 0) \
  CALL(open_by_handle_at, 342, EVENT_OPEN_BY_HANDLE_AT, CHANGE_NONE, 0) \
  CALL(sendmmsg, 345, EVENT_SENDMMSG, CHANGE_NONE, 0) \
  CALL(recvmmsg, 337, EVENT_RECVMMSG, CHANGE_NONE, 0) \
  CALL(recvmmsg_time64, 417, EVENT_RECVMMSG, CHANGE_NONE, 0) \
  CALL(kill, 37, EVENT_KILL, CHANGE_NONE, 0) \
  CALL(tkill, 238, EVENT_TKILL, CHANGE_NONE, 0) \
  CALL(tgkill, 270, EVENT_TGKILL, CHANGE_NONE, 0) \
  CALL(setsid, 66, EVENT_SETSID, CHANGE_GROUP, 0) \
  CALL(setpgid, 57, EVENT_SETPGID, CHANGE_GROUP, 0) \
  CALL(kexec_load, 283, EVENT_KEXEC_LOAD, CHANGE_NONE, 0) \
  CALL(perf_event_open, 336, EVENT_PERF_EVENT_OPEN, CHANGE_NONE, 0) \
  CALL(pivot_root, 217, EVENT_PIVOT_ROOT, CHANGE_PLACE, 0) \
  CALL(keyctl, 288, EVENT_KEYCTL, CHANGE_NONE, 0) \
  CALL(truncate, 92, EVENT_TRUNCATE, CHANGE_NONE, 0) \
  CALL(truncate64, 193, EVENT_TRUNCATE, CHANGE_NONE, 0) \
  CALL(ftruncate, 93, EVENT_FTRUNCATE, CHANGE_NONE, 0) \
  CALL(ftruncate64, 194, EVENT_FTRUNCATE, CHANGE_NONE, 0) \
  CALL(chown, 182, EVENT_CHOWN, CHANGE_NONE, 6) \
  CALL(chown32, 212, EVENT_CHOWN, CHANGE_NONE, 0) \
  CALL(lchown, 16, EVENT_LCHOWN, CHANGE_NONE, 6) \
  CALL(lchown32, 198, EVENT_LCHOWN, CHANGE_NONE, 0) \
  CALL(fchown, 95, EVENT_FCHOWN, CHANGE_NONE, 6) \
  CALL(fchown32, 207, EVENT_FCHOWN, CHANGE_NONE, 0) \
  CALL(fchownat, 298, EVENT_FCHOWNAT, CHANGE_NONE, 0) \
  CALL(setxattr, 226, EVENT_SETXATTR, CHANGE_NONE, 0) \
  CALL(lsetxattr, 227, EVENT_LSETXATTR, CHANGE_NONE, 0) \
  CALL(fsetxattr, 228, EVENT_FSETXATTR, CHANGE_NONE, 0) \
  CALL(setxattrat, 463, EVENT_SETXATTRAT, CHANGE_NONE, 0) \
  CALL(removexattr, 235, EVENT_REMOVEXATTR, CHANGE_NONE, 0) \
  CALL(lremovexattr, 236, EVENT_LREMOVEXATTR, CHANGE_NONE, 0) \
  CALL(fremovexattr, 237, EVENT_FREMOVEXATTR, CHANGE_NONE, 0) \
  CALL(removexattrat, 466, EVENT_REMOVEXATTRAT, CHANGE_NONE, 0) \
  CALL(utime, 30, EVENT_UTIME, CHANGE_NONE, 0) \
  CALL(utimes, 271, EVENT_UTIMES, CHANGE_NONE, 0) \
  CALL(futimesat, 299, EVENT_FUTIMESAT, CHANGE_NONE, 0) \
  CALL(utimensat, 320, EVENT_UTIMENSAT, CHANGE_NONE, 0) \
  CALL(utimensat_time64, 412, EVENT_UTIMENSAT, CHANGE_NONE, 0) \
  CALL(file_setattr, 469, EVENT_FILE_SETATTR, CHANGE_NONE, 0) \
  CALL(mknod, 14, EVENT_MKNOD, CHANGE_NONE, 0) \
  CALL(mknodat, 297, EVENT_MKNODAT, CHANGE_NONE, 0) \
  CALL(fsopen, 430, EVENT_FSOPEN, CHANGE_NONE, 0) \
  CALL(fsconfig, 431, EVENT_FSCONFIG, CHANGE_NONE, 0) \
  CALL(fsmount, 432, EVENT_FSMOUNT, CHANGE_NONE, 0) \
  CALL(fspick, 433, EVENT_FSPICK, CHANGE_NONE, 0) \
  CALL(open_tree, 428, EVENT_OPEN_TREE, CHANGE_NONE, 0) \
  CALL(move_mount, 429, EVENT_MOVE_MOUNT, CHANGE_NONE, 0) \
  CALL(mount_setattr, 442, EVENT_MOUNT_SETATTR, CHANGE_NONE, 0) \
  CALL(open_tree_attr, 467, EVENT_MOUNT_SETATTR, CHANGE_NONE, 0) \
  CALL(mmap, 90, EVENT_MMAP, CHANGE_NONE, 0) \
  CALL(mmap2, 192, EVENT_MMAP, CHANGE_NONE, 0) \
  CALL(mprotect, 125, EVENT_MPROTECT, CHANGE_NONE, 0) \
  CALL(pkey_mprotect, 380, EVENT_MPROTECT, CHANGE_NONE, 0) \
  CALL(setreuid, 70, EVENT_NONE, CHANGE_CREDENTIALS, 7) \
  CALL(setreuid32, 203, EVENT_NONE, CHANGE_CREDENTIALS, 0) \
  CALL(setregid, 71, EVENT_NONE, CHANGE_CREDENTIALS, 7) \
  CALL(setregid32, 204, EVENT_NONE, CHANGE_CREDENTIALS, 0) \
  CALL(setresgid, 170, EVENT_NONE, CHANGE_CREDENTIALS, 7) \
  CALL(setresgid32, 210, EVENT_NONE, CHANGE_CREDENTIALS, 0) \
  CALL(capset, 185, EVENT_NONE, CHANGE_CREDENTIALS, 0) \
  CALL(chdir, 12, EVENT_NONE, CHANGE_PLACE, 0) \
  CALL(fchdir, 133, EVENT_NONE, CHANGE_PLACE, 0) \
  CALL(chroot, 61, EVENT_NONE, CHANGE_PLACE, 0)

#endif
