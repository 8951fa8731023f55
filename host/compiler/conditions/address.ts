// IP addresses and networks as rules write them.

import { isIPv4, isIPv6 } from 'node:net';

/** 4 or 16 bytes in network order; undefined if the text is not an address. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.').map(Number));
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [, head = text, dotted] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  const tail = dotted === undefined ? [] : [...(parseAddress(dotted) ?? [])];
  const words = (part: string): number[] =>
    part
      .split(':')
      .filter((word) => word !== '')
      .map((word) => Number.parseInt(word, 16));
  const [left = '', right] = head.split('::');
  const before = words(left);
  const after = words(right ?? '');
  const bytes = (list: readonly number[]): number[] => list.flatMap((word) => [word >> 8, word & 0xff]);
  const missing = 16 - 2 * (before.length + after.length) - tail.length;
  return Uint8Array.from([...bytes(before), ...new Array<number>(missing).fill(0), ...bytes(after), ...tail]);
}

/** An address that a rule compares with. As in Falco, one with a dot in it is IPv4: `::ffff:10.0.0.1` is invalid. */
export function parseAddressConstant(text: string): Uint8Array | undefined {
  return text.includes('.') && !isIPv4(text) ? undefined : parseAddress(text);
}

/** `10.0.0.0/8`, `fe80::/10`. As in Falco the length is cut to eight bits, and that of an IPv6 network is not 0. */
export function parseNetwork(text: string): { readonly bytes: Uint8Array; readonly length: number } | undefined {
  const [, address = '', digits] = /^([^/]*)\/(\s*[+-]?\d+)$/.exec(text) ?? [];
  const bytes = parseAddressConstant(address);
  if (!bytes || digits === undefined) return undefined;
  const length = Number(BigInt.asUintN(8, BigInt(digits.trim().replace('+', ''))));
  if (length > bytes.length * 8 || (length === 0 && bytes.length === 16)) return undefined;
  return { bytes, length };
}
