// Addresses and networks, compared bit by bit.

import { parseAddress, parseNetwork } from '../../../host/compiler/conditions/address.ts';

export function sameAddress(address: Uint8Array, text: string): boolean {
  return Buffer.from(address).equals(parseAddress(text) ?? Buffer.of());
}

export function inNetwork(address: Uint8Array, text: string): boolean {
  const network = parseNetwork(text);
  if (!network || network.bytes.length !== address.length) return false;
  for (let bit = 0; bit < network.length; bit++) {
    const mask = 0x80 >> (bit & 7);
    if (((address[bit >> 3] ?? 0) & mask) !== ((network.bytes[bit >> 3] ?? 0) & mask)) return false;
  }
  return true;
}
