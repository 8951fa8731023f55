// Code points as patterns of UTF-8 bytes.

import { type ByteRange, byteIn, choice, type Pattern, sequence } from './pattern.ts';

/** Inclusive. */
export type CodePointRange = readonly [low: number, high: number];

const LIMITS = [0x7f, 0x7ff, 0xffff, 0x10ffff];

/** The UTF-8 of code points in the ranges. */
export function codePoints(ranges: readonly CodePointRange[]): Pattern {
  const parts: Pattern[] = [];
  for (const [low, high] of ranges) {
    let from = low;
    for (const limit of LIMITS) {
      const to = Math.min(high, limit);
      if (from <= to) parts.push(...sequences(encode(from), encode(to)));
      from = Math.max(from, limit + 1);
    }
  }
  return choice(parts);
}

function encode(codePoint: number): number[] {
  if (codePoint < 0x80) return [codePoint];
  if (codePoint < 0x800) return [0xc0 | (codePoint >> 6), tail(codePoint, 0)];
  if (codePoint < 0x10000) return [0xe0 | (codePoint >> 12), tail(codePoint, 6), tail(codePoint, 0)];
  return [0xf0 | (codePoint >> 18), tail(codePoint, 12), tail(codePoint, 6), tail(codePoint, 0)];
}

function tail(codePoint: number, shift: number): number {
  return 0x80 | ((codePoint >> shift) & 0x3f);
}

/** Byte sequences of one length from `low` to `high`, as products of byte ranges. */
function sequences(low: readonly number[], high: readonly number[]): Pattern[] {
  const [first = 0, ...lowRest] = low;
  const [last = 0, ...highRest] = high;
  if (low.length === 1) return [byteIn([[first, last]])];
  const rest = lowRest.length;
  const least = new Array<number>(rest).fill(0x80);
  const most = new Array<number>(rest).fill(0xbf);
  const after = (head: ByteRange, from: readonly number[], to: readonly number[]): Pattern =>
    sequence([byteIn([head]), choice(sequences(from, to))]);
  if (first === last) return [after([first, first], lowRest, highRest)];
  const parts: Pattern[] = [];
  const lowIsLeast = lowRest.every((byte) => byte === 0x80);
  const highIsMost = highRest.every((byte) => byte === 0xbf);
  if (!lowIsLeast) parts.push(after([first, first], lowRest, most));
  const from = lowIsLeast ? first : first + 1;
  const to = highIsMost ? last : last - 1;
  if (from <= to) parts.push(after([from, to], least, most));
  if (!highIsMost) parts.push(after([last, last], least, highRest));
  return parts;
}
