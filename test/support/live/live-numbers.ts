// Numbers of Linux that live tests pass to system calls.

export * from '../../../host/generate/actions/numbers.ts';

export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_BIND = 0x1000;
export const MS_REC = 0x4000;
export const MS_PRIVATE = 0x40000;
export const MNT_DETACH = 2;
