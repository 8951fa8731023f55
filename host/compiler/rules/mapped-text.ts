// A condition's text after appending, exceptions and list substitution, with a map back to the rule files: each
// stretch of it records where it was written.

import { scalarPositions } from '../../diagnostics/scalar-positions.ts';
import type { SourceFile } from '../../diagnostics/source-file.ts';
import type { YamlScalar } from '../../diagnostics/yaml.ts';

/** A stretch of a rule file, [start, end). */
export interface Location {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
  /** The list whose items stand there instead of its name. */
  readonly list?: string;
}

interface Stretch {
  /** Length in the text. */
  readonly length: number;
  /** Where it comes from: a part of a scalar, character by character, or a place for all of it. */
  readonly from: { readonly scalar: ScalarSource; readonly index: number } | Location | undefined;
}

class ScalarSource {
  readonly file: SourceFile;
  readonly #scalar: YamlScalar;
  #positions: Uint32Array | undefined;

  constructor(file: SourceFile, scalar: YamlScalar) {
    this.file = file;
    this.#scalar = scalar;
  }

  position(index: number): number {
    this.#positions ??= scalarPositions(this.file.text, this.#scalar);
    return this.#positions[index] ?? this.#scalar.end;
  }
}

export class MappedText {
  readonly text: string;
  readonly #stretches: readonly Stretch[];
  /** Index into the text at which each stretch begins. */
  readonly #starts: readonly number[];

  private constructor(text: string, stretches: readonly Stretch[]) {
    this.text = text;
    this.#stretches = stretches;
    let at = 0;
    this.#starts = stretches.map(({ length }) => {
      at += length;
      return at - length;
    });
  }

  static of(file: SourceFile, scalar: YamlScalar): MappedText {
    const from = { scalar: new ScalarSource(file, scalar), index: 0 };
    return new MappedText(scalar.text, [{ length: scalar.text.length, from }]);
  }

  /** Text that stands in no file. */
  static made(text: string): MappedText {
    return new MappedText(text, [{ length: text.length, from: undefined }]);
  }

  static join(parts: readonly (MappedText | string)[]): MappedText {
    const texts = parts.map((part) => (typeof part === 'string' ? MappedText.made(part) : part));
    return new MappedText(
      texts.map((part) => part.text).join(''),
      texts.flatMap((part) => part.#stretches),
    );
  }

  slice(start: number, end: number): MappedText {
    const stretches: Stretch[] = [];
    for (let number = this.#stretchAt(start); number < this.#stretches.length; number++) {
      const stretch = this.#stretches[number];
      const at = this.#starts[number] ?? 0;
      if (!stretch || at >= end) break;
      const from = Math.max(start, at);
      const to = Math.min(end, at + stretch.length);
      if (from < to) stretches.push(part(stretch, from - at, to - from));
    }
    return new MappedText(this.text.slice(start, end), stretches);
  }

  /** The items of a list, which stand where [start, end) of this text, the list's name, was written. */
  replacement(start: number, end: number, items: string, list: string): MappedText {
    const place = this.locate(start, end);
    return new MappedText(items, [{ length: items.length, from: place && { ...place, list } }]);
  }

  /** Where [start, end) of the text was written; of a stretch that goes over several places, the first. */
  locate(start: number, end: number): Location | undefined {
    const first = this.#stretchAt(start);
    for (let number = first; number < this.#stretches.length; number++) {
      const stretch = this.#stretches[number];
      if (!stretch?.from) continue;
      const at = this.#starts[number] ?? 0;
      const from = Math.max(0, start - at);
      return place(stretch, Math.min(from, stretch.length), Math.min(stretch.length, Math.max(end - at, from)));
    }
    // Nothing behind it was written anywhere: the end of what stands before it.
    for (let number = Math.min(first, this.#stretches.length) - 1; number >= 0; number--) {
      const stretch = this.#stretches[number];
      if (stretch?.from) return place(stretch, stretch.length, stretch.length);
    }
    return undefined;
  }

  /** Locates a range of UTF-8 byte offsets, as syntax trees have them. */
  locateBytes(start: number, end: number): Location | undefined {
    return this.locate(indexOfByte(this.text, start), indexOfByte(this.text, end));
  }

  /** Number of the last stretch that begins at or before an index, and is not empty. */
  #stretchAt(index: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function part(stretch: Stretch, offset: number, length: number): Stretch {
  const from = stretch.from;
  if (from === undefined || 'file' in from) return { length, from };
  return { length, from: { scalar: from.scalar, index: from.index + offset } };
}

function place(stretch: Stretch, start: number, end: number): Location | undefined {
  const from = stretch.from;
  if (from === undefined || 'file' in from) return from;
  const first = from.scalar.position(from.index + start);
  // The end of the last character, not the start of the one behind it, which may be lines further down.
  const last = end > start ? from.scalar.position(from.index + end - 1) + 1 : first;
  return { file: from.scalar.file, start: first, end: Math.max(first, last) };
}

function indexOfByte(text: string, byte: number): number {
  let offset = 0;
  for (let index = 0; index < text.length; index++) {
    if (offset >= byte) return index;
    const unit = text.charCodeAt(index);
    offset += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit <= 0xdfff ? 2 : 3;
  }
  return text.length;
}
