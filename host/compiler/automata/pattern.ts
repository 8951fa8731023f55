// Regular languages over bytes: what globs, regular expressions, path prefixes and the simple text operators have in common.

/** Inclusive byte ranges. */
export type ByteRange = readonly [low: number, high: number];

export type Pattern =
  | { readonly kind: 'byte'; readonly ranges: readonly ByteRange[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly part: Pattern; readonly least: number; readonly most: number };

/** Matches the empty text. */
export const EMPTY: Pattern = { kind: 'sequence', parts: [] };
/** Matches nothing. */
export const NEVER: Pattern = { kind: 'choice', parts: [] };
export const ANY_BYTE: Pattern = { kind: 'byte', ranges: [[0, 255]] };
export const ANYTHING: Pattern = repeat(ANY_BYTE, 0, Number.POSITIVE_INFINITY);

export function byte(value: number): Pattern {
  return { kind: 'byte', ranges: [[value, value]] };
}

export function byteIn(ranges: readonly ByteRange[]): Pattern {
  return ranges.length === 0 ? NEVER : { kind: 'byte', ranges };
}

export function sequence(parts: readonly Pattern[]): Pattern {
  return { kind: 'sequence', parts };
}

export function choice(parts: readonly Pattern[]): Pattern {
  return { kind: 'choice', parts };
}

export function repeat(part: Pattern, least: number, most: number): Pattern {
  return { kind: 'repeat', part, least, most };
}

/** Exactly these bytes, given as a string of characters 0-255. */
export function exactly(bytes: string): Pattern {
  return sequence([...bytes].map((character) => byte(character.charCodeAt(0))));
}

/** The bytes that are in none of the ranges. */
export function complement(ranges: readonly ByteRange[]): ByteRange[] {
  const result: ByteRange[] = [];
  let next = 0;
  for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (low > next) result.push([next, low - 1]);
    next = Math.max(next, high + 1);
  }
  if (next <= 255) result.push([next, 255]);
  return result;
}
