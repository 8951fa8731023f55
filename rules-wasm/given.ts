// Events given by their fields: a table of values replaces the record's members. Each field that the module's
// rules name has an entry of 16 bytes; its place and type are set by the compiler (host/compiler/lower/given-fields.ts).
//   u32 kind (0 = absent), u32 length, u64 value; texts, lists and addresses: offset from the start of the table

import { textAt } from './text';

const ENTRY_BYTES: u32 = 16;

// @ts-ignore: decorator
@inline export function isGiven(table: u32, key: u32): bool {
  return load<u32>(table + key * ENTRY_BYTES) != 0;
}

/** Of a list: its texts, each ended by a NUL. */
export function givenText(table: u32, key: u32): u64 {
  const entry = table + key * ENTRY_BYTES;
  if (load<u32>(entry) == 0) return 0;
  return textAt(table + load<u32>(entry, 8), load<u32>(entry, 4));
}

// @ts-ignore: decorator
@inline export function givenInteger(table: u32, key: u32): i64 {
  return load<i64>(table + key * ENTRY_BYTES, 8);
}

// @ts-ignore: decorator
@inline export function givenUnsigned(table: u32, key: u32): u64 {
  return load<u64>(table + key * ENTRY_BYTES, 8);
}

// @ts-ignore: decorator
@inline export function givenFraction(table: u32, key: u32): f64 {
  return load<f64>(table + key * ENTRY_BYTES, 8);
}

/** Address of the 16 bytes; 0 = absent. */
export function givenAddress(table: u32, key: u32): u32 {
  const entry = table + key * ENTRY_BYTES;
  return load<u32>(entry) == 0 ? 0 : table + load<u32>(entry, 8);
}

// @ts-ignore: decorator
@inline export function isGivenIpv6(table: u32, key: u32): bool {
  return load<u32>(table + key * ENTRY_BYTES, 4) == 16;
}
