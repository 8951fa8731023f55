// Base64 read in place: padding may be missing.

import { addressOf, lengthOf } from './text';

function digit(byte: u32): u32 {
  if (byte - 0x41 < 26) return byte - 0x41;
  if (byte - 0x61 < 26) return byte - 0x61 + 26;
  if (byte - 0x30 < 10) return byte - 0x30 + 52;
  return byte == 0x2b ? 62 : byte == 0x2f ? 63 : 64;
}

/** Digits, without the padding. */
function digitsOf(text: u64): u32 {
  let length = lengthOf(text);
  const at = addressOf(text);
  for (let padding = 0; padding < 2 && length > 0 && load<u8>(at + length - 1) == 0x3d; ++padding) --length;
  return length;
}

/** Whether the text is present and decodes. Bits of the last digit that form no whole byte must be 0. */
export function isBase64(text: u64): bool {
  if (text == 0) return false;
  const length = digitsOf(text);
  if ((length & 3) == 1) return false;
  for (let index: u32 = 0; index < length; ++index) if (digit(load<u8>(addressOf(text) + index)) == 64) return false;
  const spare = length & 3;
  if (spare == 0) return true;
  return (digit(load<u8>(addressOf(text) + length - 1)) & (spare == 2 ? 15 : 3)) == 0;
}

/** Number of decoded bytes. */
export function base64Length(text: u64): u32 {
  return (digitsOf(text) * 3) >> 2;
}

export function base64Byte(text: u64, index: u32): u32 {
  const first = (index / 3) * 4 + (index % 3);
  const at = addressOf(text) + first;
  const shift = 2 * (index % 3) + 2;
  const high = digit(load<u8>(at));
  const low = digit(load<u8>(at + 1));
  return ((high << shift) | (low >> (6 - shift))) & 0xff;
}
