// The table of names: the addresses of host names in conditions (fd.sip.name = example.com). They change while a module runs, so the
// module looks up whether a name has an address.

import { createHash } from 'node:crypto';
import { defineStruct } from './layout.ts';

export const NAMED_ADDRESS = defineStruct('named_address', 'A slot of the table of names.', [
  { name: 'name', type: 'u64', doc: 'key of the name; 0 = the slot is free' },
  { name: 'address', type: 'address', doc: 'IPv4 in the first four bytes, 0 behind them' },
  { name: 'is_ipv6', type: 'u64', doc: '1: of IPv6' },
]);

/** The fixed address of the table in the sandbox's memory. */
export const NAMES_ADDRESS = 65_536;
/** A power of two. */
export const NAMES_SLOTS = 2_048;

/** Different spellings of the same name have one key. Never 0. */
export function nameKey(name: string): bigint {
  return createHash('sha256').update(name.toLowerCase()).digest().readBigUInt64LE(0) | 1n;
}

/** The first slot of the lookup of a name with an address; rules-wasm/names.ts has the same. */
export function firstSlot(key: bigint, address: Uint8Array): number {
  const words = new DataView(address.buffer, address.byteOffset, 16);
  const mixed = BigInt.asUintN(
    64,
    key ^ (words.getBigUint64(0, true) * 0x9e3779b97f4a7c15n) ^ (words.getBigUint64(8, true) * 0xc2b2ae3d27d4eb4fn),
  );
  return Number((mixed ^ (mixed >> 29n)) & BigInt(NAMES_SLOTS - 1));
}
