// Flags and enumerations: from the number that the kernel was given to Falco's names and Falco's number.

import { FLAG_TABLES, type FlagName, type FlagTable } from '../schema/flags.ts';

export interface NamedFlags {
  /** Falco's number: what evt.rawarg has. */
  readonly value: bigint;
  /** Names in the table's order, joined by `|`; undefined when none applies. */
  readonly names: string | undefined;
}

const UNSIGNED_32 = 0xffffffffn;

/**
 * @param number what the record holds, in the kernel's numbering (x86-64)
 * @param enumeration the table is an enumeration: a number it lacks is kept as it is; unknown flags are left out, as Falco's driver does
 */
export function nameFlags(table: FlagTable, number: bigint, enumeration: boolean): NamedFlags {
  const entries: readonly FlagName[] = FLAG_TABLES[table];
  const low = number & UNSIGNED_32;
  const set = entries.filter((entry) => (low & BigInt(entry.mask)) === BigInt(entry.equals));
  if (set.length === 0) return { value: enumeration ? number : 0n, names: undefined };
  const value = enumeration ? BigInt(set[0]?.value ?? 0) : set.reduce((sum, entry) => sum | BigInt(entry.value), 0n);
  return { value, names: set.map((entry) => entry.name).join('|') };
}
