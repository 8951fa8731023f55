// What an event says that a process did, in a few words for people.
//
//   openat, fd.name=/etc/shadow, for reading      -> reads /etc/shadow
//   renameat2, /a, /b, evt.res=ENOENT             -> renames /a to /b: ENOENT

import type { EventView } from '../../journal/event-views.ts';
import { effectOf } from '../../schema/events/effects.ts';
import type { CallEffect, EventType } from '../../schema/events/index.ts';
import type { Program } from './process-tree.ts';

/** `plumbing`: what programs do all the time on the way to something else. */
export type DeedKind = 'program' | 'file' | 'read' | 'connection' | 'privileges' | 'plumbing' | 'other';

export interface Deed {
  readonly kind: DeedKind;
  /** Not escaped. */
  readonly text: string;
  /** The program that was run, if it is known. */
  readonly program?: Program;
  /** Path of the file. */
  readonly path?: string;
  readonly verb?: string;
  /** Peer of the connection. */
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
  const effect = effectOf(event.record.type);
  const describe = BY_NAME.get(event.type) ?? (effect && BY_EFFECT[effect]) ?? named('other');
  return describe(event);
}

type Describe = (event: EventView) => Deed;

const NOTHING = '(unknown)';

const open: Describe = (event) => {
  const path = event.text('fd.name') ?? NOTHING;
  const writes = event.text('evt.is_open_write') === 'true';
  const verb = event.text('evt.is_open_create') === 'true' ? 'creates' : writes ? 'writes' : 'reads';
  return { kind: writes ? 'file' : 'read', text: `${verb} ${path}`, path, verb };
};

/** The call itself, and the path that it names. */
function named(kind: DeedKind): Describe {
  return (event) => {
    const { type } = event;
    const name = event.text('fs.path.name') ?? event.text('fd.name');
    return { kind, text: name === undefined || name === '' ? type : `${type} ${name}` };
  };
}

function onPath(verb: string): Describe {
  return (event) => {
    const path = event.text('fs.path.name') ?? event.text('fd.name') ?? NOTHING;
    return { kind: 'file', text: `${verb} ${path}`, path, verb };
  };
}

/** Describes a call that makes the file `made` of another. */
function onPaths(verb: string, between: string, made: 'source' | 'target'): Describe {
  return (event) => {
    const other = event.text(made === 'target' ? 'fs.path.source' : 'fs.path.target') ?? NOTHING;
    const path = event.text(`fs.path.${made}`) ?? NOTHING;
    return { kind: 'file', text: `${verb} ${other} ${between} ${path}`, path, verb };
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

/** @param names of parameters; default: all but results and descriptors */
function withArguments(kind: DeedKind, ...names: readonly string[]): Describe {
  return (event) => {
    const shown = names.length > 0 ? names : namesOf(event.record.type);
    const values = shown.map((name) => event.text(`evt.arg.${name}`)).filter((value) => value !== undefined);
    return { kind, text: [event.type, ...values].join(' ') };
  };
}

function namesOf({ parameters }: EventType): readonly string[] {
  return parameters.filter(({ name, type }) => name !== 'res' && type !== 'FD').map(({ name }) => name);
}

const signal: Describe = (event) => {
  const target = event.text('evt.arg.tid') ?? event.text('evt.arg.pid') ?? NOTHING;
  return { kind: 'other', text: `signals ${target} by ${event.text('evt.arg.sig') ?? NOTHING}` };
};

const exec: Describe = (event) => ({
  kind: 'program',
  text: `runs ${event.text('proc.cmdline') ?? NOTHING}`,
  path: event.text('proc.exepath') ?? NOTHING,
  verb: 'runs',
});

const BY_EFFECT: Readonly<Record<CallEffect, Describe>> = {
  runs: exec,
  opens: open,
  removes: onPath('removes'),
  'makes-directory': onPath('makes the folder'),
  'makes-node': onPath('makes the node'),
  truncates: onPath('truncates'),
  'changes-mode': onPath('changes the mode of'),
  'changes-owner': onPath('changes the owner of'),
  'changes-attributes': onPath('changes an attribute of'),
  'changes-times': onPath('changes the times of'),
  renames: onPaths('renames', 'to', 'target'),
  links: onPaths('links', 'as', 'source'),
  'links-symbolically': onPaths('makes a symbolic link to', 'as', 'source'),
  sends: onPeer('sends to', 'fd.sip'),
  receives: onPeer('receives from', 'fd.cip'),
  accepts: onPeer('accepts', 'fd.cip'),
  'changes-credentials': withArguments('privileges'),
  'changes-namespaces': withArguments('privileges'),
  signals: signal,
  forks: named('plumbing'),
  duplicates: named('plumbing'),
  mounts: named('other'),
  'loads-kernel-code': named('other'),
};

/** Descriptions of calls that are described otherwise than others of their effect, or have none. */
const BY_NAME: ReadonlyMap<string, Describe> = new Map<string, Describe>([
  ['connect', onPeer('connects to', 'fd.sip')],
  ['bind', onPeer('binds', 'fd.sip')],
  ['listen', onPeer('listens on', 'fd.sip')],
  ['socket', named('plumbing')],
  ['setsid', named('plumbing')],
  ['setpgid', named('plumbing')],
  ['ptrace', withArguments('privileges', 'request', 'pid')],
  ['mount', withArguments('privileges', 'dev', 'dir', 'type')],
  ['memfd_create', withArguments('other', 'name')],
  ['mmap', withArguments('other', 'prot', 'fd')],
  ['mprotect', withArguments('other', 'prot')],
]);
