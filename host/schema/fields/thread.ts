// Fields of the thread that made the call.

import { CAPABILITIES } from '../flags.ts';
import { CGROUP_SUBSYSTEMS, ROOT_PID_NAMESPACE } from '../image.ts';
import { ABSENT, type NumberMember } from './derivation.ts';
import { always, compare, derived, either, flag, HEADER, IMAGE, masked, number, present } from './derive.ts';
import type { Field, FieldSource } from './field.ts';
import { TABLE_ONLY, unavailable } from './unavailable.ts';

const NO_SWITCHES = unavailable(
  'it needs an event for each context switch, which would cost more than all other events together',
);

const IS_MAIN = compare(masked(HEADER.number('flags'), flag('EVENT_FLAG', 'THREAD')), '==', 0);

/** The image has the main thread's. For other threads in a nested pid namespace, the kernel's record has only the host's number. */
const THREAD_NUMBER = either(
  IS_MAIN,
  IMAGE.number('vpid'),
  present(compare(IMAGE.number('pid_namespace'), '==', ROOT_PID_NAMESPACE), HEADER.number('tid')),
);

function ofMainThread(member: NumberMember<'image'>): FieldSource {
  return always(either(IS_MAIN, IMAGE.number(member), number(0)));
}

function capabilities(member: NumberMember<'image'>): FieldSource {
  const names = CAPABILITIES.map((name, bit) => ({ name, mask: 1n << BigInt(bit), equals: 1n << BigInt(bit) }));
  return always({ node: 'names', of: IMAGE.number(member), names, separator: ' ', none: '' });
}

/** All subsystems have the same path: of the unified hierarchy, or on cgroup v1 of pids, memory or cpu. */
const CGROUP = IMAGE.text('cgroup');

export const THREAD_FIELDS: readonly Field[] = [
  { name: 'thread.tid', type: 'INT64', description: 'Thread id.', source: always(HEADER.number('tid')) },
  {
    name: 'thread.vtid',
    type: 'INT64',
    description:
      'Thread id in its own pid namespace. Known for the main thread and for threads of the host; outputs read that of other threads from /proc.',
    source: { ...always(THREAD_NUMBER), orMachine: 'threadNumber' },
  },
  {
    name: 'thread.ismain',
    type: 'BOOL',
    description: 'The main thread of its process.',
    source: always(IS_MAIN),
  },
  {
    name: 'thread.cap_permitted',
    type: 'CHARBUF',
    description: 'Permitted capabilities, joined by blanks.',
    source: capabilities('cap_permitted'),
  },
  {
    name: 'thread.cap_inheritable',
    type: 'CHARBUF',
    description: 'Inheritable capabilities, joined by blanks.',
    source: capabilities('cap_inheritable'),
  },
  {
    name: 'thread.cap_effective',
    type: 'CHARBUF',
    description: 'Effective capabilities, joined by blanks.',
    source: capabilities('cap_effective'),
  },
  {
    name: 'thread.cgroups',
    type: 'CHARBUF',
    description: 'Path of the cgroup.',
    source: always(CGROUP),
  },
  {
    name: 'thread.cgroup',
    type: 'CHARBUF',
    description: 'The same for one subsystem: thread.cgroup.cpu. All subsystems have the same path.',
    source: derived((_, subsystem = '') => (CGROUP_SUBSYSTEMS.has(subsystem) ? CGROUP : ABSENT)),
    argument: 'required',
    dotted: 'only',
    argumentKind: 'key',
    argumentForm: /^[a-zA-Z_]+$/,
  },
  {
    name: 'thread.pfmajor',
    type: 'UINT64',
    description: 'Major page faults of the main thread, as of the last fork, exec or change of the process.',
    source: always(IMAGE.number('faults_major')),
  },
  {
    name: 'thread.pfminor',
    type: 'UINT64',
    description: 'Minor page faults of the main thread, as of the last fork, exec or change of the process.',
    source: always(IMAGE.number('faults_minor')),
  },
  {
    name: 'thread.exectime',
    type: 'RELTIME',
    description: 'CPU time since it was scheduled.',
    source: NO_SWITCHES,
  },
  { name: 'thread.totexectime', type: 'RELTIME', description: 'Total CPU time.', source: NO_SWITCHES },
  { name: 'thread.cpu', type: 'DOUBLE', description: 'CPU share of the last second.', source: NO_SWITCHES },
  { name: 'thread.cpu.user', type: 'DOUBLE', description: 'The part spent in user mode.', source: NO_SWITCHES },
  { name: 'thread.cpu.system', type: 'DOUBLE', description: 'The part spent in the kernel.', source: NO_SWITCHES },
  {
    name: 'thread.vmsize',
    type: 'UINT64',
    description: 'proc.vmsize; 0 for all but the main thread.',
    source: ofMainThread('vm_size'),
  },
  {
    name: 'thread.vmrss',
    type: 'UINT64',
    description: 'proc.vmrss; 0 for all but the main thread.',
    source: ofMainThread('vm_rss'),
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
