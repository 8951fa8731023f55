// Numbers of calls and processes, as the kernel and libs have them: for what reads savefiles and for what writes them.

import { IMAGE_FLAGS } from '../../schema/image.ts';

export const NOTHING = new Uint8Array(0);

export const AT_FDCWD = -100;
export const EINPROGRESS = 115n;

/** O_CLOEXEC and SOCK_CLOEXEC, in the kernel's numbering. */
export const KERNEL_CLOEXEC = 0x80000;
/** Open flags in that of libs. */
export const O_DIRECTORY = 0x400;
export const O_CLOEXEC = 0x1000;

export const PROTOCOL = { TCP: 6, UDP: 17, RAW: 255 } as const;

/** libs' flags of an executable, which IMAGE_FLAGS has too. */
export const EXECUTABLE_FLAGS =
  IMAGE_FLAGS.EXE_WRITABLE | IMAGE_FLAGS.EXE_UPPER_LAYER | IMAGE_FLAGS.EXE_FROM_MEMFD | IMAGE_FLAGS.EXE_LOWER_LAYER;

/** Longest text of a record or an image; a savefile has none longer. */
export const LONGEST_TEXT = 4096;
