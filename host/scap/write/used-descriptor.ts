// The file or socket that an event works on, as its record has it.

import type { EventRecord } from '../../fields/record.ts';
import { DESCRIPTOR_ROLE } from '../../schema/event-structs.ts';
import { type End, FAMILY, type Tuple } from '../format/addresses.ts';
import { NOTHING } from '../format/calls.ts';

export interface UsedDescriptor {
  /** fd.typechar */
  readonly kind: string;
  /** Path of a file or a unix socket, name of a memfd. */
  readonly name: Uint8Array;
  /** In the kernel's numbers. */
  readonly device: number;
  readonly inode: bigint;
  readonly l4: number;
  /** DESCRIPTOR_ROLE */
  readonly role: number;
  readonly local: End;
  readonly remote: End;
}

const MEMFD = '/memfd:';

/** Undefined if the kernel had none. */
export function usedDescriptor(record: EventRecord): UsedDescriptor | undefined {
  const number = record.number('kind');
  if (number === 0) return undefined;
  const kind = String.fromCharCode(number);
  const length = kind === '4' ? 4 : kind === 'u' ? 8 : 16;
  const end = (address: 'local_address' | 'remote_address', port: 'local_port' | 'remote_port'): End => ({
    address: (record.bytes(address) ?? NOTHING).slice(0, length),
    port: record.number(port),
  });
  return {
    kind,
    name: nameOf(record, kind),
    device: record.number('device'),
    inode: record.big('inode'),
    l4: record.number('l4'),
    role: record.number('role'),
    local: end('local_address', 'local_port'),
    remote: end('remote_address', 'remote_port'),
  };
}

function nameOf(record: EventRecord, kind: string): Uint8Array {
  const resolved = record.bytes(record.isFurtherView ? 'name' : 'resolved') ?? NOTHING;
  if (kind !== 'm') return resolved;
  const text = Buffer.from(resolved)
    .toString('latin1')
    .replace(/ \(deleted\)$/, '');
  return Buffer.from(text.startsWith(MEMFD) ? text.slice(MEMFD.length) : text, 'latin1');
}

/** Both ends; undefined for one that is not connected. */
export function tupleOf(one: UsedDescriptor, sourceIsRemote: boolean): Tuple | undefined {
  const family = familyOf(one.kind);
  if (family === undefined) return undefined;
  const isConnected = one.kind === 'u' || one.remote.port !== 0 || one.remote.address.some((byte) => byte !== 0);
  if (!isConnected) return undefined;
  const [source, destination] = sourceIsRemote ? [one.remote, one.local] : [one.local, one.remote];
  return { family, source, destination, path: one.kind === 'u' ? one.name : undefined };
}

export function familyOf(kind: string): number | undefined {
  switch (kind) {
    case '4':
      return FAMILY.INET;
    case '6':
      return FAMILY.INET6;
    case 'u':
      return FAMILY.UNIX;
    default:
      return undefined;
  }
}

/** Two with the same text are the same to a reader of savefiles. */
export function printOf(one: UsedDescriptor): string {
  const name = Buffer.from(one.name).toString('latin1');
  if (familyOf(one.kind) === undefined) return `${one.kind} ${name}`;
  const ends = [one.local, one.remote].map(({ address, port }) => `${Buffer.from(address).toString('hex')}:${port}`);
  return [one.kind, one.l4, one.role, ...ends, name].join(' ');
}

/** A socket that is neither bound nor connected. */
export function fresh(one: UsedDescriptor): UsedDescriptor {
  const nowhere = { address: new Uint8Array(one.local.address.length), port: 0 };
  return { ...one, name: NOTHING, role: DESCRIPTOR_ROLE.NONE, local: nowhere, remote: nowhere };
}
