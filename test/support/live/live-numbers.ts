// Numbers of Linux that live tests pass to system calls.

export * from '../../../host/generate/actions/numbers.ts';

export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_BIND = 0x1000;
export const MS_REC = 0x4000;
export const MS_PRIVATE = 0x40000;
export const MNT_DETACH = 2;

export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AT_REMOVEDIR = 0x200;
export const AT_SYMLINK_FOLLOW = 0x400;
export const CLONE_VM = 0x100;
export const CLONE_FS = 0x200;
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWNET = 0x40000000;
export const SOCK_CLOEXEC = 0x80000;
