// A rule file's text, and the line and column of a place in it.

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
  /** Places of low surrogates, which do not count in columns. */
  readonly #secondHalves: readonly number[];

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
    const starts = [0];
    for (let index = text.indexOf('\n'); index >= 0; index = text.indexOf('\n', index + 1)) starts.push(index + 1);
    this.#lineStarts = starts;
    this.#secondHalves = [...text.matchAll(/[\ud800-\udbff](?=[\udc00-\udfff])/g)].map(({ index }) => index + 1);
  }

  /** Line and column of an index into the text. */
  position(index: number): Position {
    const line = countUpTo(this.#lineStarts, index);
    const start = this.#lineStarts[line - 1] ?? 0;
    const halves = countUpTo(this.#secondHalves, index - 1) - countUpTo(this.#secondHalves, start);
    return { line, column: index - start - halves + 1 };
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
    const text = this.text.slice(start, end === undefined ? undefined : end - 1);
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }
}

/** Number of elements of a sorted list that are at most `limit`. */
function countUpTo(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
