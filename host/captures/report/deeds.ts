// What an event says that a process did, in a few words for people.
//
//   openat, fd.name=/etc/shadow, for reading      -> reads /etc/shadow
//   renameat2, /a, /b, evt.res=ENOENT             -> renames /a to /b: ENOENT

import type { EventView } from '../../journal/event-views.ts';
import type { Program } from './process-tree.ts';

/** `plumbing`: what programs do all the time on the way to something else. */
export type DeedKind = 'program' | 'file' | 'read' | 'connection' | 'privileges' | 'plumbing' | 'other';

export interface Deed {
  readonly kind: DeedKind;
  /** Not escaped. */
  readonly text: string;
  /** Of programs, if it is known. */
  readonly program?: Program;
  /** Of files. */
  readonly path?: string;
  readonly verb?: string;
  /** Of connections. */
  readonly peer?: string;
  /** Name of an errno. */
  readonly failure?: string;
}

export function deedOf(event: EventView): Deed {
  const deed = described(event);
  const result = event.text('evt.res');
  const failure = result === undefined || result === 'SUCCESS' ? undefined : result;
  return failure === undefined ? deed : { ...deed, text: `${deed.text}: ${failure}`, failure };
}

function described(event: EventView): Deed {
  const { type } = event;
  const own = DEEDS.get(type);
  if (own) return own(event);
  const name = event.text('fs.path.name') ?? event.text('fd.name');
  const kind = PLUMBING.has(type) ? 'plumbing' : 'other';
  return { kind, text: name === undefined || name === '' ? type : `${type} ${name}` };
}

const PLUMBING: ReadonlySet<string> = new Set('clone clone3 fork vfork dup dup2 dup3 socket setsid setpgid'.split(' '));

type Describe = (event: EventView) => Deed;

const NOTHING = '(unknown)';

const open: Describe = (event) => {
  const path = event.text('fd.name') ?? NOTHING;
  const writes = event.text('evt.is_open_write') === 'true';
  const verb = event.text('evt.is_open_create') === 'true' ? 'creates' : writes ? 'writes' : 'reads';
  return { kind: writes ? 'file' : 'read', text: `${verb} ${path}`, path, verb };
};

function onPath(verb: string, kind: DeedKind = 'file'): Describe {
  return (event) => {
    const path = event.text('fs.path.name') ?? event.text('fd.name') ?? NOTHING;
    return { kind, text: `${verb} ${path}`, path, verb };
  };
}

function onPaths(verb: string, between: string): Describe {
  return (event) => {
    const [source, target] = [event.text('fs.path.source') ?? NOTHING, event.text('fs.path.target') ?? NOTHING];
    return { kind: 'file', text: `${verb} ${source} ${between} ${target}`, path: target, verb };
  };
}

function onPeer(verb: string, member: 'fd.sip' | 'fd.cip'): Describe {
  return (event) => {
    const port = event.text(member === 'fd.sip' ? 'fd.sport' : 'fd.cport');
    const address = event.text(member);
    const peer = address === undefined ? (event.text('fd.name') ?? NOTHING) : `${address}:${port ?? ''}`;
    return { kind: 'connection', text: `${verb} ${peer}`, peer, verb };
  };
}

function plain(text: string, kind: DeedKind = 'other'): Describe {
  return () => ({ kind, text });
}

function withArguments(kind: DeedKind, ...names: readonly string[]): Describe {
  return (event) => {
    const values = names.map((name) => event.text(`evt.arg.${name}`)).filter((value) => value !== undefined);
    return { kind, text: [event.type, ...values].join(' ') };
  };
}

function signal(target: 'pid' | 'tid'): Describe {
  return (event) => ({
    kind: 'other',
    text: `signals ${event.text(`evt.arg.${target}`) ?? NOTHING} by ${event.text('evt.arg.sig') ?? NOTHING}`,
  });
}

const exec: Describe = (event) => ({
  kind: 'program',
  text: `runs ${event.text('proc.cmdline') ?? NOTHING}`,
  path: event.text('proc.exepath') ?? NOTHING,
  verb: 'runs',
});

const DEEDS: ReadonlyMap<string, Describe> = new Map<string, Describe>([
  ['execve', exec],
  ['execveat', exec],
  ...['open', 'openat', 'openat2', 'creat', 'open_by_handle_at'].map((name) => [name, open] as const),
  ...['unlink', 'unlinkat', 'rmdir'].map((name) => [name, onPath('removes')] as const),
  ...['mkdir', 'mkdirat'].map((name) => [name, onPath('makes the folder')] as const),
  ...['mknod', 'mknodat'].map((name) => [name, onPath('makes the node')] as const),
  ...['truncate', 'ftruncate'].map((name) => [name, onPath('truncates')] as const),
  ...['chmod', 'fchmod', 'fchmodat'].map((name) => [name, onPath('changes the mode of')] as const),
  ...['chown', 'lchown', 'fchown', 'fchownat'].map((name) => [name, onPath('changes the owner of')] as const),
  ...['setxattr', 'lsetxattr', 'fsetxattr', 'removexattr', 'lremovexattr', 'fremovexattr'].map(
    (name) => [name, onPath('changes an attribute of')] as const,
  ),
  ...['rename', 'renameat', 'renameat2'].map((name) => [name, onPaths('renames', 'to')] as const),
  ...['link', 'linkat'].map((name) => [name, onPaths('links', 'as')] as const),
  ...['symlink', 'symlinkat'].map((name) => [name, onPaths('makes a symbolic link to', 'as')] as const),
  ['connect', onPeer('connects to', 'fd.sip')],
  ...['sendto', 'sendmsg', 'sendmmsg'].map((name) => [name, onPeer('sends to', 'fd.sip')] as const),
  ...['recvfrom', 'recvmsg', 'recvmmsg'].map((name) => [name, onPeer('receives from', 'fd.cip')] as const),
  ...['accept', 'accept4'].map((name) => [name, onPeer('accepts', 'fd.cip')] as const),
  ['bind', onPeer('binds', 'fd.sip')],
  ['listen', onPeer('listens on', 'fd.sip')],
  ['setuid', withArguments('privileges', 'uid')],
  ['setgid', withArguments('privileges', 'gid')],
  ['setresuid', withArguments('privileges', 'ruid', 'euid', 'suid')],
  ['capset', plain('changes its capabilities', 'privileges')],
  ['unshare', withArguments('privileges', 'flags')],
  ['setns', withArguments('privileges', 'nstype')],
  ['ptrace', withArguments('privileges', 'request', 'pid')],
  ['kill', signal('pid')],
  ['tkill', signal('tid')],
  ['tgkill', signal('tid')],
  ['mount', withArguments('privileges', 'dev', 'dir', 'type')],
  ['memfd_create', withArguments('other', 'name')],
  ['mmap', withArguments('other', 'prot', 'fd')],
  ['mprotect', withArguments('other', 'prot')],
]);
