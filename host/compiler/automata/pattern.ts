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

/**
 * The longest run of ASCII bytes that every text of a language has, whose texts may begin with anything: of `.*ab[0-9]+abc` it is `abc`.
 * Empty where there is none, or where a text is known to be another one by its first bytes already.
 */
export function literalWithin(pattern: Pattern): string {
  const [first, ...parts] = flat(pattern);
  if (first?.kind !== 'repeat' || first.most !== Number.POSITIVE_INFINITY) return '';
  let [run, longest] = ['', ''];
  for (const part of parts) {
    const only = part.kind === 'byte' ? onlyByte(part.ranges) : '';
    run = only === '' ? '' : run + only;
    if (run.length > longest.length) longest = run;
  }
  return longest;
}

/** A choice of one is that one: so is each character of a regular expression. */
function flat(pattern: Pattern): readonly Pattern[] {
  const isOne = pattern.kind === 'choice' && pattern.parts.length === 1;
  return isOne || pattern.kind === 'sequence' ? pattern.parts.flatMap(flat) : [pattern];
}

/** The byte as a character if it is an ASCII one and no other fits. */
function onlyByte(ranges: readonly ByteRange[]): string {
  const [only, other] = ranges;
  if (only === undefined || other !== undefined) return '';
  return only[0] === only[1] && only[0] < 0x80 ? String.fromCharCode(only[0]) : '';
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
