/* Generated from host/schema by `npm run schema`. Do not edit. */

#ifndef WASPREY_CALLS_ARM64_H
#define WASPREY_CALLS_ARM64_H

/* System calls of arm64, and the 32-bit ones of arm. */

/* HOOK(event type, system call, its number, program) */
#define WASPREY_HOOKS(HOOK) \
  HOOK(EVENT_OPENAT, openat, 56, on_open) \
  HOOK(EVENT_OPENAT2, openat2, 437, on_open) \
  HOOK(EVENT_EXECVE, execve, 221, on_execve) \
  HOOK(EVENT_EXECVEAT, execveat, 281, on_execve) \
  HOOK(EVENT_SOCKET, socket, 198, on_socket) \
  HOOK(EVENT_BIND, bind, 200, on_socket) \
  HOOK(EVENT_LISTEN, listen, 201, on_socket) \
  HOOK(EVENT_CONNECT, connect, 203, on_socket) \
  HOOK(EVENT_ACCEPT, accept, 202, on_socket) \
  HOOK(EVENT_ACCEPT4, accept4, 242, on_socket) \
  HOOK(EVENT_SENDTO, sendto, 206, on_send) \
  HOOK(EVENT_SENDMSG, sendmsg, 211, on_send) \
  HOOK(EVENT_UNLINKAT, unlinkat, 35, on_path) \
  HOOK(EVENT_MKDIRAT, mkdirat, 34, on_path) \
  HOOK(EVENT_RENAMEAT, renameat, 38, on_paths) \
  HOOK(EVENT_RENAMEAT2, renameat2, 276, on_paths) \
  HOOK(EVENT_LINKAT, linkat, 37, on_paths) \
  HOOK(EVENT_SYMLINKAT, symlinkat, 36, on_paths) \
  HOOK(EVENT_FCHMOD, fchmod, 52, on_descriptor) \
  HOOK(EVENT_FCHMODAT, fchmodat, 53, on_path) \
  HOOK(EVENT_FCHMODAT, fchmodat2, 452, on_path) \
  HOOK(EVENT_DUP, dup, 23, on_descriptor) \
  HOOK(EVENT_DUP, fcntl, 25, on_descriptor) \
  HOOK(EVENT_DUP3, dup3, 24, on_descriptor) \
  HOOK(EVENT_SETUID, setuid, 146, on_process) \
  HOOK(EVENT_SETGID, setgid, 144, on_process) \
  HOOK(EVENT_SETRESUID, setresuid, 147, on_process) \
  HOOK(EVENT_PTRACE, ptrace, 117, on_process) \
  HOOK(EVENT_MOUNT, mount, 40, on_paths) \
  HOOK(EVENT_UMOUNT2, umount2, 39, on_path) \
  HOOK(EVENT_MEMFD_CREATE, memfd_create, 279, on_descriptor) \
  HOOK(EVENT_UNSHARE, unshare, 97, on_process) \
  HOOK(EVENT_SETNS, setns, 268, on_descriptor) \
  HOOK(EVENT_INIT_MODULE, init_module, 105, on_process) \
  HOOK(EVENT_FINIT_MODULE, finit_module, 273, on_descriptor) \
  HOOK(EVENT_BPF, bpf, 280, on_descriptor) \
  HOOK(EVENT_CLONE, clone, 220, on_process) \
  HOOK(EVENT_CLONE3, clone3, 435, on_process) \
  HOOK(EVENT_RECVFROM, recvfrom, 207, on_receive) \
  HOOK(EVENT_RECVMSG, recvmsg, 212, on_receive) \
  HOOK(EVENT_USERFAULTFD, userfaultfd, 282, on_descriptor) \
  HOOK(EVENT_OPEN_BY_HANDLE_AT, open_by_handle_at, 265, on_open) \
  HOOK(EVENT_SENDMMSG, sendmmsg, 269, on_send_many) \
  HOOK(EVENT_RECVMMSG, recvmmsg, 243, on_receive_many) \
  HOOK(EVENT_KILL, kill, 129, on_process) \
  HOOK(EVENT_TKILL, tkill, 130, on_process) \
  HOOK(EVENT_TGKILL, tgkill, 131, on_process) \
  HOOK(EVENT_SETSID, setsid, 157, on_process) \
  HOOK(EVENT_SETPGID, setpgid, 154, on_process) \
  HOOK(EVENT_KEXEC_LOAD, kexec_load, 104, on_process) \
  HOOK(EVENT_KEXEC_FILE_LOAD, kexec_file_load, 294, on_process) \
  HOOK(EVENT_PERF_EVENT_OPEN, perf_event_open, 241, on_process) \
  HOOK(EVENT_PIVOT_ROOT, pivot_root, 41, on_process) \
  HOOK(EVENT_KEYCTL, keyctl, 219, on_process) \
  HOOK(EVENT_TRUNCATE, truncate, 45, on_path) \
  HOOK(EVENT_FTRUNCATE, ftruncate, 46, on_descriptor) \
  HOOK(EVENT_FCHOWN, fchown, 55, on_descriptor) \
  HOOK(EVENT_FCHOWNAT, fchownat, 54, on_path) \
  HOOK(EVENT_SETXATTR, setxattr, 5, on_path) \
  HOOK(EVENT_LSETXATTR, lsetxattr, 6, on_path) \
  HOOK(EVENT_FSETXATTR, fsetxattr, 7, on_descriptor) \
  HOOK(EVENT_SETXATTRAT, setxattrat, 463, on_path) \
  HOOK(EVENT_REMOVEXATTR, removexattr, 14, on_path) \
  HOOK(EVENT_LREMOVEXATTR, lremovexattr, 15, on_path) \
  HOOK(EVENT_FREMOVEXATTR, fremovexattr, 16, on_descriptor) \
  HOOK(EVENT_REMOVEXATTRAT, removexattrat, 466, on_path) \
  HOOK(EVENT_UTIMENSAT, utimensat, 88, on_path) \
  HOOK(EVENT_FILE_SETATTR, file_setattr, 469, on_path) \
  HOOK(EVENT_MKNODAT, mknodat, 33, on_path) \
  HOOK(EVENT_FSOPEN, fsopen, 430, on_descriptor) \
  HOOK(EVENT_FSCONFIG, fsconfig, 431, on_descriptor) \
  HOOK(EVENT_FSMOUNT, fsmount, 432, on_descriptor) \
  HOOK(EVENT_FSPICK, fspick, 433, on_path) \
  HOOK(EVENT_OPEN_TREE, open_tree, 428, on_path) \
  HOOK(EVENT_MOVE_MOUNT, move_mount, 429, on_paths) \
  HOOK(EVENT_MOUNT_SETATTR, mount_setattr, 442, on_paths) \
  HOOK(EVENT_MOUNT_SETATTR, open_tree_attr, 467, on_paths) \
  HOOK(EVENT_MMAP, mmap, 222, on_descriptor) \
  HOOK(EVENT_MPROTECT, mprotect, 226, on_descriptor) \
  HOOK(EVENT_MPROTECT, pkey_mprotect, 288, on_descriptor)

/* SISTER(event type, type of the call, its number, program) */
#define WASPREY_SISTERS(SISTER) \
  SISTER(EVENT_CONNECT, EVENT_SENDTO, 206, on_send) \
  SISTER(EVENT_CONNECT, EVENT_SENDMSG, 211, on_send) \
  SISTER(EVENT_OPENAT, EVENT_OPEN_BY_HANDLE_AT, 265, on_open) \
  SISTER(EVENT_CONNECT, EVENT_SENDMMSG, 269, on_send_many) \
  SISTER(EVENT_SENDMSG, EVENT_SENDMMSG, 269, on_send_many) \
  SISTER(EVENT_RECVMSG, EVENT_RECVMMSG, 243, on_receive_many) \
  SISTER(EVENT_MOUNT, EVENT_MOVE_MOUNT, 429, on_paths) \
  SISTER(EVENT_MOUNT, EVENT_MOUNT_SETATTR, 442, on_paths) \
  SISTER(EVENT_MOUNT, EVENT_MOUNT_SETATTR, 467, on_paths)

/* CHANGE(kind, system call, its number) */
#define WASPREY_CHANGES(CHANGE) \
  CHANGE(CHANGE_CREDENTIALS, setuid, 146) \
  CHANGE(CHANGE_CREDENTIALS, setgid, 144) \
  CHANGE(CHANGE_CREDENTIALS, setresuid, 147) \
  CHANGE(CHANGE_PLACE, unshare, 97) \
  CHANGE(CHANGE_PLACE, setns, 268) \
  CHANGE(CHANGE_GROUP, setsid, 157) \
  CHANGE(CHANGE_GROUP, setpgid, 154) \
  CHANGE(CHANGE_PLACE, pivot_root, 41) \
  CHANGE(CHANGE_CREDENTIALS, setreuid, 145) \
  CHANGE(CHANGE_CREDENTIALS, setregid, 143) \
  CHANGE(CHANGE_CREDENTIALS, setresgid, 149) \
  CHANGE(CHANGE_CREDENTIALS, capset, 91) \
  CHANGE(CHANGE_PLACE, chdir, 49) \
  CHANGE(CHANGE_PLACE, fchdir, 50) \
  CHANGE(CHANGE_PLACE, chroot, 51)

/* CALL(32-bit call, its number, event type, change, arguments that are ids of 16 bits) */
#define WASPREY_COMPAT_CALLS(CALL) \
  CALL(open, 5, EVENT_OPEN, CHANGE_NONE, 0) \
  CALL(openat, 322, EVENT_OPENAT, CHANGE_NONE, 0) \
  CALL(openat2, 437, EVENT_OPENAT2, CHANGE_NONE, 0) \
  CALL(creat, 8, EVENT_CREAT, CHANGE_NONE, 0) \
  CALL(execve, 11, EVENT_EXECVE, CHANGE_NONE, 0) \
  CALL(execveat, 387, EVENT_EXECVEAT, CHANGE_NONE, 0) \
  CALL(socket, 281, EVENT_SOCKET, CHANGE_NONE, 0) \
  CALL(bind, 282, EVENT_BIND, CHANGE_NONE, 0) \
  CALL(listen, 284, EVENT_LISTEN, CHANGE_NONE, 0) \
  CALL(connect, 283, EVENT_CONNECT, CHANGE_NONE, 0) \
  CALL(accept, 285, EVENT_ACCEPT, CHANGE_NONE, 0) \
  CALL(accept4, 366, EVENT_ACCEPT4, CHANGE_NONE, 0) \
  CALL(sendto, 290, EVENT_SENDTO, CHANGE_NONE, 0) \
  CALL(sendmsg, 296, EVENT_SENDMSG, CHANGE_NONE, 0) \
  CALL(unlink, 10, EVENT_UNLINK, CHANGE_NONE, 0) \
  CALL(unlinkat, 328, EVENT_UNLINKAT, CHANGE_NONE, 0) \
  CALL(rmdir, 40, EVENT_RMDIR, CHANGE_NONE, 0) \
  CALL(mkdir, 39, EVENT_MKDIR, CHANGE_NONE, 0) \
  CALL(mkdirat, 323, EVENT_MKDIRAT, CHANGE_NONE, 0) \
  CALL(rename, 38, EVENT_RENAME, CHANGE_NONE, 0) \
  CALL(renameat, 329, EVENT_RENAMEAT, CHANGE_NONE, 0) \
  CALL(renameat2, 382, EVENT_RENAMEAT2, CHANGE_NONE, 0) \
  CALL(link, 9, EVENT_LINK, CHANGE_NONE, 0) \
  CALL(linkat, 330, EVENT_LINKAT, CHANGE_NONE, 0) \
  CALL(symlink, 83, EVENT_SYMLINK, CHANGE_NONE, 0) \
  CALL(symlinkat, 331, EVENT_SYMLINKAT, CHANGE_NONE, 0) \
  CALL(chmod, 15, EVENT_CHMOD, CHANGE_NONE, 0) \
  CALL(fchmod, 94, EVENT_FCHMOD, CHANGE_NONE, 0) \
  CALL(fchmodat, 333, EVENT_FCHMODAT, CHANGE_NONE, 0) \
  CALL(fchmodat2, 452, EVENT_FCHMODAT, CHANGE_NONE, 0) \
  CALL(dup, 41, EVENT_DUP, CHANGE_NONE, 0) \
  CALL(fcntl, 55, EVENT_DUP, CHANGE_NONE, 0) \
  CALL(fcntl64, 221, EVENT_DUP, CHANGE_NONE, 0) \
  CALL(dup2, 63, EVENT_DUP2, CHANGE_NONE, 0) \
  CALL(dup3, 358, EVENT_DUP3, CHANGE_NONE, 0) \
  CALL(setuid, 23, EVENT_SETUID, CHANGE_CREDENTIALS, 7) \
  CALL(setuid32, 213, EVENT_SETUID, CHANGE_CREDENTIALS, 0) \
  CALL(setgid, 46, EVENT_SETGID, CHANGE_CREDENTIALS, 7) \
  CALL(setgid32, 214, EVENT_SETGID, CHANGE_CREDENTIALS, 0) \
  CALL(setresuid, 164, EVENT_SETRESUID, CHANGE_CREDENTIALS, 7) \
  CALL(setresuid32, 208, EVENT_SETRESUID, CHANGE_CREDENTIALS, 0) \
  CALL(ptrace, 26, EVENT_PTRACE, CHANGE_NONE, 0) \
  CALL(mount, 21, EVENT_MOUNT, CHANGE_NONE, 0) \
  CALL(umount2, 52, EVENT_UMOUNT2, CHANGE_NONE, 0) \
  CALL(memfd_create, 385, EVENT_MEMFD_CREATE, CHANGE_NONE, 0) \
  CALL(unshare, 337, EVENT_UNSHARE, CHANGE_PLACE, 0) \
  CALL(setns, 375, EVENT_SETNS, CHANGE_PLACE, 0) \
  CALL(init_module, 128, EVENT_INIT_MODULE, CHANGE_NONE, 0) \
  CALL(finit_module, 379, EVENT_FINIT_MODULE, CHANGE_NONE, 0) \
  CALL(bpf, 386, EVENT_BPF, CHANGE_NONE, 0) \
  CALL(clone, 120, EVENT_CLONE, CHANGE_NONE, 0) \
  CALL(clone3, 435, EVENT_CLONE3, CHANGE_NONE, 0) \
  CALL(fork, 2, EVENT_FORK, CHANGE_NONE, 0) \
  CALL(vfork, 190, EVENT_VFORK, CHANGE_NONE, 0) \
  CALL(recvfrom, 292, EVENT_RECVFROM, CHANGE_NONE, 0) \
  CALL(recv, 291, EVENT_RECVFROM, CHANGE_NONE, 0) \
  CALL(recvmsg, 297, EVENT_RECVMSG, CHANGE_NONE, 0) \
  CALL(userfaultfd, 388, EVENT_USERFAULTFD, CHANGE_NONE, 0) \
  CALL(open_by_handle_at, 371, EVENT_OPEN_BY_HANDLE_AT, CHANGE_NONE, 0) \
  CALL(sendmmsg, 374, EVENT_SENDMMSG, CHANGE_NONE, 0) \
  CALL(recvmmsg, 365, EVENT_RECVMMSG, CHANGE_NONE, 0) \
  CALL(recvmmsg_time64, 417, EVENT_RECVMMSG, CHANGE_NONE, 0) \
  CALL(kill, 37, EVENT_KILL, CHANGE_NONE, 0) \
  CALL(tkill, 238, EVENT_TKILL, CHANGE_NONE, 0) \
  CALL(tgkill, 268, EVENT_TGKILL, CHANGE_NONE, 0) \
  CALL(setsid, 66, EVENT_SETSID, CHANGE_GROUP, 0) \
  CALL(setpgid, 57, EVENT_SETPGID, CHANGE_GROUP, 0) \
  CALL(kexec_load, 347, EVENT_KEXEC_LOAD, CHANGE_NONE, 0) \
  CALL(kexec_file_load, 401, EVENT_KEXEC_FILE_LOAD, CHANGE_NONE, 0) \
  CALL(perf_event_open, 364, EVENT_PERF_EVENT_OPEN, CHANGE_NONE, 0) \
  CALL(pivot_root, 218, EVENT_PIVOT_ROOT, CHANGE_PLACE, 0) \
  CALL(keyctl, 311, EVENT_KEYCTL, CHANGE_NONE, 0) \
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
  CALL(fchownat, 325, EVENT_FCHOWNAT, CHANGE_NONE, 0) \
  CALL(setxattr, 226, EVENT_SETXATTR, CHANGE_NONE, 0) \
  CALL(lsetxattr, 227, EVENT_LSETXATTR, CHANGE_NONE, 0) \
  CALL(fsetxattr, 228, EVENT_FSETXATTR, CHANGE_NONE, 0) \
  CALL(setxattrat, 463, EVENT_SETXATTRAT, CHANGE_NONE, 0) \
  CALL(removexattr, 235, EVENT_REMOVEXATTR, CHANGE_NONE, 0) \
  CALL(lremovexattr, 236, EVENT_LREMOVEXATTR, CHANGE_NONE, 0) \
  CALL(fremovexattr, 237, EVENT_FREMOVEXATTR, CHANGE_NONE, 0) \
  CALL(removexattrat, 466, EVENT_REMOVEXATTRAT, CHANGE_NONE, 0) \
  CALL(utimes, 269, EVENT_UTIMES, CHANGE_NONE, 0) \
  CALL(futimesat, 326, EVENT_FUTIMESAT, CHANGE_NONE, 0) \
  CALL(utimensat, 348, EVENT_UTIMENSAT, CHANGE_NONE, 0) \
  CALL(utimensat_time64, 412, EVENT_UTIMENSAT, CHANGE_NONE, 0) \
  CALL(file_setattr, 469, EVENT_FILE_SETATTR, CHANGE_NONE, 0) \
  CALL(mknod, 14, EVENT_MKNOD, CHANGE_NONE, 0) \
  CALL(mknodat, 324, EVENT_MKNODAT, CHANGE_NONE, 0) \
  CALL(fsopen, 430, EVENT_FSOPEN, CHANGE_NONE, 0) \
  CALL(fsconfig, 431, EVENT_FSCONFIG, CHANGE_NONE, 0) \
  CALL(fsmount, 432, EVENT_FSMOUNT, CHANGE_NONE, 0) \
  CALL(fspick, 433, EVENT_FSPICK, CHANGE_NONE, 0) \
  CALL(open_tree, 428, EVENT_OPEN_TREE, CHANGE_NONE, 0) \
  CALL(move_mount, 429, EVENT_MOVE_MOUNT, CHANGE_NONE, 0) \
  CALL(mount_setattr, 442, EVENT_MOUNT_SETATTR, CHANGE_NONE, 0) \
  CALL(open_tree_attr, 467, EVENT_MOUNT_SETATTR, CHANGE_NONE, 0) \
  CALL(mmap2, 192, EVENT_MMAP, CHANGE_NONE, 0) \
  CALL(mprotect, 125, EVENT_MPROTECT, CHANGE_NONE, 0) \
  CALL(pkey_mprotect, 394, EVENT_MPROTECT, CHANGE_NONE, 0) \
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
