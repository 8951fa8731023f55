// A text is a reference to its bytes: address in the low half of a u64, length in the high half. 0 is the absent text; an empty
// text has an address. Nothing is copied and nothing is NUL-terminated.

/** The text that a string_ref of the struct at `base` stands for. The offset wraps at 2^32: the reader may point it outside the record. */
// @ts-ignore: decorator
@inline export function textOf(base: u32, reference: u64): u64 {
  return select<u64>((reference & 0xffffffff00000000) | u64(u32(reference) + base), 0, u32(reference) != 0);
}

// @ts-ignore: decorator
@inline export function textAt(address: u32, length: u32): u64 {
  return (u64(length) << 32) | u64(address);
}

// @ts-ignore: decorator
@inline export function addressOf(text: u64): u32 {
  return u32(text);
}

// @ts-ignore: decorator
@inline export function lengthOf(text: u64): u32 {
  return u32(text >> 32);
}

/**
 * Address of the last slash; 0 if not found. Reads 16 bytes at a time from the end: the text's record always precedes it, so no block
 * reaches out of the memory.
 */
function lastSlash(text: u64): u32 {
  const start = addressOf(text);
  if (lengthOf(text) == 0) return 0;
  let block = start + lengthOf(text) - 16;
  while (true) {
    let slashes = u32(i8x16.bitmask(i8x16.eq(v128.load(block), i8x16.splat(0x2f))));
    if (block < start) slashes = (slashes >> (start - block)) << (start - block);
    if (slashes != 0) return block + 31 - clz(slashes);
    if (block <= start) return 0;
    block -= 16;
  }
}

/** The text after the last slash; all of it without a slash. */
export function basename(text: u64): u64 {
  const slash = lastSlash(text);
  if (slash == 0) return text;
  return textAt(slash + 1, addressOf(text) + lengthOf(text) - slash - 1);
}

/** The directory part of a path: the text before the last slash, the slash itself at the root, absent without a slash. */
export function dirname(text: u64): u64 {
  const slash = lastSlash(text);
  if (slash == 0) return 0;
  const start = addressOf(text);
  return textAt(start, slash > start ? slash - start : 1);
}

// @ts-ignore: decorator
@inline export function isAbsolute(text: u64): bool {
  return lengthOf(text) > 0 && load<u8>(addressOf(text)) == 0x2f;
}

/** A path as a parameter of an event: as it was passed if that is absolute, else seen from the root. */
export function pathArgument(raw: u64, name: u64): u64 {
  if (raw == 0) return name;
  return name == 0 || isAbsolute(raw) ? raw : name;
}

/** The first `limit` bytes. */
export function head(text: u64, limit: u32): u64 {
  return text == 0 ? 0 : textAt(addressOf(text), min(lengthOf(text), limit));
}

/** The text, or the absent one if the highest bit says that it is a constant of the module (host/compiler/lower/getopt.ts). */
// @ts-ignore: decorator
@inline export function inMemory(text: u64): u64 {
  return text >> 63 != 0 ? 0 : text;
}

/** The empty text (not absent); nothing is ever read at its address. */
// @ts-ignore: decorator
@inline export function emptyText(): u64 {
  return 8;
}

/** The text, or the empty one if it is absent. */
// @ts-ignore: decorator
@inline export function orEmpty(text: u64): u64 {
  return select<u64>(text, 8, text != 0);
}

/** Unprintable bytes are shown as a dot. */
// @ts-ignore: decorator
@inline export function shownByte(byte: u32): u32 {
  return byte - 0x20 < 95 ? byte : 0x2e;
}

// @ts-ignore: decorator
@inline export function lowerByte(byte: u32): u32 {
  return byte - 0x41 < 26 ? byte | 0x20 : byte;
}

// @ts-ignore: decorator
@inline export function upperByte(byte: u32): u32 {
  return byte - 0x61 < 26 ? byte & 0xdf : byte;
}
