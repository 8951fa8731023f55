// One pass over the bytes of JSON: checks them, copies them without the blanks between tokens, and notes where each value lies. Nothing else
// of the room parses. Values keep the spelling that they were sent with: numbers, escapes, the order of keys.

/** Deeper JSON is refused, as in Falco. */
const MOST_DEPTH = 300;
/** A batch of events of 12 MB has a million; what would take more memory than that is not a batch. */
const MOST_VALUES = 2 ** 21;

/** What a value is. Keys of objects are strings too, each before its value. */
export const KIND = { object: 1, array: 2, string: 3, escaped: 4, number: 5, true: 6, false: 7, null: 8 } as const;

/** A value takes so many numbers: its kind, where it begins and ends, and the number of the value behind it and what it contains. */
export const FIELDS_OF_VALUE = 4;
const FIRST_VALUES = 1024;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const [MINUS, PLUS, POINT, ZERO, NINE] = [0x2d, 0x2b, 0x2e, 0x30, 0x39];
const SIMPLE_ESCAPES = new Set([...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0)));
const WORDS = (['true', 'false', 'null'] as const).map((word) => ({ kind: KIND[word], bytes: Buffer.from(word) }));

/** The text is not JSON. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

/** Scans texts one after the other; each replaces the one before. */
export class JsonScanner {
  /** The text without blanks between its tokens. */
  compact = new Uint8Array(4096);
  /** The values, in the order of the text; value 0 is the whole. Strings begin behind their first quote. */
  values = new Int32Array(FIRST_VALUES * FIELDS_OF_VALUE);
  #input: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #count = 0;

  /** @throws JsonError */
  scan(input: Uint8Array): void {
    this.#input = input;
    this.#at = 0;
    this.#end = 0;
    this.#count = 0;
    if (this.compact.length < input.length) this.compact = new Uint8Array(input.length * 2);
    this.#skipBlanks();
    this.#value(0);
    this.#skipBlanks();
    if (this.#at < input.length) throw new JsonError(`text after the value, at byte ${this.#at}`);
  }

  #value(depth: number): void {
    const byte = this.#next();
    if (byte === QUOTE) this.#string();
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#container(byte, depth);
    else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) this.#number();
    else this.#word();
  }

  #container(open: number, depth: number): void {
    if (depth === MOST_DEPTH) throw new JsonError(`more than ${MOST_DEPTH} levels`);
    const isObject = open === OPEN_BRACE;
    const close = isObject ? CLOSE_BRACE : CLOSE_BRACKET;
    const value = this.#begin(isObject ? KIND.object : KIND.array, this.#end);
    this.#take();
    this.#skipBlanks();
    for (let first = true; this.#next() !== close; first = false) {
      if (!first) {
        this.#expect(COMMA);
        this.#skipBlanks();
      }
      if (isObject) {
        if (this.#next() !== QUOTE) throw this.#unexpected();
        this.#string();
        this.#skipBlanks();
        this.#expect(COLON);
        this.#skipBlanks();
      }
      this.#value(depth + 1);
      this.#skipBlanks();
    }
    this.#take();
    this.#finish(value, this.#end);
  }

  #string(): void {
    const { compact } = this;
    const input = this.#input;
    const { length } = input;
    compact[this.#end++] = QUOTE;
    const value = this.#begin(KIND.string, this.#end);
    let at = this.#at + 1;
    let end = this.#end;
    for (;;) {
      if (at >= length) throw new JsonError('a string without an end');
      const byte = input[at] ?? 0;
      compact[end++] = byte;
      at++;
      if (byte === QUOTE) break;
      if (byte < 0x20) throw new JsonError(`a control character in a string, at byte ${at - 1}`);
      if (byte !== BACKSLASH) continue;
      this.values[value * FIELDS_OF_VALUE] = KIND.escaped;
      const size = escapeSize(input, at);
      for (const stop = at + size; at < stop; at++) compact[end++] = input[at] ?? 0;
    }
    this.#at = at;
    this.#end = end;
    this.#finish(value, end - 1);
  }

  #number(): void {
    const value = this.#begin(KIND.number, this.#end);
    if (this.#peek() === MINUS) this.#take();
    if (this.#peek() === ZERO) this.#take();
    else this.#digits();
    if (this.#peek() === POINT) {
      this.#take();
      this.#digits();
    }
    if ((this.#peek() | 0x20) === 0x65) {
      this.#take();
      if (this.#peek() === MINUS || this.#peek() === PLUS) this.#take();
      this.#digits();
    }
    this.#finish(value, this.#end);
  }

  #digits(): void {
    const from = this.#at;
    for (let byte = this.#peek(); byte >= ZERO && byte <= NINE; byte = this.#peek()) this.#take();
    if (this.#at === from) throw this.#unexpected();
  }

  #word(): void {
    const input = this.#input;
    const found = WORDS.find(({ bytes }) => bytes.every((byte, index) => input[this.#at + index] === byte));
    if (!found) throw this.#unexpected();
    const value = this.#begin(found.kind, this.#end);
    for (let left = found.bytes.length; left > 0; left--) this.#take();
    this.#finish(value, this.#end);
  }

  /** @returns the number of the value */
  #begin(kind: number, start: number): number {
    const at = this.#count * FIELDS_OF_VALUE;
    if (at === this.values.length) {
      if (this.#count >= MOST_VALUES) throw new JsonError(`more than ${MOST_VALUES} values`);
      const more = new Int32Array(this.values.length * 2);
      more.set(this.values);
      this.values = more;
    }
    this.values[at] = kind;
    this.values[at + 1] = start;
    return this.#count++;
  }

  #finish(value: number, end: number): void {
    this.values[value * FIELDS_OF_VALUE + 2] = end;
    this.values[value * FIELDS_OF_VALUE + 3] = this.#count;
  }

  #skipBlanks(): void {
    for (
      let byte = this.#peek();
      byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
      byte = this.#peek()
    ) {
      this.#at++;
    }
  }

  #take(): void {
    this.compact[this.#end++] = this.#input[this.#at++] ?? 0;
  }

  #expect(byte: number): void {
    if (this.#next() !== byte) throw this.#unexpected();
    this.#take();
  }

  /** The byte that comes next; 0 at the end. */
  #peek(): number {
    return this.#at < this.#input.length ? (this.#input[this.#at] ?? 0) : 0;
  }

  #next(): number {
    if (this.#at >= this.#input.length) throw new JsonError('the text ends within a value');
    return this.#input[this.#at] ?? 0;
  }

  #unexpected(): JsonError {
    if (this.#at >= this.#input.length) return new JsonError('the text ends within a value');
    return new JsonError(`no JSON at byte ${this.#at}`);
  }
}

/** Bytes of an escape behind its backslash. */
function escapeSize(input: Uint8Array, at: number): number {
  const letter = input[at] ?? 0;
  if (SIMPLE_ESCAPES.has(letter)) return 1;
  const isUnicode = letter === 0x75 && [1, 2, 3, 4].every((index) => isHex(input[at + index] ?? 0));
  if (!isUnicode) throw new JsonError(`an invalid escape at byte ${at - 1}`);
  return 5;
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= ZERO && byte <= NINE) || (lower >= 0x61 && lower <= 0x66);
}
