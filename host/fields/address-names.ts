// What output prints for an address: the name that conditions compare it with.

import type { NamedAddress } from '../capture/name-table.ts';
import { addressText } from './address.ts';

export class AddressNames {
  #names = new Map<string, string>();

  /** The first of several names of an address stands for it. */
  replace(addresses: readonly NamedAddress[]): void {
    this.#names = new Map();
    for (const { name, address } of addresses) {
      const text = addressText(address);
      if (!this.#names.has(text)) this.#names.set(text, name);
    }
  }

  nameOf(address: Uint8Array): string | undefined {
    return this.#names.get(addressText(address));
  }
}
