// Events of calls on or making a descriptor: records of shape descriptor.

import type { EventType } from './event-type.ts';
import { FD, FD_RESULT, MODE_BITS, parameter, RES, RES_FD } from './parameters.ts';

/** Calls on descriptors. */
export const DESCRIPTOR_EVENTS: readonly EventType[] = [
  { name: 'fchmod', number: 28, shape: 'descriptor', category: 'file', usesFd: true, parameters: [RES, FD, MODE_BITS] },
  {
    name: 'dup',
    number: 30,
    shape: 'descriptor',
    category: 'IPC',
    createsFd: true,
    usesFd: true,
    otherCalls: ['fcntl', 'fcntl64'],
    parameters: [RES_FD, parameter('oldfd', 'FD', { member: 'old_fd' })],
  },
  {
    name: 'dup2',
    number: 31,
    shape: 'descriptor',
    category: 'IPC',
    createsFd: true,
    usesFd: true,
    parameters: [
      RES_FD,
      parameter('oldfd', 'FD', { member: 'old_fd' }),
      parameter('newfd', 'FD', { member: 'new_fd' }),
    ],
  },
  {
    name: 'dup3',
    number: 32,
    shape: 'descriptor',
    category: 'IPC',
    createsFd: true,
    usesFd: true,
    parameters: [
      RES_FD,
      parameter('oldfd', 'FD', { member: 'old_fd' }),
      parameter('newfd', 'FD', { member: 'new_fd' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'descriptor_flags' }),
    ],
  },
  {
    name: 'memfd_create',
    number: 39,
    shape: 'descriptor',
    category: 'other',
    createsFd: true,
    parameters: [
      FD_RESULT,
      parameter('name', 'CHARBUF', { member: 'text' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'memfd_create_flags' }),
    ],
  },
  {
    name: 'setns',
    number: 41,
    shape: 'descriptor',
    category: 'process',
    usesFd: true,
    change: 'place',
    parameters: [RES, FD, parameter('nstype', 'FLAGS32', { member: 'call_flags', flags: 'clone_flags' })],
  },
  {
    name: 'finit_module',
    number: 43,
    shape: 'descriptor',
    category: 'other',
    usesFd: true,
    parameters: [
      RES,
      FD,
      parameter('uargs', 'CHARBUF', { member: 'text' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'finit_module_flags' }),
    ],
  },
  {
    name: 'bpf',
    number: 44,
    shape: 'descriptor',
    category: 'other',
    createsFd: true,
    parameters: [FD_RESULT, parameter('cmd', 'ENUMFLAGS32', { member: 'call_flags', flags: 'bpf_commands' })],
  },
  {
    name: 'userfaultfd',
    number: 51,
    shape: 'descriptor',
    category: 'file',
    createsFd: true,
    parameters: [
      parameter('res', 'ERRNO', { member: 'result' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'descriptor_flags' }),
    ],
  },
];
