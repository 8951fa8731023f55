// Addresses and connections as parameters have them: ports little-endian, addresses as on the wire.

import { isIP } from 'node:net';
import { viewOf } from './blocks.ts';
import { NOTHING } from './calls.ts';

export const FAMILY = { UNIX: 1, INET: 2, INET6: 10 } as const;
/** Bytes of an address of IP, by family. */
const LENGTHS: Readonly<Record<number, number>> = { [FAMILY.INET]: 4, [FAMILY.INET6]: 16 };
const NUL = 0;

/** One end. `address`: of IPv4 4 bytes; of a unix socket its address in the kernel, in 8. */
export interface End {
  readonly address: Uint8Array;
  readonly port: number;
}

export interface SocketAddress extends End {
  readonly family: number;
  /** Path of a Unix socket. */
  readonly path: Uint8Array | undefined;
}

export interface Tuple {
  readonly family: number;
  readonly source: End;
  readonly destination: End;
  /** Path of a Unix socket. */
  readonly path: Uint8Array | undefined;
}

/** Undefined for one that is empty, or of a family without an encoding. */
export function readSocketAddress(bytes: Uint8Array): SocketAddress | undefined {
  const [family] = bytes;
  if (family === undefined) return undefined;
  if (family === FAMILY.UNIX) return { family, address: NOTHING, port: 0, path: upToNul(bytes.subarray(1)) };
  const length = LENGTHS[family];
  if (length === undefined || bytes.length < length + 3) return undefined;
  return { family, ...readEnd(bytes, 1, length), path: undefined };
}

export function readTuple(bytes: Uint8Array): Tuple | undefined {
  const [family] = bytes;
  if (family === undefined) return undefined;
  if (family === FAMILY.UNIX) {
    if (bytes.length < 18) return undefined;
    const source = { address: bytes.slice(1, 9), port: 0 };
    const destination = { address: bytes.slice(9, 17), port: 0 };
    return { family, source, destination, path: upToNul(bytes.subarray(17)) };
  }
  const length = LENGTHS[family];
  if (length === undefined || bytes.length < 2 * length + 5) return undefined;
  const source = readEnd(bytes, 1, length);
  const destination = readEnd(bytes, 3 + length, length);
  return mapped({ family, source, destination, path: undefined });
}

function readEnd(bytes: Uint8Array, at: number, length: number): End {
  return { address: bytes.slice(at, at + length), port: viewOf(bytes).getUint16(at + length, true) };
}

/** A connection of IPv4 on a socket of IPv6. */
function mapped(tuple: Tuple): Tuple {
  const { family, source, destination } = tuple;
  if (family !== FAMILY.INET6 || !isMapped(source.address) || !isMapped(destination.address)) return tuple;
  const short = ({ address, port }: End): End => ({ address: address.slice(12), port });
  return { ...tuple, family: FAMILY.INET, source: short(source), destination: short(destination) };
}

function isMapped(address: Uint8Array): boolean {
  return address.every((byte, index) => index >= 12 || byte === (index < 10 ? 0 : 0xff));
}

export function upToNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(NUL);
  return bytes.slice(0, end < 0 ? bytes.length : end);
}

export function encodeSocketAddress({ family, address, port, path }: SocketAddress): Uint8Array {
  if (family === FAMILY.UNIX) return joined([Uint8Array.of(family), printable(path), Uint8Array.of(NUL)]);
  const length = LENGTHS[family];
  if (length === undefined) return NOTHING;
  return joined([Uint8Array.of(family), encodeEnd({ address, port }, length)]);
}

export function encodeTuple({ family, source, destination, path }: Tuple): Uint8Array {
  if (family === FAMILY.UNIX) {
    const ends = [sized(source.address, 8), sized(destination.address, 8)];
    return joined([Uint8Array.of(family), ...ends, printable(path), Uint8Array.of(NUL)]);
  }
  const length = LENGTHS[family];
  if (length === undefined) return NOTHING;
  return joined([Uint8Array.of(family), encodeEnd(source, length), encodeEnd(destination, length)]);
}

function encodeEnd({ address, port }: End, length: number): Uint8Array {
  return joined([sized(address, length), Uint8Array.of(port & 0xff, port >> 8)]);
}

function sized(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}

/** Abstract names lose the NUL that they begin with; a further one ends them. */
function printable(path: Uint8Array = NOTHING): Uint8Array {
  return upToNul(path[0] === NUL ? path.subarray(1) : path);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Parses an IPv4 or IPv6 address into its bytes. Returns undefined for any other text. */
export function parseAddress(text: string): Uint8Array | undefined {
  switch (isIP(text)) {
    case 4:
      return Uint8Array.from(text.split('.'), Number);
    case 6:
      return parseIpv6(text);
    default:
      return undefined;
  }
}

const GROUPS = 8;

function parseIpv6(text: string): Uint8Array {
  // The last 32 bits may be written as IPv4.
  const [, before = text, ipv4] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  const [a = 0, b = 0, c = 0, d = 0] = ipv4?.split('.').map(Number) ?? [];
  const full = ipv4 === undefined ? text : `${before}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  const [head = '', tail] = full.split('::');
  const groups = (part: string) => part.split(':').filter((group) => group !== '');
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: GROUPS - first.length - last.length }, () => '0');
  const numbers = [...first, ...(tail === undefined ? [] : zeros), ...last].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(numbers.flatMap((number) => [number >> 8, number & 0xff]));
}
