// What an event shows of a command's work: a file that it changed, a connection.

import { isIpSocket } from '../../schema/descriptor-types.ts';
import { ERRORS } from '../../schema/errno.ts';
import { DESCRIPTOR_STATE, type EventShape } from '../../schema/event-structs.ts';
import { callsThat, FILE_CHANGES, type FileChangeEffect } from '../../schema/events/effects.ts';
import type { EventView } from '../event-views.ts';
import type { Direction, FileVerb } from './session.ts';

export type Action =
  | { readonly kind: 'file'; readonly verb: FileVerb; readonly path: string; readonly other?: string }
  | {
      readonly kind: 'connection';
      readonly direction: Direction;
      readonly protocol: string;
      readonly peer: string;
      readonly error?: string;
    };

/** Changes of files that the journal keeps: times are set of each file that is copied or unpacked. */
type ShownChange = Exclude<FileChangeEffect, 'changes-times'>;

const VERBS: Readonly<Record<ShownChange, FileVerb>> = {
  removes: 'removed',
  'makes-directory': 'made',
  'makes-node': 'made',
  renames: 'renamed',
  links: 'linked',
  'links-symbolically': 'linked',
  truncates: 'cut',
  'changes-mode': 'mode',
  'changes-owner': 'owner',
  'changes-attributes': 'attributes',
};
const SHOWN_CHANGES = FILE_CHANGES.filter((effect) => effect !== 'changes-times');

/** Verbs by event type. */
const FILE_VERBS: ReadonlyMap<string, FileVerb> = new Map(
  SHOWN_CHANGES.flatMap((effect) => callsThat(effect).map((type) => [type, VERBS[effect]] as const)),
);

/** The event types that activity reads. */
export const ACTIVITY_TYPES: ReadonlySet<string> = new Set([
  ...callsThat('opens', ...SHOWN_CHANGES, 'sends', 'accepts'),
  'connect',
  'listen',
]);

const REGULAR_FILE = 'f'.charCodeAt(0);
const FORMAT_BITS = 0o170000;
const CHARACTER_DEVICE = 0o020000;
const IN_PROGRESS = -115n;
const ERROR_NAMES: ReadonlyMap<number, string> = new Map(ERRORS);

/** Undefined if the event shows neither. */
export function actionOf(view: EventView): Action | undefined {
  const { type } = view;
  if (view.record.type.shape === 'open') return writtenFile(view);
  const verb = FILE_VERBS.get(type);
  if (verb !== undefined) return changedFile(view, verb);
  if (type === 'listen') return listening(view);
  return connection(view);
}

function writtenFile(view: EventView): Action | undefined {
  const { record } = view;
  if (record.result < 0n || record.number('kind') !== REGULAR_FILE) return undefined;
  // Terminals and /dev/null are written all the time.
  if ((record.number('file_mode') & FORMAT_BITS) === CHARACTER_DEVICE) return undefined;
  if (!isTrue(view, 'evt.is_open_write')) return undefined;
  const path = view.text('fd.name');
  const isNew = (record.number('state') & DESCRIPTOR_STATE.CREATED) !== 0;
  return path === undefined ? undefined : { kind: 'file', verb: isNew ? 'created' : 'wrote', path };
}

function changedFile(view: EventView, verb: FileVerb): Action | undefined {
  const { record } = view;
  if (record.result < 0n) return undefined;
  const [field, other] = pathsOf(record.type.shape, verb);
  const path = view.text(field);
  if (path === undefined || path === '') return undefined;
  const source = other && view.text(other);
  return { kind: 'file', verb, path, ...(source !== undefined && { other: source }) };
}

/** The fields with the path that changed, and with the other one. */
function pathsOf(shape: EventShape, verb: FileVerb): readonly [path: string, other?: string] {
  if (shape === 'descriptor') return ['fd.name'];
  if (shape !== 'paths') return ['fs.path.name'];
  return verb === 'linked' ? ['fs.path.source', 'fs.path.target'] : ['fs.path.target', 'fs.path.source'];
}

function listening(view: EventView): Action | undefined {
  if (view.record.result < 0n) return undefined;
  const protocol = view.text('fd.l4proto') ?? '';
  const peer = isInternet(view) ? endOf(view, 'fd.lip', 'fd.lport') : view.text('fd.name');
  return peer ? { kind: 'connection', direction: 'listen', protocol: protocolOf(view, protocol), peer } : undefined;
}

function connection(view: EventView): Action | undefined {
  const { record, type } = view;
  const { result } = record;
  const { does } = record.type;
  const direction = does === 'accepts' ? 'in' : 'out';
  const failed = result < 0n && result !== IN_PROGRESS;
  if (failed && type !== 'connect') return undefined;
  const protocol = protocolOf(view, view.text('fd.l4proto') ?? '');
  // Data of a connection were shown when it was made.
  if (does === 'sends' && protocol !== 'udp') return undefined;
  const peer = isInternet(view) ? endOf(view, 'fd.rip', 'fd.rport') : unixPeer(view, direction);
  if (peer === undefined) return undefined;
  const error = failed ? (ERROR_NAMES.get(Number(result)) ?? String(result)) : undefined;
  return { kind: 'connection', direction, protocol, peer, ...(error !== undefined && { error }) };
}

function isInternet({ record }: EventView): boolean {
  return isIpSocket(record.number('kind'));
}

function protocolOf(view: EventView, l4: string): string {
  return isInternet(view) ? l4 : 'unix';
}

function endOf(view: EventView, address: string, port: string): string | undefined {
  const [ip, number] = [view.text(address), view.text(port)];
  if (ip === undefined || number === undefined) return undefined;
  return ip.includes(':') ? `[${ip}]:${number}` : `${ip}:${number}`;
}

/** Programs connect to them whatever they do: to write their log, to look up names. */
const EVERYDAY_SOCKETS = /^\/(?:dev\/log$|(?:var\/)?run\/(?:nscd\/|systemd\/(?:journal|notify|userdb|io\.)))/;

/** Only the path that was passed names the other end; accepted connections have none. */
function unixPeer({ record }: EventView, direction: Direction): string | undefined {
  if (record.number('kind') !== 'u'.charCodeAt(0) || direction === 'in') return undefined;
  const path = record.bytes('passed_path');
  const text = path && Buffer.from(path).toString('utf8');
  return text && record.result >= 0n && !EVERYDAY_SOCKETS.test(text) ? text : undefined;
}

function isTrue(view: EventView, field: string): boolean {
  const value = view.field(field);
  return value?.kind === 'boolean' && value.value;
}
