// Regular expressions as RE2 reads them in its POSIX mode (POSIX egrep syntax, no Perl classes, no \b), for matching whole texts.
// The text is UTF-8: a dot or class takes a code point. A byte that is no UTF-8 counts as U+FFFD, as Falco puts that in its place.

import { namedClass } from './glob.ts';
import { byteIn, choice, EMPTY, NEVER, type Pattern, repeat, sequence } from './pattern.ts';
import { type CodePointRange, codePoints } from './utf8.ts';

/** The text is no regular expression; `offset` is in characters. */
export class RegexSyntaxError extends Error {
  override readonly name = 'RegexSyntaxError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** RE2's own limits. */
const MAX_REPEAT = 1000;
const MAX_DEPTH = 1000;

/** Where lines begin and end: `^` and `$` hold at both ends of the text, and at newlines within. */
const NEWLINE = 0x0a;

/**
 * The language of texts that match as a whole.
 * @param bytes the expression as UTF-8 bytes (characters 0-255)
 * @throws RegexSyntaxError
 */
export function regexPattern(bytes: string): Pattern {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  const reader = new RegexReader([...text]);
  return resolveAnchors(reader.parse());
}

/** Anchors are told apart from patterns until it is known what stands beside them. */
type Node =
  | { readonly kind: 'characters'; readonly ranges: readonly CodePointRange[] }
  | { readonly kind: 'anyByte' }
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly least: number; readonly most: number };

class RegexReader {
  readonly #text: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(text: readonly string[]) {
    this.#text = text;
  }

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.#text.length) this.#fail('unexpected )');
    return node;
  }

  #fail(message: string): never {
    throw new RegexSyntaxError(message, this.#at);
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #choice(): Node {
    if (++this.#depth > MAX_DEPTH) this.#fail('nested too deeply');
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'choice', parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined || character === '|' || character === ')') break;
      parts.push(this.#repeated());
    }
    return { kind: 'sequence', parts };
  }

  #repeated(): Node {
    let node = this.#single();
    for (;;) {
      const bounds = this.#bounds();
      if (!bounds) return node;
      node = { kind: 'repeat', part: node, ...bounds };
    }
  }

  #bounds(): { least: number; most: number } | undefined {
    if (this.#take('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
    if (this.#take('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
    if (this.#take('?')) return { least: 0, most: 1 };
    const counted = this.#counted(this.#at);
    if (!counted) return undefined;
    const { least, most, end } = counted;
    if (least > MAX_REPEAT || (most !== Number.POSITIVE_INFINITY && (most > MAX_REPEAT || most < least))) {
      this.#fail('bad repetition count');
    }
    this.#at = end;
    return { least, most };
  }

  /** `{2}`, `{2,}`, `{2,5}`; anything else in braces is text. */
  #counted(at: number): { least: number; most: number; end: number } | undefined {
    const [whole, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(this.#text.slice(at, at + 14).join('')) ?? [];
    if (whole === undefined || least === undefined) return undefined;
    if (comma === '' && most !== '') return undefined;
    const upper = comma === '' ? Number(least) : most === '' ? Number.POSITIVE_INFINITY : Number(most);
    return { least: Number(least), most: upper, end: at + whole.length };
  }

  #single(): Node {
    const character = this.#text[this.#at] ?? '';
    if (character === '(') {
      this.#at++;
      const node = this.#choice();
      if (!this.#take(')')) this.#fail('missing )');
      return node;
    }
    if (character === '[') return this.#bracket();
    if (character === '\\') return this.#escape();
    if ('*+?'.includes(character)) this.#fail(`no argument for repetition operator ${character}`);
    if (this.#counted(this.#at)) this.#fail('no argument for repetition operator {}');
    this.#at++;
    switch (character) {
      case '.':
        return { kind: 'characters', ranges: complementOf([[NEWLINE, NEWLINE]]) };
      case '^':
        return { kind: 'begin' };
      case '$':
        return { kind: 'end' };
      default:
        return one(character.codePointAt(0) ?? 0);
    }
  }

  /** What a backslash makes of the character behind it, outside and inside of brackets. */
  #escape(): Node {
    this.#at++;
    if (this.#text[this.#at] === 'C') {
      this.#at++;
      return { kind: 'anyByte' };
    }
    return one(this.#escapedCodePoint());
  }

  #escapedCodePoint(): number {
    const character = this.#text[this.#at++];
    if (character === undefined) return this.#fail('trailing \\');
    const simple: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
    const code = simple[character];
    if (code !== undefined) return code;
    if (/^[1-7]$/.test(character)) {
      // A single digit would be a backreference; octal needs two.
      if (!/^[0-7]$/.test(this.#text[this.#at] ?? '')) this.#fail(`invalid escape sequence: \\${character}`);
      return this.#octal(Number(character), 2);
    }
    if (character === '0') return this.#octal(0, 2);
    if (character === 'x') return this.#hexadecimal();
    if (/^[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]$/.test(character) || character === '_') return character.charCodeAt(0);
    return this.#fail(`invalid escape sequence: \\${character}`);
  }

  #octal(first: number, more: number): number {
    let value = first;
    for (let count = 0; count < more; count++) {
      const digit = this.#text[this.#at] ?? '';
      if (!/^[0-7]$/.test(digit)) break;
      value = value * 8 + Number(digit);
      this.#at++;
    }
    return value;
  }

  #hexadecimal(): number {
    const rest = this.#text.slice(this.#at, this.#at + 12).join('');
    const [whole, braced, plain] = /^(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))/.exec(rest) ?? [];
    if (whole === undefined) return this.#fail('invalid escape sequence: \\x');
    this.#at += whole.length;
    const value = Number.parseInt(braced ?? plain ?? '', 16);
    return value <= 0x10ffff ? value : this.#fail('invalid escape sequence: \\x');
  }

  #bracket(): Node {
    this.#at++;
    const negated = this.#take('^');
    const ranges: CodePointRange[] = [];
    for (let first = true; first || this.#text[this.#at] !== ']'; first = false) {
      if (this.#at >= this.#text.length) this.#fail('missing ]');
      // A minus is a member at either end only.
      const next = this.#text[this.#at + 1];
      if (this.#text[this.#at] === '-' && !first && next !== ']') this.#fail('bad character class range');
      const named = /^\[:(\^?)(\w+):\]/.exec(this.#text.slice(this.#at, this.#at + 16).join(''));
      if (named?.[2] !== undefined) {
        const members =
          named[2] === 'word' ? wordCharacters() : named[2] === 'ascii' ? [[0, 0x7f] as const] : namedClass(named[2]);
        if (!members) this.#fail(`bad character class: ${named[0]}`);
        ranges.push(...(named[1] ? complementOf(members ?? []) : (members ?? [])));
        this.#at += named[0].length;
        continue;
      }
      const low = this.#member();
      let high = low;
      if (this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']' && this.#text[this.#at + 1] !== undefined) {
        this.#at++;
        high = this.#member();
      }
      if (high < low) this.#fail('bad character class range');
      ranges.push([low, high]);
    }
    this.#at++;
    // In POSIX mode a negated class takes a newline too unless never_nl is set, which it isn't.
    return { kind: 'characters', ranges: negated ? complementOf(ranges) : ranges };
  }

  #member(): number {
    const character = this.#text[this.#at] ?? '';
    this.#at++;
    return character === '\\' ? this.#escapedCodePoint() : (character.codePointAt(0) ?? 0);
  }
}

function one(codePoint: number): Node {
  return { kind: 'characters', ranges: [[codePoint, codePoint]] };
}

function wordCharacters(): readonly CodePointRange[] {
  return [...(namedClass('alnum') ?? []), [0x5f, 0x5f]];
}

function complementOf(ranges: readonly CodePointRange[]): CodePointRange[] {
  const result: CodePointRange[] = [];
  let next = 0;
  for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (low > next) result.push([next, low - 1]);
    next = Math.max(next, high + 1);
  }
  if (next <= 0x10ffff) result.push([next, 0x10ffff]);
  return result;
}

/**
 * Anchors away: an anchor holds where the text begins or ends, or beside a newline. The language is computed for each combination of
 * "a line begins here" before and "a line ends here" after; a part between two others can only be beside a newline if that is one.
 */
function resolveAnchors(root: Node): Pattern {
  return hasAnchors(root) ? anchored(root) : plain(root);
}

function hasAnchors(node: Node): boolean {
  switch (node.kind) {
    case 'begin':
    case 'end':
      return true;
    case 'sequence':
    case 'choice':
      return node.parts.some(hasAnchors);
    case 'repeat':
      return hasAnchors(node.part);
    default:
      return false;
  }
}

function plain(node: Node): Pattern {
  switch (node.kind) {
    case 'characters':
      return codePoints(node.ranges);
    case 'anyByte':
      return byteIn([[0, 255]]);
    case 'begin':
    case 'end':
      return EMPTY;
    case 'sequence':
      return sequence(node.parts.map(plain));
    case 'choice':
      return choice(node.parts.map(plain));
    case 'repeat':
      return repeat(plain(node.part), node.least, node.most);
  }
}

/** With anchors: a `^` anywhere but in front, or a `$` anywhere but at the end, can hold only beside a newline. */
function anchored(node: Node): Pattern {
  const branches = node.kind === 'choice' ? node.parts : [node];
  return choice(
    branches.map((branch) => {
      let parts = branch.kind === 'sequence' ? [...branch.parts] : [branch];
      // At the ends of the text they always hold.
      while (parts[0]?.kind === 'begin') parts = parts.slice(1);
      while (parts.at(-1)?.kind === 'end') parts = parts.slice(0, -1);
      const [only] = parts;
      if (parts.length === 1 && only && (only.kind === 'choice' || only.kind === 'sequence'))
        return resolveAnchors(only);
      if (!parts.some(hasAnchors)) return sequence(parts.map(plain));
      return inner(parts);
    }),
  );
}

/** An anchor within: the newline beside it must be matched by the neighbour. Where that can't be told simply, it never holds. */
function inner(parts: readonly Node[]): Pattern {
  const out: Pattern[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'begin' || part.kind === 'end') {
      const neighbour = part.kind === 'begin' ? parts[index - 1] : parts[index + 1];
      const beside =
        neighbour?.kind === 'characters' && neighbour.ranges.length === 1 && neighbour.ranges[0]?.[0] === NEWLINE;
      if (!(beside && neighbour.kind === 'characters' && neighbour.ranges[0]?.[1] === NEWLINE)) return NEVER;
    } else if (hasAnchors(part)) {
      out.push(resolveAnchors(part));
    } else {
      out.push(plain(part));
    }
  }
  return sequence(out);
}
