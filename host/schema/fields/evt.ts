// Fields of the event itself: time, type, arguments, result, what kind of call it was.

import { ERRORS } from '../errno.ts';
import { ABSENT } from './derivation.ts';
import { always, boolean, derived, either, HEADER, number, present, text } from './derive.ts';
import type { Field } from './field.ts';
import { FAILED, NOT_FAILED, textOrAbsent, textWhereThere } from './of-event.ts';
import { O_RDONLY, O_RDWR, O_WRONLY, opensCreated, opensExecutable, opensFor } from './of-open.ts';
import { NOT_SYSCALLS, RETIRED } from './unavailable.ts';

const RESULT = HEADER.number('result');
const NEVER = always(boolean(false));
/** Calls with a directory descriptor beside each name. */
const ONE_NAME_AT: ReadonlySet<string> = new Set(['openat', 'openat2', 'unlinkat', 'mkdirat', 'fchmodat']);
const TWO_NAMES_AT: ReadonlySet<string> = new Set(['renameat', 'renameat2', 'linkat']);
const NAME = derived((type) => text(type.name));

export const EVENT_FIELDS: readonly Field[] = [
  {
    name: 'evt.num',
    type: 'UINT64',
    // Rules write `evt.num = 0` for "never".
    description: 'Number of the event since the start, from 1.',
    source: always({ node: 'numberOf', of: 'header', member: 'sequence', least: 1n }),
  },
  {
    name: 'evt.pluginname',
    type: 'CHARBUF',
    description: 'Plugin that made the event; absent for syscalls.',
    source: NOT_SYSCALLS,
  },
  {
    name: 'evt.plugininfo',
    type: 'CHARBUF',
    description: 'The event as its plugin describes it; absent for syscalls.',
    source: NOT_SYSCALLS,
  },
  { name: 'evt.source', type: 'CHARBUF', description: 'Event source, e.g. syscall.', source: always(text('syscall')) },
  { name: 'evt.is_async', type: 'BOOL', description: 'An asynchronous event.', source: NEVER },
  {
    name: 'evt.asynctype',
    type: 'CHARBUF',
    description: 'Name of an asynchronous event; absent for the others.',
    source: NOT_SYSCALLS,
  },
  {
    name: 'evt.hostname',
    type: 'CHARBUF',
    description: 'Name of this machine.',
    source: { from: 'rendered', as: 'hostname' },
  },
  {
    name: 'evt.latency',
    type: 'RELTIME',
    description: 'Time between entering and leaving the call; no longer measured.',
    source: RETIRED,
    deprecated: true,
  },
  {
    name: 'evt.latency.s',
    type: 'RELTIME',
    description: 'Seconds part of evt.latency.',
    source: RETIRED,
    deprecated: true,
  },
  {
    name: 'evt.latency.ns',
    type: 'RELTIME',
    description: 'Fraction of evt.latency, in ns.',
    source: RETIRED,
    deprecated: true,
  },
  {
    name: 'evt.latency.quantized',
    type: 'UINT64',
    description: 'evt.latency in steps.',
    source: RETIRED,
    tableOnly: true,
    deprecated: true,
  },
  {
    name: 'evt.latency.human',
    type: 'CHARBUF',
    description: 'evt.latency with a unit.',
    source: RETIRED,
    deprecated: true,
  },
  {
    name: 'evt.dir',
    type: 'CHARBUF',
    description: 'Direction: always "<", since all events are exit events.',
    source: always(text('<')),
    deprecated: true,
  },
  {
    name: 'evt.type',
    type: 'CHARBUF',
    description: 'Name of the event: the syscall, without version suffix.',
    source: NAME,
  },
  {
    name: 'evt.type.is',
    type: 'UINT32',
    description: '1 if the event is of the type named, else 0.',
    source: derived((type, argument) => number(type.name === argument ? 1 : 0)),
    argument: 'required',
    dotted: 'only',
    argumentKind: 'key',
  },
  {
    name: 'syscall.type',
    type: 'CHARBUF',
    description: 'Like evt.type; absent for events other than syscalls.',
    source: NAME,
  },
  {
    name: 'evt.category',
    type: 'CHARBUF',
    description: 'Kind of event: file, net, process, memory...',
    source: derived((type) => text(type.category)),
  },
  {
    name: 'evt.cpu',
    type: 'INT16',
    description: 'CPU on which it happened.',
    source: always(HEADER.number('cpu')),
  },
  {
    name: 'evt.args',
    type: 'CHARBUF',
    description: 'All arguments in one text.',
    source: { from: 'rendered', as: 'parameters' },
  },
  {
    name: 'evt.arg',
    type: 'CHARBUF',
    description: 'One argument by name (evt.arg.flags) or position (evt.arg[0]), as text.',
    source: { from: 'argument', raw: false },
    argument: 'required',
    dotted: true,
    argumentKind: 'either',
  },
  {
    name: 'evt.rawarg',
    type: 'DYN',
    description: 'One argument by name, with its own type.',
    source: { from: 'argument', raw: true },
    argument: 'required',
    dotted: true,
    argumentKind: 'key',
    noTransformer: true,
    noRightSide: true,
  },
  {
    name: 'evt.info',
    type: 'CHARBUF',
    description: 'The same as evt.args.',
    source: { from: 'rendered', as: 'parameters' },
  },
  {
    name: 'evt.buffer',
    type: 'BYTEBUF',
    description:
      'First bytes, at most 80, of what recvfrom, recvmsg, recvmmsg, sendto, sendmsg or sendmmsg received or sent.',
    source: textWhereThere('data'),
  },
  {
    name: 'evt.buflen',
    type: 'UINT64',
    description: 'Number of bytes that those received or sent.',
    source: derived(({ io }) => (io ? present(NOT_FAILED, RESULT) : ABSENT)),
  },
  {
    name: 'evt.res',
    type: 'CHARBUF',
    description: 'SUCCESS, or the name of the error.',
    source: always(either(FAILED, { node: 'enumeration', of: RESULT, names: ERRORS }, text('SUCCESS'))),
  },
  {
    name: 'evt.rawres',
    type: 'INT64',
    description: 'Return value as a number; an error is negative.',
    source: always(RESULT),
  },
  { name: 'evt.failed', type: 'BOOL', description: 'The call returned an error.', source: always(FAILED) },
  {
    name: 'evt.is_io',
    type: 'BOOL',
    description: 'Reads or writes a descriptor.',
    source: derived(({ io }) => boolean(io !== undefined)),
  },
  {
    name: 'evt.is_io_read',
    type: 'BOOL',
    description: 'Reads a descriptor.',
    source: derived(({ io }) => boolean(io === 'read')),
  },
  {
    name: 'evt.is_io_write',
    type: 'BOOL',
    description: 'Writes a descriptor.',
    source: derived(({ io }) => boolean(io === 'write')),
  },
  {
    name: 'evt.io_dir',
    type: 'CHARBUF',
    description: 'r or w; absent for other calls.',
    source: derived(({ io }) => (io ? text(io) : ABSENT)),
  },
  { name: 'evt.is_wait', type: 'BOOL', description: 'A call made to wait.', source: NEVER },
  {
    name: 'evt.wait_latency',
    type: 'RELTIME',
    description: 'Time spent waiting; no longer measured.',
    source: RETIRED,
    deprecated: true,
  },
  { name: 'evt.is_syslog', type: 'BOOL', description: 'A write to /dev/log.', source: NEVER },
  {
    name: 'evt.is_open_read',
    type: 'BOOL',
    description: 'open, openat, openat2 or open_by_handle_at for reading.',
    source: derived(opensFor(O_RDONLY, O_RDWR)),
  },
  {
    name: 'evt.is_open_write',
    type: 'BOOL',
    description: 'open, openat, openat2 or open_by_handle_at for writing.',
    source: derived(opensFor(O_WRONLY, O_RDWR)),
  },
  {
    name: 'evt.is_open_exec',
    type: 'BOOL',
    description: 'The open would create an executable file.',
    source: derived(opensExecutable),
  },
  {
    name: 'evt.is_open_create',
    type: 'BOOL',
    description: 'The open created the file.',
    source: derived(opensCreated),
  },
  {
    name: 'evt.around',
    type: 'UINT64',
    description: 'evt.around[T] = D: within D ms of raw time T.',
    source: { from: 'condition' },
    argument: 'required',
    argumentKind: 'index',
    filterOnly: true,
    noTransformer: true,
    noRightSide: true,
  },
  {
    name: 'evt.abspath',
    type: 'CHARBUF',
    description: 'Absolute path of a call that takes a directory descriptor and a name; .src or .dst if it takes two.',
    source: derived((type, argument) => {
      if (argument !== 'src' && argument !== 'dst') return ABSENT;
      if (ONE_NAME_AT.has(type.name)) return textOrAbsent(type, 'name');
      // The text of a symbolic link is not a path from the directory: Falco has the link itself for both.
      if (type.name === 'symlinkat') return textOrAbsent(type, 'new_name');
      return TWO_NAMES_AT.has(type.name) ? textOrAbsent(type, argument === 'src' ? 'old_name' : 'new_name') : ABSENT;
    }),
    argument: 'optional',
    dotted: 'only',
    argumentKind: 'key',
    argumentForm: /^(?:src|dst)$/,
  },
];
