// A rule file's text, and where a place in it is in lines and columns.

export interface Position {
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
}

export class SourceFile {
  readonly name: string;
  readonly text: string;
  readonly #lineStarts: readonly number[];

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
    const starts = [0];
    for (let index = text.indexOf('\n'); index >= 0; index = text.indexOf('\n', index + 1)) starts.push(index + 1);
    this.#lineStarts = starts;
  }

  /** Line and column of an index into the text. */
  position(index: number): Position {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    const start = this.#lineStarts[low] ?? 0;
    return { line: low + 1, column: [...this.text.slice(start, index)].length + 1 };
  }

  /** Index of a line's first character; the end of the text past the end of the file. */
  offsetOfLine(line: number): number {
    return this.#lineStarts[line - 1] ?? this.text.length;
  }

  /** A line's text without its end; empty past the end of the file. */
  lineText(line: number): string {
    const start = this.#lineStarts[line - 1];
    if (start === undefined) return '';
    const end = this.#lineStarts[line];
    return this.text.slice(start, end === undefined ? undefined : end - 1).replace(/\r$/, '');
  }
}
