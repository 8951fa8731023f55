// Lines put together for one write, which may take a part of them: a disk that fills up, a pipe that nobody reads.

const NEWLINE = Buffer.from('\n');

export class LineBatch {
  readonly #bytes: Buffer;
  /** Where the text of each line ends, and its newline begins. */
  readonly #ends: readonly number[];
  #taken = 0;
  #whole = 0;

  /** @param lines each with its newline */
  constructor(lines: readonly Buffer[]) {
    this.#bytes = Buffer.concat(lines);
    let end = 0;
    this.#ends = lines.map(({ length }) => {
      end += length;
      return end - NEWLINE.length;
    });
  }

  /** What is still to be written. */
  get rest(): Buffer {
    return this.#bytes.subarray(this.#taken);
  }

  /** Lines that are not written whole yet. */
  get lines(): number {
    return this.#ends.length - this.#whole;
  }

  /** What was written does not end with a line's end. */
  get isTorn(): boolean {
    return this.#taken > 0 && this.#bytes[this.#taken - 1] !== NEWLINE[0];
  }

  /**
   * So many bytes of the rest were written.
   * @returns the lines that are whole by that; the last one's newline may still be missing
   */
  take(bytes: number): number {
    this.#taken += bytes;
    const before = this.#whole;
    while (this.lines > 0 && this.#taken >= (this.#ends[this.#whole] ?? 0)) this.#whole++;
    return this.#whole - before;
  }
}
