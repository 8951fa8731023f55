// What alerts say of calls whose arguments another thread rewrites.

import { type Probe, probe } from './probe.ts';

export const OPENS = probe(
  ['open', 'openat', 'openat2', 'creat'],
  [
    'evt.res',
    'evt.is_open_read',
    'evt.is_open_write',
    'evt.arg.name',
    'fd.name',
    'fd.nameraw',
    'fd.openpath',
    'fd.realpath',
    'fd.ino',
    'fs.path.name',
  ],
);
export const EXECS = probe(
  ['execve'],
  ['evt.res', 'evt.arg.filename', 'proc.exepath', 'proc.name', 'proc.args'],
  'proc.name in (act, secretact)',
);
export const PATHS = probe(
  ['unlinkat', 'mkdirat', 'renameat2', 'symlinkat'],
  [
    'evt.res',
    'evt.arg.name',
    'evt.arg.path',
    'evt.arg.oldpath',
    'evt.arg.newpath',
    'evt.arg.target',
    'evt.is_io_uring',
  ],
);
export const SOCKETS = probe(
  ['connect', 'bind', 'sendto', 'sendmsg', 'sendmmsg'],
  [
    'evt.res',
    'evt.arg.addr',
    'evt.arg.tuple',
    'fd.name',
    'fd.sip',
    'fd.sport',
    'fd.lip',
    'fd.lport',
    'evt.is_io_uring',
  ],
);
/** As rules ask: what was read, and where it went. */
export const READ: Probe = {
  ...probe(['openat'], ['fd.name', 'fd.realpath'], 'evt.is_open_read = true and fd.name endswith /secret/the-file'),
  name: 'the secret was read',
};
export const WRITTEN: Probe = {
  ...probe(['openat2'], ['fd.name'], 'evt.is_open_write = true and fd.name endswith /secret/the-file'),
  name: 'the secret may have been written',
};
export const EMPTIED: Probe = {
  ...probe(
    ['openat2'],
    ['fd.name', 'evt.arg.flags'],
    'evt.is_open_write = true and evt.arg.flags contains O_TRUNC and fd.name endswith /secret/a-log',
  ),
  name: 'the log was emptied',
};
export const CONNECTED: Probe = {
  ...probe(['connect'], ['fd.name'], 'proc.name = act and fd.sip = 127.0.0.2 and fd.sport in (17201, 17202, 17203)'),
  name: 'connected to the secret address',
};

/** The rule of a probe, under the name of the probe. */
export function namedRule({ name, rule }: Probe): string {
  const [item] = [JSON.parse(rule.slice(2)) as Record<string, unknown>];
  return JSON.stringify([{ ...item, rule: name }]);
}
