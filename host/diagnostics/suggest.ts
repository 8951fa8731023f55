// Suggestions for misspelt names.

import { ALL_EVENT_NAMES } from '../schema/event-names.ts';
import { DEFAULT_SOURCE, EVENT_SOURCES, type EventSource } from '../schema/event-source.ts';
import type { Field } from '../schema/fields/field.ts';
import { FIELDS_OF, resolveField } from '../schema/fields/index.ts';
import { FIELD_SYNONYMS } from './field-synonyms.ts';

const LISTED: Readonly<Record<EventSource, string>> = {
  syscall: 'see `wasprey list fields`',
  k8s_audit: 'see `wasprey list fields --source k8s_audit`',
};

/** Suggests a field for a name that the source does not have; `prefix` stands before a field, in an output a percent sign. */
export function fieldHelp(text: string, prefix = '', source: EventSource = DEFAULT_SOURCE): string {
  const other = EVENT_SOURCES.find((known) => known !== source && resolveField(text, known).ok);
  if (other !== undefined) return `it is a field of rules with \`source: ${other}\``;
  const suggestion = suggestField(text, source);
  return suggestion && suggestion !== text ? `did you mean ${prefix}${suggestion}?` : LISTED[source];
}

/** The known field that a text means or is most similar to, with its argument; undefined if none is. */
function suggestField(text: string, source: EventSource): string | undefined {
  const { fields, byName } = SUGGESTED[source];
  const [, name = text, argument = ''] = /^([^[]*)(\[.*)?$/s.exec(text) ?? [];
  if (argument === '') {
    // `k8s.pod.label.role`: arguments of most fields stand in brackets.
    const keyed = fields.find((field) => field.argument && !field.dotted && name.startsWith(`${field.name}.`));
    if (keyed && keyed.argumentKind !== 'index' && keyed.argumentKind !== 'position')
      return `${keyed.name}[${name.slice(keyed.name.length + 1)}]`;
  }
  const found = meantField(name, source) ?? nearest(name, [...byName.keys()]);
  if (found === undefined) return undefined;
  const field = byName.get(found);
  return argument === '' && field?.argument === 'required' ? withSomeArgument(field) : found + argument;
}

/** The field whose meaning is clear from a name: a usual name of it, or its own with other separators (container_id). */
export function meantField(name: string, source: EventSource = DEFAULT_SOURCE): string | undefined {
  const letters = lettersOf(name);
  const { fields, byName } = SUGGESTED[source];
  const synonym = FIELD_SYNONYMS.get(name.replaceAll('_', '.'));
  if (synonym !== undefined && byName.has(synonym)) return synonym;
  return fields.find((field) => lettersOf(field.name) === letters)?.name;
}

/** A field that needs an argument, with one: `proc.aname[1]`, `container.label[NAME]`, `evt.arg.NAME`. */
export function withSomeArgument({ name, argumentKind, dotted }: Field): string {
  if (argumentKind === 'index') return `${name}[1]`;
  return dotted ? `${name}.NAME` : `${name}[NAME]`;
}

const SUGGESTED = { syscall: suggested('syscall'), k8s_audit: suggested('k8s_audit') } as const;

function suggested(source: EventSource) {
  const fields = FIELDS_OF[source].filter((field) => !field.tableOnly);
  return { fields, byName: new Map(fields.map((field) => [field.name, field])) };
}

function lettersOf(name: string): string {
  return name.replaceAll(/[._-]/g, '');
}

export function suggestEvent(name: string): string | undefined {
  return nearest(name, ALL_EVENT_NAMES);
}

/** The candidate with the fewest edits, if they are few for the length of the name. */
export function nearest(name: string, candidates: readonly string[], most = 13): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(most, Math.max(1, Math.floor(name.length / 3)));
  let longest = -1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > fewest) continue;
    const edits = distance(name, candidate);
    const prefix = commonPrefix(name, candidate);
    // If two are equally similar, prefer the longer common prefix.
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
