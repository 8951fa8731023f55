// Events of calls on or making a descriptor: records of shape descriptor.

import type { Parameter } from '../types.ts';
import type { EventType } from './event-type.ts';
import { FD, FD_RESULT, MODE_BITS, parameter, RES, RES_FD } from './parameters.ts';

/** Not captured: what the image has is of its start. */
const USED_MEMORY: readonly Parameter[] = ['vm_size', 'vm_rss', 'vm_swap'].map((name) => parameter(name, 'UINT32'));

const MAPPING: readonly Parameter[] = [
  parameter('addr', 'UINT64', { member: 'numbers[0]' }),
  parameter('length', 'UINT64', { member: 'numbers[1]' }),
  parameter('prot', 'FLAGS32', { member: 'mode', flags: 'prot_flags' }),
];

/** Calls on descriptors, and on mappings of files. */
export const DESCRIPTOR_EVENTS: readonly EventType[] = [
  {
    name: 'fchmod',
    number: 28,
    shape: 'descriptor',
    category: 'file',
    does: 'changes-mode',
    usesFd: true,
    parameters: [RES, FD, MODE_BITS],
  },
  {
    name: 'dup',
    number: 30,
    shape: 'descriptor',
    category: 'IPC',
    does: 'duplicates',
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
    does: 'duplicates',
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
    does: 'duplicates',
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
    does: 'changes-namespaces',
    usesFd: true,
    change: 'place',
    parameters: [RES, FD, parameter('nstype', 'FLAGS32', { member: 'call_flags', flags: 'clone_flags' })],
  },
  {
    name: 'finit_module',
    number: 43,
    shape: 'descriptor',
    category: 'other',
    does: 'loads-kernel-code',
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
  {
    name: 'mmap',
    number: 98,
    shape: 'descriptor',
    category: 'IPC',
    usesFd: true,
    otherCalls: ['mmap2'],
    parameters: [
      RES,
      ...USED_MEMORY,
      ...MAPPING,
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'mmap_flags' }),
      FD,
      parameter('offset', 'UINT64', { member: 'numbers[2]' }),
    ],
  },
  {
    name: 'mprotect',
    number: 99,
    shape: 'descriptor',
    category: 'IPC',
    otherCalls: ['pkey_mprotect'],
    parameters: [RES, ...MAPPING],
  },
];
