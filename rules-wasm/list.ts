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
