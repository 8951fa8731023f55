// Globs as fnmatch(3) has them with flags 0 in the C locale: `*` and `?` match slashes and leading dots too, a backslash escapes,
// a bracket that is never closed stands for itself.

import { ANYTHING, type ByteRange, byteIn, complement, NEVER, type Pattern, repeat, sequence } from './pattern.ts';

const NAMED_CLASSES: Readonly<Record<string, readonly ByteRange[]>> = {
  alpha: [
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  digit: [[0x30, 0x39]],
  alnum: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  upper: [[0x41, 0x5a]],
  lower: [[0x61, 0x7a]],
  space: [
    [0x09, 0x0d],
    [0x20, 0x20],
  ],
  blank: [
    [0x09, 0x09],
    [0x20, 0x20],
  ],
  punct: [
    [0x21, 0x2f],
    [0x3a, 0x40],
    [0x5b, 0x60],
    [0x7b, 0x7e],
  ],
  print: [[0x20, 0x7e]],
  graph: [[0x21, 0x7e]],
  cntrl: [
    [0x00, 0x1f],
    [0x7f, 0x7f],
  ],
  xdigit: [
    [0x30, 0x39],
    [0x41, 0x46],
    [0x61, 0x66],
  ],
};

/** The bytes of `[:name:]` in the C locale; undefined if there is no such class. */
export function namedClass(name: string): readonly ByteRange[] | undefined {
  return Object.hasOwn(NAMED_CLASSES, name) ? NAMED_CLASSES[name] : undefined;
}

/** The simple operator that a glob is equal to if it is only text with stars at its ends. */
export type SimpleGlob = { readonly op: 'equals' | 'contains' | 'startswith' | 'endswith'; readonly value: string };

export function simpleGlob(glob: string): SimpleGlob | undefined {
  const [, head = '', value = '', tail = ''] = /^(\**)([^*?[\\]*)(\**)$/s.exec(glob) ?? [];
  if (head + value + tail !== glob) return undefined;
  if (head !== '' && (tail !== '' || value === '')) return { op: 'contains', value };
  if (head !== '') return { op: 'endswith', value };
  return { op: tail !== '' ? 'startswith' : 'equals', value };
}

/** The text before the first special character and after the last one; `exact` if only one star is between them. */
export function globEnds(glob: string): { readonly head: string; readonly tail: string; readonly exact: boolean } {
  const [head = ''] = /^[^*?[\\]*/.exec(glob) ?? [];
  // Behind a bracket or a backslash it is hard to tell what is special: the tail begins behind a star or a question mark.
  const [tail = ''] = /[\]\\]/.test(glob) ? [''] : (/[^*?[]*$/.exec(glob) ?? []);
  return { head, tail, exact: `${head}*${tail}` === glob };
}

/** The language of a glob, given as bytes (characters 0-255). `component`: it matches within a path component, without slash. */
export function globPattern(glob: string, options: { ignoreCase?: boolean; component?: boolean } = {}): Pattern {
  const fits = (ranges: readonly ByteRange[]): Pattern =>
    byteIn(options.component ? complement([...complement(ranges), [0x2f, 0x2f]]) : ranges);
  const some = options.component ? repeat(fits(ANY), 0, Number.POSITIVE_INFINITY) : ANYTHING;
  const parts = globParts(glob, options.ignoreCase);
  return parts ? sequence(parts.map((part) => (part === 'any' ? some : fits(part)))) : NEVER;
}

/**
 * Whether a text matches a glob, both given as bytes. Without an automaton: that of a glob that is known only now, and is somebody else's, may have too
 * many states, and takes time and memory.
 */
export function matchesGlob(text: string, glob: string, ignoreCase: boolean): boolean {
  const parts = globParts(glob, ignoreCase);
  if (!parts) return false;
  let [at, part] = [0, 0];
  /** The last star, and where the text behind it is tried to begin: stars before it need not be looked at again. */
  let star: { readonly part: number; from: number } | undefined;
  while (at < text.length) {
    const wanted = parts[part];
    if (wanted === 'any') {
      star = { part, from: at };
      part++;
    } else if (wanted && isAmong(text.charCodeAt(at), wanted)) {
      at++;
      part++;
    } else if (star) {
      star.from++;
      at = star.from;
      part = star.part + 1;
    } else {
      return false;
    }
  }
  return parts.slice(part).every((rest) => rest === 'any');
}

function isAmong(byte: number, ranges: readonly ByteRange[]): boolean {
  return ranges.some(([low, high]) => byte >= low && byte <= high);
}

const ANY: readonly ByteRange[] = [[0, 255]];

/** `any`: a star; else one byte. Undefined: it matches nothing. */
function globParts(glob: string, ignoreCase = false): readonly ('any' | readonly ByteRange[])[] | undefined {
  const parts: ('any' | readonly ByteRange[])[] = [];
  for (let index = 0; index < glob.length; index++) {
    const character = glob[index] ?? '';
    if (character === '*') {
      parts.push('any');
    } else if (character === '?') {
      parts.push(ANY);
    } else if (character === '\\') {
      // A backslash at the end matches nothing.
      if (index + 1 >= glob.length) return undefined;
      parts.push(cased([byteRange(glob[++index] ?? '')], ignoreCase));
    } else if (character === '[') {
      const bracket = readBracket(glob, index, ignoreCase);
      parts.push(bracket?.ranges ?? [byteRange('[')]);
      if (bracket) index = bracket.end;
    } else {
      parts.push(cased([byteRange(character)], ignoreCase));
    }
  }
  return parts;
}

function byteRange(character: string): ByteRange {
  return [character.charCodeAt(0), character.charCodeAt(0)];
}

function cased(ranges: readonly ByteRange[], ignoreCase = false): readonly ByteRange[] {
  if (!ignoreCase) return ranges;
  const other = (first: number, by: number): ByteRange[] =>
    ranges.flatMap(([low, high]) => {
      const from = Math.max(low, first);
      const to = Math.min(high, first + 25);
      return from <= to ? [[from + by, to + by]] : [];
    });
  return [...ranges, ...other(0x41, 0x20), ...other(0x61, -0x20)];
}

/** A bracket expression at `start`, with the index of its `]`. Undefined if it isn't closed. */
function readBracket(
  glob: string,
  start: number,
  ignoreCase: boolean,
): { ranges: readonly ByteRange[]; end: number } | undefined {
  let index = start + 1;
  const negated = glob[index] === '!' || glob[index] === '^';
  if (negated) index++;
  const ranges: ByteRange[] = [];
  for (let first = true; ; first = false) {
    const character = glob[index];
    if (character === undefined) return undefined;
    if (character === ']' && !first) break;
    const named = /^\[:([a-z]+):\]/.exec(glob.slice(index));
    const members = named?.[1] === undefined ? undefined : namedClass(named[1]);
    if (named && members) {
      ranges.push(...members);
      index += named[0].length;
      continue;
    }
    const low = readMember(glob, index);
    if (!low) return undefined;
    index = low.end;
    if (glob[index] === '-' && glob[index + 1] !== undefined && glob[index + 1] !== ']') {
      const high = readMember(glob, index + 1);
      if (!high) return undefined;
      index = high.end;
      if (low.value <= high.value) ranges.push([low.value, high.value]);
    } else {
      ranges.push([low.value, low.value]);
    }
  }
  const folded = cased(ranges, ignoreCase);
  return { ranges: negated ? complement(folded) : folded, end: index };
}

/** One character of a bracket expression: itself, escaped, or `[.x.]`. */
function readMember(glob: string, index: number): { value: number; end: number } | undefined {
  const collating = /^\[([.=])(.)\1\]/s.exec(glob.slice(index));
  if (collating?.[2]) return { value: collating[2].charCodeAt(0), end: index + collating[0].length };
  const at = glob[index] === '\\' ? index + 1 : index;
  return at < glob.length ? { value: glob.charCodeAt(at), end: at + 1 } : undefined;
}
