// Encodes the table of names for rule modules (host/schema/names.ts).

import { member } from '../schema/layout.ts';
import { firstSlot, NAMED_ADDRESS, NAMES_SLOTS, nameKey } from '../schema/names.ts';

/** A host name in a condition, and one of its addresses. */
export interface NamedAddress {
  readonly name: string;
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
}

/** Capacity of the table: a quarter of the slots stay free, so that look-ups are short. */
export const LARGEST_NAME_TABLE = (NAMES_SLOTS * 3) / 4;

const IPV6_BYTES = 16;
const NAME = member(NAMED_ADDRESS, 'name').offset;
const ADDRESS = member(NAMED_ADDRESS, 'address').offset;
const IS_IPV6 = member(NAMED_ADDRESS, 'is_ipv6').offset;

/** Encodes the first LARGEST_NAME_TABLE of them. */
export function encodeNameTable(addresses: readonly NamedAddress[]): Uint8Array {
  const table = new Uint8Array(NAMES_SLOTS * NAMED_ADDRESS.size);
  const view = new DataView(table.buffer);
  for (const { name, address } of addresses.slice(0, LARGEST_NAME_TABLE)) {
    const padded = new Uint8Array(IPV6_BYTES);
    padded.set(address);
    const key = nameKey(name);
    let slot = firstSlot(key, padded);
    while (view.getBigUint64(slot * NAMED_ADDRESS.size + NAME, true) !== 0n) slot = (slot + 1) % NAMES_SLOTS;
    const at = slot * NAMED_ADDRESS.size;
    view.setBigUint64(at + NAME, key, true);
    table.set(padded, at + ADDRESS);
    view.setBigUint64(at + IS_IPV6, address.length === IPV6_BYTES ? 1n : 0n, true);
  }
  return table;
}
