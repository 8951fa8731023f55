// Descriptors of processes: from the lists of a file, then as events make, copy and close them.

import { DESCRIPTOR_ROLE } from '../../schema/event-structs.ts';
import { FAMILY, type SocketAddress, type Tuple } from '../format/addresses.ts';
import { NOTHING, O_CLOEXEC, O_DIRECTORY } from '../format/calls.ts';
import type { Cursor } from '../format/cursor.ts';
import { kernelDevice, protocolOf } from '../format/numbers.ts';

export type Role = (typeof DESCRIPTOR_ROLE)[keyof typeof DESCRIPTOR_ROLE];

/** One of a process. Not changed once it is made, since processes and copies share it. */
export interface Descriptor {
  /** Falco's fd.typechar. */
  readonly kind: string;
  /** Path of a file, name of others. */
  readonly name: Uint8Array;
  /** In the kernel's numbers. */
  readonly device: number;
  readonly inode: bigint;
  readonly socket: Socket | undefined;
  readonly closesOnExec: boolean;
  readonly upperLayer: boolean;
  readonly lowerLayer: boolean;
}

export interface Socket {
  /** IP protocol number. */
  readonly l4: number;
  readonly role: Role;
  readonly connected: boolean;
  readonly local: { readonly address: Uint8Array; readonly port: number };
  readonly remote: { readonly address: Uint8Array; readonly port: number };
}

const NO_END = { address: NOTHING, port: 0 } as const;

export const NEW_SOCKET: Socket = {
  l4: 0,
  role: DESCRIPTOR_ROLE.NONE,
  connected: false,
  local: NO_END,
  remote: NO_END,
};

export function descriptor(kind: string, name: Uint8Array = NOTHING, more: Partial<Descriptor> = {}): Descriptor {
  const nowhere = { device: 0, inode: 0n, socket: undefined };
  return { kind, name, ...nowhere, closesOnExec: false, upperLayer: false, lowerLayer: false, ...more };
}

/** fd.typechar by the family of a socket. */
export function kindOfFamily(family: number): string {
  switch (family) {
    case FAMILY.UNIX:
      return 'u';
    case FAMILY.INET:
      return '4';
    case FAMILY.INET6:
      return '6';
    case NETLINK:
      return 'n';
    default:
      return 'o';
  }
}

const NETLINK = 16;

/** A socket with both ends of a tuple. `isServer`: the source of the tuple is the peer. */
export function connectedSocket(before: Socket, tuple: Tuple, isServer: boolean): Socket {
  const [local, remote] = isServer ? [tuple.destination, tuple.source] : [tuple.source, tuple.destination];
  return { ...before, local, remote, role: isServer ? DESCRIPTOR_ROLE.SERVER : DESCRIPTOR_ROLE.CLIENT };
}

/** The kind of a tuple's socket: that of one of IPv6 that speaks IPv4 changes. */
export function kindOf(tuple: Tuple | SocketAddress): string {
  return kindOfFamily(tuple.family);
}

/** The kinds of a list's entries; 1 to 6, 8 and 16 have fields of their own. */
const NAMED: Readonly<Record<number, string>> = {
  7: 'p',
  9: 'e',
  10: 'X',
  11: 's',
  12: 'l',
  13: 'i',
  14: 't',
  15: 'n',
  17: 'b',
  18: 'u',
  19: 'r',
  20: 'm',
  21: 'P',
};
const UPPER_LAYER = 0x8000;
const LOWER_LAYER = 0x10000;

/** An entry of a list, behind its length. @throws {ScapError} */
export function readListed(entry: Cursor): { readonly number: number; readonly descriptor: Descriptor } {
  const number = entry.id();
  const inode = entry.u64();
  const kind = entry.u8();
  return { number, descriptor: { ...readFields(kind, entry), inode } };
}

function readFields(kind: number, entry: Cursor): Descriptor {
  switch (kind) {
    case 16: {
      const flags = entry.u32();
      const path = entry.text();
      const device = entry.left >= 4 ? kernelDevice(entry.u32()) : 0;
      return opened(path, flags, device);
    }
    case 1:
      return descriptor('f', entry.text());
    case 2:
      return descriptor('d', entry.text());
    case 3:
    case 4: {
      const length = kind === 3 ? 4 : 16;
      const [source, destination] = [entry.bytes(length).slice(), entry.bytes(length).slice()];
      const local = { address: source, port: entry.u16() };
      const remote = { address: destination, port: entry.u16() };
      const role = remote.port === 0 ? DESCRIPTOR_ROLE.NONE : DESCRIPTOR_ROLE.CLIENT;
      const socket = { l4: protocolOf(entry.u8()), role, connected: remote.port !== 0, local, remote } as const;
      return descriptor(kind === 3 ? '4' : '6', NOTHING, { socket });
    }
    case 5:
    case 6: {
      const address = entry.bytes(kind === 5 ? 4 : 16).slice();
      const local = { address, port: entry.u16() };
      const socket = { ...NEW_SOCKET, local, role: DESCRIPTOR_ROLE.SERVER, l4: protocolOf(entry.u8()) };
      return descriptor(kind === 5 ? '4' : '6', NOTHING, { socket });
    }
    case 8: {
      const local = { address: entry.bytes(8).slice(), port: 0 };
      const remote = { address: entry.bytes(8).slice(), port: 0 };
      return descriptor('u', entry.text(), { socket: { ...NEW_SOCKET, local, remote } });
    }
    default: {
      const known = NAMED[kind];
      return known === undefined ? descriptor('X') : descriptor(known, entry.text());
    }
  }
}

/** What an open makes, by libs' open flags. */
export function opened(path: Uint8Array, flags: number, device: number, inode = 0n): Descriptor {
  return descriptor((flags & O_DIRECTORY) === 0 ? 'f' : 'd', path, {
    device,
    inode,
    closesOnExec: (flags & O_CLOEXEC) !== 0,
    upperLayer: (flags & UPPER_LAYER) !== 0,
    lowerLayer: (flags & LOWER_LAYER) !== 0,
  });
}

/** A client's socket of a list whose own port is one that something listens at: the process is the server. */
export function asServer(one: Descriptor): Descriptor {
  const { socket } = one;
  return socket ? { ...one, socket: { ...socket, role: DESCRIPTOR_ROLE.SERVER } } : one;
}
