// A bounded queue of lines for an output; lines that do not fit are counted.

import { LineBatch } from './line-batch.ts';

/** Default capacity in lines; an alert line has a few hundred bytes. */
export const QUEUE_LINES = 8192;
const QUEUE_BYTES = 16 * 1024 * 1024;
/** Most bytes of lines that are joined for one write. */
const WRITE_BYTES = 64 * 1024;

export class LineQueue {
  readonly #capacity: number;
  #lines: Buffer[] = [];
  /** Index of the first line that has not been taken. */
  #first = 0;
  #bytes = 0;

  /** @param capacity lines; 0: the default */
  constructor(capacity = 0) {
    this.#capacity = capacity === 0 ? QUEUE_LINES : capacity;
  }

  get length(): number {
    return this.#lines.length - this.#first;
  }

  /** @returns false if there is no room */
  push(line: Buffer): boolean {
    if (this.length >= this.#capacity || this.#bytes + line.length > QUEUE_BYTES) return false;
    this.#lines.push(line);
    this.#bytes += line.length;
    return true;
  }

  peek(): Buffer | undefined {
    return this.#lines[this.#first];
  }

  take(): Buffer | undefined {
    const line = this.#lines[this.#first];
    if (!line) return undefined;
    this.#first++;
    this.#bytes -= line.length;
    // Not for each line, because it moves all others.
    if (this.#first === this.#lines.length || this.#first >= 1024) {
      this.#lines = this.#lines.slice(this.#first);
      this.#first = 0;
    }
    return line;
  }

  /** The next lines, for one write. */
  takeBatch(): LineBatch | undefined {
    const lines: Buffer[] = [];
    let bytes = 0;
    for (let line = this.peek(); line; line = this.peek()) {
      if (lines.length > 0 && bytes + line.length > WRITE_BYTES) break;
      lines.push(line);
      bytes += line.length;
      this.take();
    }
    return lines.length === 0 ? undefined : new LineBatch(lines);
  }

  /** @returns how many lines there were */
  clear(): number {
    const { length } = this;
    this.#lines = [];
    this.#first = 0;
    this.#bytes = 0;
    return length;
  }
}
