// Comparing bytes in memory with constants: with as few and as wide loads as possible, constants as immediates. `/etc/` compiles to
// `load<u32>(at) == 0x6374652f && load<u8>(at, 4) == 0x2f`, `bash` in any case to `(load<u32>(at) | 0x20202020) == 0x68736162`.

import { lower } from '../ir/letter-case.ts';
import type { Bytes } from '../ir/text.ts';

type Word = { readonly type: 'u8' | 'u16' | 'u32' | 'u64'; readonly size: number };
const BYTE: Word = { type: 'u8', size: 1 };
const WORDS: readonly Word[] = [{ type: 'u64', size: 8 }, { type: 'u32', size: 4 }, { type: 'u16', size: 2 }, BYTE];

/** The bytes at an offset as a little-endian number. */
export function wordAt(bytes: Bytes, offset: number, size: number): bigint {
  let value = 0n;
  for (let index = size - 1; index >= 0; index--)
    value = (value << 8n) | BigInt(bytes.charCodeAt(offset + index) & 0xff);
  return value;
}

/** One load each: [offset, word], so that together they cover the bytes. The last one may overlap the one before it. */
export function cover(length: number): readonly (readonly [offset: number, word: Word])[] {
  const loads: (readonly [number, Word])[] = [];
  let offset = 0;
  while (offset < length) {
    const rest = length - offset;
    const exact = WORDS.find((word) => word.size === rest);
    // The narrowest word that takes the whole rest, moved back over bytes that were compared already: 7 bytes are two loads of 4.
    const moved = exact ? undefined : WORDS.findLast((word) => word.size >= rest && word.size <= length);
    const word = exact ?? moved ?? WORDS.find((candidate) => candidate.size <= rest) ?? BYTE;
    loads.push([moved ? length - word.size : offset, word]);
    offset += moved ? rest : word.size;
  }
  return loads;
}

/** Bits to set so that ASCII letters of the constant compare in lower case; other bytes stay as they are. */
function foldMask(bytes: Bytes, offset: number, size: number): bigint {
  let mask = 0n;
  for (let index = size - 1; index >= 0; index--) {
    mask = (mask << 8n) | (/[a-z]/.test(bytes[offset + index] ?? '') ? 0x20n : 0n);
  }
  return mask;
}

export function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** One comparison of a load at `base` + `offset`. With `ignoreCase` the constant is in lower case. */
export function compareWord(
  base: string,
  bytes: Bytes,
  offset: number,
  word: Word,
  ignoreCase: boolean,
  operator: '==' | '!=' = '==',
): string {
  const value = hex(wordAt(bytes, offset, word.size));
  const load = `load<${word.type}>(${base}${offset > 0 ? `, ${offset}` : ''})`;
  const mask = ignoreCase ? foldMask(bytes, offset, word.size) : 0n;
  return `${mask === 0n ? load : `(${load} | ${hex(mask)})`} ${operator} ${value}`;
}

/**
 * Comparisons that together say that the bytes at `base` are these. An x | 0x20 can only be a lower-case letter if x is that letter in
 * either case, so that folding is exact.
 */
export function compareBytes(base: string, bytes: Bytes, ignoreCase = false): readonly string[] {
  const constant = ignoreCase ? lower(bytes) : bytes;
  return cover(bytes.length).map(([offset, word]) => compareWord(base, constant, offset, word, ignoreCase));
}
