// Tokens of the condition language. The grammar has no separate token stream: what a text means depends on where it
// stands (`in` may be a name, a value or an operator), so the parser asks for one kind of token at a time.

import { byteAsText } from './literal-bytes.ts';

/** A condition that is not in the grammar. `offset` is the UTF-8 byte offset at which the parser gave up. */
export class ConditionSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'ConditionSyntaxError';
    this.offset = offset;
  }
}

const BLANK = /[ \b\t\n\r]+/y;
// The one place where a vertical tab or a form feed counts as blank, and a backspace does not.
const NEGATION = /not[ \t\n\v\f\r]+/y;
const IDENTIFIER = /[a-zA-Z][a-zA-Z0-9_]*/y;
const FIELD_NAME = /[a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z][a-zA-Z0-9_]*)+/y;
const BARE_ARGUMENT = /[^\][\x22\x27 \t\n\v\f\r]+/y;
const BARE_STRING = /[^()\x22\x27 \t\n\v\f\r=,]+/y;
// Leftmost-longest: a hexadecimal number wins over the `0` in front of its x.
const NUMBER = /0[xX][0-9a-fA-F]+|[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?/y;

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  '/': '/',
  ' ': '\\',
};

export class Lexer {
  readonly text: string;
  /** Index in UTF-16 units. */
  position = 0;
  /** What was read last, for messages. */
  last = '';
  readonly #byteOffsets: Uint32Array | undefined;

  constructor(text: string) {
    this.text = text;
    this.#byteOffsets = byteOffsets(text);
  }

  get atEnd(): boolean {
    return this.position === this.text.length;
  }

  /** UTF-8 byte offset of an index, of the current position by default. */
  offset(index = this.position): number {
    return this.#byteOffsets ? (this.#byteOffsets[index] ?? 0) : index;
  }

  fail(message: string): never {
    throw new ConditionSyntaxError(message, this.offset());
  }

  blank(): boolean {
    return this.#match(BLANK) !== undefined;
  }

  /** `not` with a blank behind it; the blank is read too. */
  negation(): boolean {
    return this.#token(NEGATION) !== undefined;
  }

  /** The exact characters, whatever follows. */
  literal(text: string): boolean {
    if (!this.text.startsWith(text, this.position)) return false;
    this.position += text.length;
    this.last = text;
    return true;
  }

  /** The first of the texts that stands here. */
  oneOf<T extends string>(texts: readonly T[]): T | undefined {
    return texts.find((text) => this.literal(text));
  }

  /** The first of the words that stands here with a blank behind it; the blank is read too. */
  wordOf<T extends string>(words: readonly T[]): T | undefined {
    const start = this.position;
    for (const word of words) {
      if (this.literal(word)) {
        if (this.blank()) return word;
        this.position = start;
      }
    }
    return undefined;
  }

  identifier(): string | undefined {
    return this.#token(IDENTIFIER);
  }

  fieldName(): string | undefined {
    return this.#token(FIELD_NAME);
  }

  number(): string | undefined {
    return this.#token(NUMBER);
  }

  bareArgument(): string | undefined {
    return this.#token(BARE_ARGUMENT);
  }

  bareString(): string | undefined {
    return this.#token(BARE_STRING);
  }

  /**
   * The value of a quoted string, unescaped. A delimiter with a backslash before it never ends the string, even if
   * that backslash is escaped itself: no quoted string can end in a backslash.
   */
  quoted(): string | undefined {
    const delimiter = this.text[this.position];
    if (delimiter !== '"' && delimiter !== "'") return undefined;
    const start = this.position + 1;
    let end = this.text.indexOf(delimiter, start);
    while (end > start && this.text[end - 1] === '\\') end = this.text.indexOf(delimiter, end + 1);
    if (end < 0) return undefined;
    const body = this.text.slice(start, end);
    if (body.includes('\0')) return undefined;
    this.position = end + 1;
    const value = this.#unescape(body, delimiter);
    this.last = value;
    return value;
  }

  #unescape(body: string, delimiter: string): string {
    let value = '';
    for (let index = 0; index < body.length; index++) {
      const character = body[index] ?? '';
      if (character !== '\\') {
        value += character;
        continue;
      }
      const code = body[++index] ?? '';
      if (code === 'x') {
        const digits = /^[0-9a-fA-F]{2}/.exec(body.slice(index + 1, index + 3));
        if (!digits) {
          this.fail(
            body.length - index < 3 ? 'truncated hex char escape sequence' : 'invalid hex char escape sequence',
          );
        }
        const byte = Number.parseInt(digits[0], 16);
        if (byte === 0) this.fail('unsupported NUL byte in a string');
        value += byteAsText(byte);
        index += 2;
      } else if (code === '"' || code === "'") {
        if (code !== delimiter) this.fail(`invalid \\${code} escape in ${delimiter}-quoted string`);
        value += code;
      } else {
        value += ESCAPES[code] ?? this.fail(`unsupported string escape sequence: \\${code}`);
      }
    }
    return value;
  }

  #token(pattern: RegExp): string | undefined {
    const token = this.#match(pattern);
    if (token !== undefined) this.last = token;
    return token;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (!match) return undefined;
    this.position += match[0].length;
    return match[0];
  }
}

/** UTF-8 offset of each UTF-16 index, or nothing where they are the same. */
function byteOffsets(text: string): Uint32Array | undefined {
  let ascii = true;
  for (let index = 0; ascii && index < text.length; index++) ascii = text.charCodeAt(index) < 0x80;
  if (ascii) return undefined;
  const offsets = new Uint32Array(text.length + 1);
  let offset = 0;
  for (let index = 0; index < text.length; index++) {
    offsets[index] = offset;
    const unit = text.charCodeAt(index);
    // Both halves of a surrogate pair together make four bytes.
    offset += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit <= 0xdfff ? 2 : 3;
  }
  offsets[text.length] = offset;
  return offsets;
}
