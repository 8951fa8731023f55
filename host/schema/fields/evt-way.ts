// evt.*: by which way a process called the kernel.

import type { Field } from '../types.ts';
import { computed } from './computed.ts';

export const WAY_FIELDS: readonly Field[] = [
  {
    name: 'evt.is_io_uring',
    type: 'BOOL',
    description: 'Asked for through io_uring; evt.type is the system call that the request stands for.',
    source: computed('evt.is_io_uring'),
  },
  {
    name: 'evt.is_32bit',
    type: 'BOOL',
    description: 'A 32-bit system call, of a 32-bit program or by `int 0x80`.',
    source: computed('evt.is_32bit'),
  },
];
