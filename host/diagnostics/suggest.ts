// Suggestions for misspelt names.

import { ALL_EVENT_NAMES } from '../schema/event-names.ts';
import { FIELDS } from '../schema/fields/index.ts';

/** The known field most similar to a text, with the text's argument; undefined if none is similar. */
export function suggestField(text: string): string | undefined {
  const [, name = text, argument = ''] = /^([^[]*)(\[.*)?$/s.exec(text) ?? [];
  const found = nearest(
    name,
    FIELDS.filter((field) => !field.tableOnly).map((field) => field.name),
  );
  return found && found + argument;
}

export function suggestEvent(name: string): string | undefined {
  return nearest(name, ALL_EVENT_NAMES);
}

/** The candidate with the fewest edits, if they are few for the length of the name. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(Math.min(name.length, 40) / 3));
  let longest = -1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > fewest) continue;
    const edits = distance(name, candidate);
    const prefix = commonPrefix(name, candidate);
    // Of two equally similar ones, prefer the longer common prefix.
    if (edits > fewest || (edits === fewest && prefix <= longest)) continue;
    best = candidate;
    fewest = edits;
    longest = prefix;
  }
  return best;
}

function commonPrefix(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

/** Edits (insert, delete, replace, swap of neighbours) that turn one text into the other. */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let edits = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) edits = Math.min(edits, at(before, column - 2) + 1);
      current.push(edits);
    }
    before = previous;
    previous = current;
  }
  return at(previous, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
