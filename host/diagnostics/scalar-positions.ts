// Where each character of a YAML scalar's value stands in the file: block scalars lose their indentation, folded lines
// their ends, quoted scalars their escapes. A diagnostic inside a condition needs the original place.

import type { YamlScalar } from './yaml.ts';

/** Index into the file's text for each index into the scalar's value, and one for its end. */
export function scalarPositions(fileText: string, scalar: YamlScalar): Uint32Array {
  const positions = new Uint32Array(scalar.text.length + 1);
  const style = fileText[scalar.start];
  const cursor = new Cursor(fileText, scalar.start, scalar.end, style);
  for (let index = 0; index < scalar.text.length; index++)
    positions[index] = cursor.find(scalar.text.charCodeAt(index));
  positions[scalar.text.length] = cursor.position;
  return positions;
}

class Cursor {
  position: number;
  readonly #text: string;
  readonly #end: number;
  readonly #quote: string | undefined;

  constructor(text: string, start: number, end: number, style: string | undefined) {
    this.#text = text;
    this.#end = end;
    this.#quote = style === '"' || style === "'" ? style : undefined;
    if (this.#quote) this.position = start + 1;
    else if (style === '|' || style === '>') this.position = afterLine(text, start);
    else this.position = start;
  }

  /** The place of the next character, which is known to be `unit`; moves past it. */
  find(unit: number): number {
    if (isBlank(unit)) return this.#blank();
    while (this.position < this.#end) {
      const here = this.position;
      const found = this.#text.charCodeAt(here);
      if (this.#quote === '"' && found === 0x5c) {
        this.position += escapeLength(this.#text, here);
        // A backslash at the end of a line stands for nothing.
        if (isBlank(this.#text.charCodeAt(here + 1)) && this.#text[here + 1] !== ' ') continue;
        return here;
      }
      this.position++;
      if (found !== unit) continue;
      // A single quote is written twice.
      if (this.#quote === "'" && found === 0x27) this.position++;
      return here;
    }
    return this.#end;
  }

  /** A blank of the value: one in the file, or a line's end that was folded; several in the file may stand for one. */
  #blank(): number {
    const here = this.position;
    if (this.#quote === '"' && this.#text.charCodeAt(here) === 0x5c) {
      this.position += escapeLength(this.#text, here);
      return here;
    }
    if (here < this.#end && isBlank(this.#text.charCodeAt(here))) this.position++;
    return here;
  }
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09 || unit === 0x0a || unit === 0x0d;
}

function afterLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end + 1;
}

/** Length of an escape in a double-quoted scalar. */
function escapeLength(text: string, at: number): number {
  switch (text[at + 1]) {
    case 'x':
      return 4;
    case 'u':
      return 6;
    case 'U':
      return 10;
    default:
      return 2;
  }
}
