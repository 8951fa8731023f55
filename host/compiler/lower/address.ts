// IP addresses and networks as rules write them.

import { isIPv4, isIPv6 } from 'node:net';

/** 4 or 16 bytes in network order; undefined if the text is no address. */
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

/** `10.0.0.0/8`, `fe80::/10`; IPv4 needs a length, IPv6 without one is a single address. */
export function parseNetwork(text: string): { readonly bytes: Uint8Array; readonly length: number } | undefined {
  const [, address = '', digits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bytes = parseAddress(address);
  if (!bytes || (bytes.length === 4 && digits === undefined)) return undefined;
  const length = digits === undefined ? 128 : Number(digits);
  return length <= bytes.length * 8 ? { bytes, length } : undefined;
}
