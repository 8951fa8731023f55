// Lists of strings that are each ended by a NUL: arguments, environment, labels, mounts.

import { addressOf, lengthOf, textAt } from './text';

/** The n-th string, from 0; absent if there are fewer. The last one's NUL may be missing: lists are cut to a limit. */
export function itemOf(list: u64, index: u32): u64 {
  let at = addressOf(list);
  const end = at + lengthOf(list);
  while (at < end) {
    let stop = at;
    while (stop < end && load<u8>(stop) != 0) ++stop;
    if (index == 0) return textAt(at, stop - at);
    --index;
    at = stop + 1;
  }
  return 0;
}

/** The first string; absent if there is none. */
// @ts-ignore: decorator
@inline export function firstItem(list: u64): u64 {
  return itemAt(list, addressOf(list));
}

/** The string behind another one of the list. */
// @ts-ignore: decorator
@inline export function itemAfter(list: u64, item: u64): u64 {
  return itemAt(list, addressOf(item) + lengthOf(item) + 1);
}

function itemAt(list: u64, address: u32): u64 {
  const end = addressOf(list) + lengthOf(list);
  if (address >= end) return 0;
  let stop = address;
  while (stop < end && load<u8>(stop) != 0) ++stop;
  return textAt(address, stop - address);
}

/** How many strings there are. */
export function itemCount(list: u64): u32 {
  let at = addressOf(list);
  const end = at + lengthOf(list);
  let count: u32 = 0;
  for (; at < end; ++at) if (load<u8>(at) == 0) ++count;
  return count + u32(lengthOf(list) > 0 && load<u8>(end - 1) != 0);
}

/** A part of the mount of that number; absent if the number is -1 or there are fewer mounts. Each mount is five strings. */
export function mountPart(mounts: u64, index: i32, part: i32): u64 {
  return index < 0 ? 0 : itemOf(mounts, index * 5 + part);
}

/** How many arguments there are besides argv[0]. */
export function argumentCount(argv: u64): i64 {
  return i64(max<i32>(i32(itemCount(argv)) - 1, 0));
}

/** Bytes of those arguments, the NULs that end them not counted. */
export function argumentBytes(argv: u64): i64 {
  let bytes: i64 = 0;
  const first = lengthOf(itemOf(argv, 0));
  if (lengthOf(argv) <= first) return 0;
  const end = addressOf(argv) + lengthOf(argv);
  for (let at = addressOf(argv) + first + 1; at < end; ++at) if (load<u8>(at) != 0) ++bytes;
  return bytes;
}

/** The list without its first string. */
export function withoutFirst(list: u64): u64 {
  if (list == 0) return 0;
  const first = min(lengthOf(itemOf(list, 0)) + 1, lengthOf(list));
  return textAt(addressOf(list) + first, lengthOf(list) - first);
}

/** Whether the string is one of the list's. */
function has(list: u64, text: u64): bool {
  const length = lengthOf(text);
  const at = addressOf(text);
  for (let item = firstItem(list); item != 0; item = itemAfter(list, item)) {
    if (lengthOf(item) != length) continue;
    const other = addressOf(item);
    let same: u32 = 0;
    while (same < length && load<u8>(at + same) == load<u8>(other + same)) ++same;
    if (same == length) return true;
  }
  return false;
}

/** Whether all strings of a list are in another one. */
export function isWithin(list: u64, other: u64): bool {
  for (let item = firstItem(list); item != 0; item = itemAfter(list, item)) if (!has(other, item)) return false;
  return true;
}

/** Whether any string of a list is in another one. */
export function meets(list: u64, other: u64): bool {
  for (let item = firstItem(list); item != 0; item = itemAfter(list, item)) if (has(other, item)) return true;
  return false;
}
