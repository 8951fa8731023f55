// Paths seen from a directory, with `.`, `..` and repeated slashes resolved lexically. A module has no memory to write to, so
// parts are found one by one.

import { addressOf, isAbsolute, lengthOf, textAt } from './text';

/** Each part costs a walk over the whole path, so paths of more parts are taken unchanged: nobody may slow down the rules with one. */
const MOST_PARTS: u32 = 128;

// Kinds of parts of a path.
const NOTHING: u32 = 0;
const UP: u32 = 1;
const NAME: u32 = 2;

function kindOf(at: u32, length: u32): u32 {
  if (length == 0 || (length == 1 && load<u8>(at) == 0x2e)) return NOTHING;
  return length == 2 && load<u16>(at) == 0x2e2e ? UP : NAME;
}

/**
 * A name of the resolved path, counted from its end; if there are fewer, their number, which is not a text. It counts from the end because
 * `..` removes the name before it.
 */
function nameFromEnd(directory: u64, path: u64, wanted: u32): u64 {
  let names: u32 = 0;
  let up: u32 = 0;
  const texts = isAbsolute(path) ? 1 : 2;
  for (let index = 0; index < texts; ++index) {
    const text = index == 0 ? path : directory;
    const start = addressOf(text);
    let end = start + lengthOf(text);
    while (true) {
      let at = end;
      while (at > start && load<u8>(at - 1) != 0x2f) --at;
      const kind = kindOf(at, end - at);
      if (kind == UP) ++up;
      else if (kind == NAME && up > 0) --up;
      else if (kind == NAME && names++ == wanted) return textAt(at, end - at);
      if (at == start) break;
      end = at - 1;
    }
  }
  return names;
}

/** The path unchanged, in up to two parts. */
function unresolvedPart(directory: u64, path: u64, index: u32): u64 {
  const number = isAbsolute(path) ? index + 1 : index;
  if (number > 1) return 0;
  const text = number == 0 ? directory : path;
  const slash = u32(isAbsolute(text));
  return textAt(addressOf(text) + slash, lengthOf(text) - slash);
}

/** The index-th part of the path; absent past its last one. */
export function resolvedPart(directory: u64, path: u64, index: u32): u64 {
  const names = u32(nameFromEnd(directory, path, u32.MAX_VALUE));
  if (names > MOST_PARTS) return unresolvedPart(directory, path, index);
  return index < names ? nameFromEnd(directory, path, names - 1 - index) : 0;
}
