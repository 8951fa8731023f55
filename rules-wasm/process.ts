// Ancestors of a process image, and values found by walking up.

import {
  imageComm,
  imageParentAddress,
  imagePgid,
  imagePid,
  imageSid,
  imageVpgid,
  LONGEST_CHAIN,
} from './generated/accessors';
import { addressOf, lengthOf } from './text';

/** How far up a chain is followed, also by modules. Tests of any ancestor do not depend on it: see ancestry(). */
export const MAX_ANCESTORS: u32 = LONGEST_CHAIN;

/** A module's ancestry word of a process, whose words begin at that offset; 0: it is not known. */
export function ancestry(image: u32, offset: u32, word: u32): u64 {
  return offset == 0 ? 0 : load<u64>(image + offset + (word << 3));
}

/** The n-th ancestor: 0 is the process itself; address 0, whose members are all absent, past the end of the chain. */
export function ancestor(image: u32, n: u32): u32 {
  while (n > 0 && image != 0) {
    image = imageParentAddress(image);
    --n;
  }
  return image;
}

/** pid of the oldest ancestor (or the process itself) whose name ends in "sh"; 0 if not found. */
export function loginShell(image: u32): u32 {
  let found: u32 = 0;
  for (let depth: u32 = 0; image != 0 && depth <= MAX_ANCESTORS; ++depth) {
    const name = imageComm(image);
    const length = lengthOf(name);
    if (length >= 2 && load<u16>(addressOf(name) + length - 2) == 0x6873) found = imagePid(image);
    image = imageParentAddress(image);
  }
  return found;
}

/** The oldest known ancestor of the same session; 0 if unknown. */
export function oldestOfSid(image: u32): u32 {
  const wanted = imageSid(image);
  let oldest: u32 = 0;
  let next = imageParentAddress(image);
  for (let depth: u32 = 0; next != 0 && depth < MAX_ANCESTORS; ++depth) {
    if (imageSid(next) == wanted) oldest = next;
    next = imageParentAddress(next);
  }
  return oldest;
}

/** The same for the process group, in the root pid namespace and in the innermost one. */
export function oldestOfPgid(image: u32): u32 {
  const wanted = imagePgid(image);
  let oldest: u32 = 0;
  let next = imageParentAddress(image);
  for (let depth: u32 = 0; next != 0 && depth < MAX_ANCESTORS; ++depth) {
    if (imagePgid(next) == wanted) oldest = next;
    next = imageParentAddress(next);
  }
  return oldest;
}

export function oldestOfVpgid(image: u32): u32 {
  const wanted = imageVpgid(image);
  let oldest: u32 = 0;
  let next = imageParentAddress(image);
  for (let depth: u32 = 0; next != 0 && depth < MAX_ANCESTORS; ++depth) {
    if (imageVpgid(next) == wanted) oldest = next;
    next = imageParentAddress(next);
  }
  return oldest;
}
