// Values of a scanned text: members of objects, elements of arrays, texts.

import { latin1 } from '../../fields/value.ts';
import { FIELDS_OF_VALUE, type JsonScanner, KIND } from './scan.ts';

/** No value. */
export const NOWHERE = -1;

/** A key as it is looked for. */
export interface Key {
  readonly text: string;
  readonly bytes: Uint8Array;
}

export function keyOf(text: string): Key {
  return { text, bytes: Buffer.from(text) };
}

/** The values of what a scanner has scanned last, by their numbers. */
export class JsonValues {
  readonly #scanner: JsonScanner;

  constructor(scanner: JsonScanner) {
    this.#scanner = scanner;
  }

  #field(value: number, field: number): number {
    return this.#scanner.values[value * FIELDS_OF_VALUE + field] ?? 0;
  }

  isObject(value: number): boolean {
    return this.#field(value, 0) === KIND.object;
  }

  isArray(value: number): boolean {
    return this.#field(value, 0) === KIND.array;
  }

  isString(value: number): boolean {
    return this.#field(value, 0) === KIND.string || this.#field(value, 0) === KIND.escaped;
  }

  isTrue(value: number): boolean {
    return this.#field(value, 0) === KIND.true;
  }

  /** Whether its text is other than its bytes. */
  isEscaped(value: number): boolean {
    return this.#field(value, 0) === KIND.escaped;
  }

  /** Where its bytes lie in the compact text, without the quotes of a string. */
  start(value: number): number {
    return this.#field(value, 1);
  }

  end(value: number): number {
    return this.#field(value, 2);
  }

  /** The number of the next value after this one and all within it. */
  after(value: number): number {
    return this.#field(value, 3);
  }

  /** The first member of that name; NOWHERE if there is none, or the value is not an object. */
  member(object: number, key: Key): number {
    if (!this.isObject(object)) return NOWHERE;
    const end = this.after(object);
    for (let name = object + 1; name < end; name = this.after(name + 1)) if (this.#isNamed(name, key)) return name + 1;
    return NOWHERE;
  }

  /** An element of an array by its number. */
  element(array: number, index: number): number {
    if (!this.isArray(array)) return NOWHERE;
    let left = index;
    const end = this.after(array);
    for (let value = array + 1; value < end; value = this.after(value)) if (left-- === 0) return value;
    return NOWHERE;
  }

  /** None if the value is not an array. */
  elements(array: number): number[] {
    const found: number[] = [];
    if (!this.isArray(array)) return found;
    const end = this.after(array);
    for (let value = array + 1; value < end; value = this.after(value)) found.push(value);
    return found;
  }

  /** The names of an object's members: numbers of strings. */
  names(object: number): number[] {
    const found: number[] = [];
    if (!this.isObject(object)) return found;
    const end = this.after(object);
    for (let name = object + 1; name < end; name = this.after(name + 1)) found.push(name);
    return found;
  }

  bytes(value: number): Uint8Array {
    return this.#scanner.compact.subarray(this.start(value), this.end(value));
  }

  /** A string decoded, anything else as its compact JSON; its bytes as the characters of a text (latin1). A NUL ends it. */
  text(value: number): string {
    const bytes = this.bytes(value);
    if (!this.isEscaped(value)) return latin1(bytes);
    return untilNul(latin1(Buffer.from(decoded(bytes))));
  }

  #isNamed(name: number, { text, bytes }: Key): boolean {
    if (this.isEscaped(name)) {
      const isAscii = bytes.length === text.length;
      return isAscii ? this.#spells(name, bytes) : decoded(this.bytes(name)) === text;
    }
    const start = this.start(name);
    if (this.end(name) - start !== bytes.length) return false;
    const { compact } = this.#scanner;
    for (let at = 0; at < bytes.length; at++) if (compact[start + at] !== bytes[at]) return false;
    return true;
  }

  /**
   * Whether an escaped string is that ASCII text. It stops at the first difference: clients choose the names of members, each field looks
   * through them, and to decode all of them would keep an event for a second.
   */
  #spells(value: number, text: Uint8Array): boolean {
    const { compact } = this.#scanner;
    const end = this.end(value);
    let at = this.start(value);
    for (let index = 0; index < text.length; index++) {
      if (at >= end) return false;
      let unit = compact[at++] ?? 0;
      if (unit === BACKSLASH) {
        const letter = compact[at++] ?? 0;
        const isUnicode = letter === LETTER_U;
        unit = isUnicode ? hexUnit(compact, at) : (ESCAPES.get(letter) ?? letter);
        if (isUnicode) at += 4;
      }
      if (unit !== text[index]) return false;
    }
    return at === end;
  }
}

const [BACKSLASH, LETTER_U] = [0x5c, 0x75];
/** What letters mean behind a backslash, where it is not themselves. */
const ESCAPES = new Map([...'bfnrt'].map((letter, index) => [letter.charCodeAt(0), '\b\f\n\r\t'.charCodeAt(index)]));

/** The UTF-16 unit of four hexadecimal digits that were checked. */
function hexUnit(bytes: Uint8Array, from: number): number {
  let unit = 0;
  for (let at = from; at < from + 4; at++) {
    const digit = (bytes[at] ?? 0) | 0x20;
    unit = unit * 16 + (digit >= 0x61 ? digit - 0x57 : digit - 0x30);
  }
  return unit;
}

export function untilNul(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** The text of a JSON string whose bytes were checked. Half a surrogate pair becomes U+FFFD when it is encoded. */
function decoded(bytes: Uint8Array): string {
  return JSON.parse(`"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')}"`) as string;
}
