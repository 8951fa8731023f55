// What an event shows of a command's work: a file that it changed, a connection.

import { ERRORS } from '../../schema/errno.ts';
import { DESCRIPTOR_STATE } from '../../schema/event-structs.ts';
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

const OPENS = new Set(['open', 'openat', 'openat2', 'creat', 'open_by_handle_at']);
/** What a call does to the file that `field` names. */
interface CallChange {
  readonly verb: FileVerb;
  readonly field: string;
  readonly other?: string;
}

/** By event type. */
const FILE_CHANGES: ReadonlyMap<string, CallChange> = new Map([
  ...all(['unlink', 'unlinkat', 'rmdir'], { verb: 'removed', field: 'fs.path.name' }),
  ...all(['mkdir', 'mkdirat', 'mknod', 'mknodat'], { verb: 'made', field: 'fs.path.name' }),
  ...all(['rename', 'renameat', 'renameat2'], { verb: 'renamed', field: 'fs.path.target', other: 'fs.path.source' }),
  ...all(['link', 'linkat'], { verb: 'linked', field: 'fs.path.target', other: 'fs.path.source' }),
  ...all(['symlink', 'symlinkat'], { verb: 'linked', field: 'fs.path.target', other: 'fs.path.source' }),
  ...all(['chmod', 'fchmodat', 'fchmodat2'], { verb: 'mode', field: 'fs.path.name' }),
  ...all(['fchmod'], { verb: 'mode', field: 'fd.name' }),
  ...all(['chown', 'lchown', 'fchownat'], { verb: 'owner', field: 'fs.path.name' }),
  ...all(['fchown'], { verb: 'owner', field: 'fd.name' }),
  ...all(['truncate'], { verb: 'cut', field: 'fs.path.name' }),
  ...all(['ftruncate'], { verb: 'cut', field: 'fd.name' }),
]);

function all(types: readonly string[], change: CallChange): [string, CallChange][] {
  return types.map((type) => [type, change]);
}

const CONNECTS = new Set(['connect', 'sendto', 'sendmsg', 'sendmmsg']);
const ACCEPTS = new Set(['accept', 'accept4']);

/** The event types that activity reads. */
export const ACTIVITY_TYPES: ReadonlySet<string> = new Set([
  ...OPENS,
  ...FILE_CHANGES.keys(),
  ...CONNECTS,
  ...ACCEPTS,
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
  if (OPENS.has(type)) return writtenFile(view);
  const change = FILE_CHANGES.get(type);
  if (change) return changedFile(view, change);
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

function changedFile(view: EventView, { verb, field, other }: CallChange): Action | undefined {
  if (view.record.result < 0n) return undefined;
  const path = view.text(field);
  if (path === undefined || path === '') return undefined;
  const source = other === undefined ? undefined : view.text(other);
  return { kind: 'file', verb, path, ...(source !== undefined && { other: source }) };
}

function listening(view: EventView): Action | undefined {
  if (view.record.result < 0n) return undefined;
  const protocol = view.text('fd.l4proto') ?? '';
  const peer = isInternet(view) ? endOf(view, 'fd.lip', 'fd.lport') : view.text('fd.name');
  return peer ? { kind: 'connection', direction: 'listen', protocol: protocolOf(view, protocol), peer } : undefined;
}

function connection(view: EventView): Action | undefined {
  const { record, type } = view;
  const direction = ACCEPTS.has(type) ? 'in' : 'out';
  const { result } = record;
  const failed = result < 0n && result !== IN_PROGRESS;
  if (failed && type !== 'connect') return undefined;
  const protocol = protocolOf(view, view.text('fd.l4proto') ?? '');
  // Data of a connection were shown when it was made.
  if (type.startsWith('send') && protocol !== 'udp') return undefined;
  const peer = isInternet(view) ? endOf(view, 'fd.rip', 'fd.rport') : unixPeer(view, direction);
  if (peer === undefined) return undefined;
  const error = failed ? (ERROR_NAMES.get(Number(result)) ?? String(result)) : undefined;
  return { kind: 'connection', direction, protocol, peer, ...(error !== undefined && { error }) };
}

function isInternet({ record }: EventView): boolean {
  const kind = String.fromCharCode(record.number('kind'));
  return kind === '4' || kind === '6';
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
