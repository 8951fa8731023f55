// The syntax of regular expressions, as RE2 reads it in its POSIX mode (POSIX egrep syntax, no Perl classes, no \b).

import { namedClass } from './glob.ts';
import type { CodePointRange } from './utf8.ts';

/** The text is not a valid regular expression; `offset` is in characters. */
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

export const NEWLINE = 0x0a;

/** Anchors are kept apart from patterns until it is known what stands beside them. */
export type RegexNode =
  | { readonly kind: 'characters'; readonly ranges: readonly CodePointRange[] }
  | { readonly kind: 'anyByte' }
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly part: RegexNode; readonly least: number; readonly most: number };

/** Reads an expression, given as code points. */
export class RegexReader {
  readonly #text: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(text: readonly string[]) {
    this.#text = text;
  }

  parse(): RegexNode {
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

  #choice(): RegexNode {
    if (++this.#depth > MAX_DEPTH) this.#fail('nested too deeply');
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'choice', parts };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined || character === '|' || character === ')') break;
      parts.push(this.#repeated());
    }
    return { kind: 'sequence', parts };
  }

  #repeated(): RegexNode {
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

  #single(): RegexNode {
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
  #escape(): RegexNode {
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

  #bracket(): RegexNode {
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

function one(codePoint: number): RegexNode {
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
