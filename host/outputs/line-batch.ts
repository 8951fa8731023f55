// Lines joined for one write, which may be partial: on a full disk, or a pipe that nobody reads.

const NEWLINE = Buffer.from('\n');

export class LineBatch {
  readonly #bytes: Buffer;
  /** The end of each line's text, where its newline begins. */
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

  /** The bytes that are still to be written. */
  get rest(): Buffer {
    return this.#bytes.subarray(this.#taken);
  }

  /** Lines that are not completely written yet. */
  get lines(): number {
    return this.#ends.length - this.#whole;
  }

  /** The written part does not end with a newline. */
  get isTorn(): boolean {
    return this.#taken > 0 && this.#bytes[this.#taken - 1] !== NEWLINE[0];
  }

  /**
   * Records that so many bytes of the rest were written.
   * @returns the number of completed lines; the last one's newline may still be missing
   */
  take(bytes: number): number {
    this.#taken += bytes;
    const before = this.#whole;
    while (this.lines > 0 && this.#taken >= (this.#ends[this.#whole] ?? 0)) this.#whole++;
    return this.#whole - before;
  }
}
