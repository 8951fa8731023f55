// evt.*: how a process called the kernel.

import type { EVENT_FLAGS } from '../event-structs.ts';
import { always, flag, HEADER, hasBit } from './derive.ts';
import type { Field, FieldSource } from './field.ts';

function hasFlag(name: keyof typeof EVENT_FLAGS): FieldSource {
  return always(hasBit(HEADER.number('flags'), flag('EVENT_FLAG', name)));
}

export const WAY_FIELDS: readonly Field[] = [
  {
    name: 'evt.is_io_uring',
    type: 'BOOL',
    description: 'Requested through io_uring; evt.type is the equivalent system call.',
    source: hasFlag('IO_URING'),
  },
  {
    name: 'evt.is_32bit',
    type: 'BOOL',
    description: 'A 32-bit system call, of a 32-bit program or by `int 0x80`.',
    source: hasFlag('COMPAT'),
  },
];
