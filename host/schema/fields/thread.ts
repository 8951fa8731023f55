// Fields of the thread that made the call.

import type { Field } from '../types.ts';
import { computed } from './computed.ts';
import { TABLE_ONLY, unavailable } from './unavailable.ts';

const NO_SWITCHES = unavailable(
  'it takes an event for every switch between threads, which would cost more than all others together',
);

export const THREAD_FIELDS: readonly Field[] = [
  { name: 'thread.tid', type: 'INT64', description: 'Thread id.', source: { from: 'event', member: 'tid' } },
  {
    name: 'thread.vtid',
    type: 'INT64',
    description:
      'Thread id in its own pid namespace. Of other threads than the main one, only the host knows it, and output from /proc.',
    source: computed('thread.vtid'),
  },
  {
    name: 'thread.ismain',
    type: 'BOOL',
    description: 'The main thread of its process.',
    source: computed('thread.ismain'),
  },
  {
    name: 'thread.cap_permitted',
    type: 'CHARBUF',
    description: 'Permitted capabilities, joined by blanks.',
    source: computed('thread.cap_permitted'),
  },
  {
    name: 'thread.cap_inheritable',
    type: 'CHARBUF',
    description: 'Inheritable capabilities, joined by blanks.',
    source: computed('thread.cap_inheritable'),
  },
  {
    name: 'thread.cap_effective',
    type: 'CHARBUF',
    description: 'Effective capabilities, joined by blanks.',
    source: computed('thread.cap_effective'),
  },
  {
    name: 'thread.cgroups',
    type: 'CHARBUF',
    description: 'Path of the cgroup.',
    source: { from: 'rendered' },
  },
  {
    name: 'thread.cgroup',
    type: 'CHARBUF',
    description: 'The same, by the name of a subsystem: thread.cgroup.cpu. There is one path for all of them.',
    source: computed('thread.cgroup'),
    argument: 'required',
    argumentKind: 'key',
  },
  {
    name: 'thread.pfmajor',
    type: 'UINT64',
    description: 'Major page faults of the main thread, as of the last fork, exec or change of the process.',
    source: { from: 'image', member: 'faults_major' },
  },
  {
    name: 'thread.pfminor',
    type: 'UINT64',
    description: 'Minor page faults, likewise.',
    source: { from: 'image', member: 'faults_minor' },
  },
  {
    name: 'thread.exectime',
    type: 'RELTIME',
    description: 'CPU time since it was scheduled.',
    source: NO_SWITCHES,
  },
  { name: 'thread.totexectime', type: 'RELTIME', description: 'CPU time in all.', source: NO_SWITCHES },
  { name: 'thread.cpu', type: 'DOUBLE', description: 'CPU share of the last second.', source: NO_SWITCHES },
  { name: 'thread.cpu.user', type: 'DOUBLE', description: 'Its part in user mode.', source: NO_SWITCHES },
  { name: 'thread.cpu.system', type: 'DOUBLE', description: 'Its part in the kernel.', source: NO_SWITCHES },
  {
    name: 'thread.vmsize',
    type: 'UINT64',
    description: 'proc.vmsize; 0 for all but the main thread.',
    source: computed('thread.vmsize'),
  },
  {
    name: 'thread.vmrss',
    type: 'UINT64',
    description: 'proc.vmrss; 0 for all but the main thread.',
    source: computed('thread.vmrss'),
  },
  {
    name: 'thread.nametid',
    type: 'CHARBUF',
    description: 'Name and thread id; listed by Falco only.',
    source: TABLE_ONLY,
    tableOnly: true,
  },
  {
    name: 'thread.vmsize.b',
    type: 'UINT64',
    description: 'In bytes; listed by Falco only.',
    source: TABLE_ONLY,
    tableOnly: true,
  },
  {
    name: 'thread.vmrss.b',
    type: 'UINT64',
    description: 'In bytes; listed by Falco only.',
    source: TABLE_ONLY,
    tableOnly: true,
  },
];
