// Names of addresses: host/schema/names.ts describes the table.

import { NAMED_ADDRESS_SIZE, NAMES_ADDRESS, NAMES_SLOTS, namedAddress, namedIsIpv6, namedName } from './generated/accessors';

/** Whether the 16-byte address at `at` is one of the addresses of the name with that key. */
export function isNamed(at: u32, isV6: bool, key: u64): bool {
  const first = isV6 ? load<u64>(at) : u64(load<u32>(at));
  const second = isV6 ? load<u64>(at, 8) : 0;
  const mixed = key ^ (first * 0x9e3779b97f4a7c15) ^ (second * 0xc2b2ae3d27d4eb4f);
  let slot = u32(mixed ^ (mixed >> 29)) & (NAMES_SLOTS - 1);
  for (let probes: u32 = 0; probes < NAMES_SLOTS; probes++) {
    const entry = NAMES_ADDRESS + slot * NAMED_ADDRESS_SIZE;
    const name = namedName(entry);
    if (name == 0) return false;
    const address = namedAddress(entry);
    if (name == key && load<u64>(address) == first && load<u64>(address, 8) == second && namedIsIpv6(entry) == u64(isV6))
      return true;
    slot = (slot + 1) & (NAMES_SLOTS - 1);
  }
  return false;
}
