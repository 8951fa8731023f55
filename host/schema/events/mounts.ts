// Events of the mount calls that came with Linux 5.2 and later, where one mount is made by several. Falco has an event of fsconfig;
// to it the others are system calls without parameters. What takes effect on the tree of mounts is a mount to rules as well.

import type { EventType } from './event-type.ts';
import {
  DIRFD,
  FD,
  FD_RESULT,
  NEW_DIRFD,
  NEW_RELATIVE,
  OLD_DIRFD,
  OLD_RELATIVE,
  parameter,
  RELATIVE_PATH,
  RES,
} from './parameters.ts';

export const MOUNT_EVENTS: readonly EventType[] = [
  {
    name: 'fsopen',
    number: 91,
    shape: 'descriptor',
    category: 'other',
    does: 'mounts',
    createsFd: true,
    parameters: [FD_RESULT, parameter('type', 'CHARBUF', { member: 'text' })],
  },
  {
    name: 'fsconfig',
    number: 92,
    shape: 'descriptor',
    category: 'system',
    does: 'mounts',
    usesFd: true,
    parameters: [
      RES,
      FD,
      parameter('cmd', 'ENUMFLAGS32', { member: 'call_flags', flags: 'fsconfig_commands' }),
      parameter('key', 'CHARBUF', { member: 'text' }),
      parameter('value_bytebuf', 'BYTEBUF'),
      parameter('value_charbuf', 'CHARBUF', { member: 'value' }),
      parameter('aux', 'INT32', { member: 'new_fd' }),
    ],
  },
  {
    name: 'fsmount',
    number: 93,
    shape: 'descriptor',
    category: 'other',
    does: 'mounts',
    createsFd: true,
    parameters: [FD_RESULT],
  },
  {
    name: 'fspick',
    number: 94,
    shape: 'path',
    category: 'other',
    does: 'mounts',
    parameters: [FD_RESULT, DIRFD, RELATIVE_PATH],
  },
  {
    name: 'open_tree',
    number: 95,
    shape: 'path',
    category: 'other',
    does: 'mounts',
    parameters: [
      FD_RESULT,
      DIRFD,
      RELATIVE_PATH,
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'open_tree_flags' }),
    ],
  },
  {
    name: 'move_mount',
    number: 96,
    shape: 'paths',
    category: 'other',
    does: 'mounts',
    sisters: ['mount'],
    parameters: [RES, OLD_DIRFD, OLD_RELATIVE, NEW_DIRFD, NEW_RELATIVE],
  },
  {
    name: 'mount_setattr',
    number: 97,
    shape: 'paths',
    category: 'other',
    does: 'mounts',
    // It returns a descriptor of the mount as well, as open_tree does.
    otherCalls: ['open_tree_attr'],
    sisters: ['mount'],
    parameters: [
      RES,
      parameter('dirfd', 'FD', { member: 'new_dirfd', directory: 'new_directory' }),
      parameter('path', 'FSRELPATH', { member: 'new_name', passed: 'new_raw' }),
      parameter('flags', 'FLAGS32', { member: 'call_flags', flags: 'mount_flags' }),
    ],
  },
];
