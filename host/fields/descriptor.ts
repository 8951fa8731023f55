// The file or socket that a call works on, as its record has it. On calls that take a directory descriptor and a name
// (unlinkat, mkdirat...) it is the directory: that is what Falco means by fd.name there.

import { DESCRIPTOR_STATE } from '../schema/event-structs.ts';
import type { EventRecord } from './record.ts';

/** A failed open(2) is of kind `o`, of openat(2) `f`: Falco guesses from the event, and rules are written against it. */
const GUESSED_KIND: Readonly<Record<string, string>> = {
  openat: 'f',
  openat2: 'f',
  creat: 'f',
  socket: '4',
  accept: '4',
  accept4: '4',
};

/** One end of a connection. */
export interface End {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly port: number;
}

export interface Descriptor {
  /** fd.typechar. */
  readonly kind: string;
  /** False when there is no descriptor (the call failed): then `kind` is a guess and most fields are absent. */
  readonly known: boolean;
  readonly name: Uint8Array;
  /** As passed to the call; empty for what is not a file. */
  readonly raw: Uint8Array;
  readonly state: number;
  readonly isServer: boolean;
  readonly protocol: number;
  readonly device: number;
  readonly inode: bigint;
  readonly local?: End;
  readonly remote?: End;
}

const EMPTY = new Uint8Array(0);
const ROLE_NONE = 0;
const ROLE_SERVER = 2;

/** Undefined on calls that neither make nor use a descriptor. */
export function descriptorOf(event: EventRecord): Descriptor | undefined {
  if (!event.type.createsFd && !event.type.usesFd) return undefined;
  return event.has('kind') ? fileOrSocket(event) : directory(event);
}

function directory(event: EventRecord): Descriptor {
  const path = event.bytes('directory') ?? event.bytes('new_directory');
  return {
    kind: path ? 'd' : 'o',
    known: path !== undefined,
    name: path ?? EMPTY,
    raw: path ?? EMPTY,
    state: 0,
    isServer: false,
    protocol: 0,
    device: 0,
    inode: 0n,
  };
}

function fileOrSocket(event: EventRecord): Descriptor {
  const code = event.number('kind');
  const known = code !== 0;
  const kind = known ? String.fromCharCode(code) : (GUESSED_KIND[event.type.name] ?? 'o');
  const name = event.bytes('name') ?? EMPTY;
  const isFile = kind === 'f' || kind === 'd';
  return {
    kind,
    known,
    name,
    // A descriptor of an earlier call (dup, fchmod) brings no path of its own.
    raw: isFile || !known ? (event.bytes('raw') ?? (isFile ? name : EMPTY)) : EMPTY,
    state: event.number('state'),
    isServer: event.number('role') === ROLE_SERVER,
    protocol: event.number('l4'),
    device: event.number('device'),
    inode: event.big('inode'),
    ...ends(event, kind),
  };
}

/** Both ends of a connection; the local one alone of a socket that listens; none of one without a role yet. */
function ends(event: EventRecord, kind: string): { local?: End; remote?: End } {
  if ((kind !== '4' && kind !== '6') || event.number('role') === ROLE_NONE) return {};
  const local = end(event, kind, 'local');
  const remote = end(event, kind, 'remote');
  const connected = remote.port !== 0 || remote.address.some((byte) => byte !== 0);
  return connected ? { local, remote } : { local };
}

function end(event: EventRecord, kind: string, side: 'local' | 'remote'): End {
  const address = event.bytes(`${side}_address`) ?? new Uint8Array(16);
  return { address: kind === '4' ? address.slice(0, 4) : address, port: event.number(`${side}_port`) };
}

export function hasState(descriptor: Descriptor, state: keyof typeof DESCRIPTOR_STATE): boolean {
  return (descriptor.state & DESCRIPTOR_STATE[state]) !== 0;
}

/** `4`, with `t`, `u`, `i` or `r` after it where the protocol is known: how descriptors stand in evt.arg. */
export function kindAndProtocol(descriptor: Descriptor): string {
  if (descriptor.kind !== '4' && descriptor.kind !== '6') return descriptor.kind;
  return descriptor.kind + (protocolName(descriptor.protocol)?.charAt(0) ?? '');
}

/** fd.l4proto of an IP protocol number. */
export function protocolName(protocol: number): 'tcp' | 'udp' | 'icmp' | 'raw' | undefined {
  switch (protocol) {
    case 6:
      return 'tcp';
    case 17:
      return 'udp';
    case 1:
    case 58:
      return 'icmp';
    case 255:
      return 'raw';
    default:
      return undefined;
  }
}

/** From the kernel's internal encoding (major << 20 | minor) to that of stat(2), which fd.dev has. */
export function statDevice(device: number): bigint {
  const major = BigInt(device >>> 20);
  const minor = BigInt(device & 0xfffff);
  return (minor & 0xffn) | (major << 8n) | ((minor & ~0xffn) << 12n);
}
