// The rows and the reference of `wasprey list events`.

import { ALL_EVENT_NAMES } from '../../schema/event-names.ts';
import { EVENT_TYPES, type EventType } from '../../schema/events/index.ts';
import type { Parameter } from '../../schema/types.ts';
import { codeSpan, heading, plain, table } from './markdown.ts';

const INTRODUCTION = `\
The events that rules can match, each when its system call returns. A parameter is read as \`evt.arg.NAME\` or, by its position from 0,
as \`evt.arg[N]\`; one in parentheses is never supplied. *Descriptor* says what the fields of the class \`fd\` are about: what the call makes,
what it works on, or nothing.`;

interface ListedEvent {
  readonly name: string;
  readonly cells: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
  /** Type of a captured event. */
  readonly type?: EventType;
}

/** The captured events, or with `all` also those that only other sources of events supply. */
export function listEvents(all: boolean): ListedEvent[] {
  const captured = EVENT_TYPES.map((type) => ({
    name: type.name,
    cells: [type.category, type.parameters.map(({ name, type }) => `${name}:${type}`).join(' ')],
    json: {
      name: type.name,
      category: type.category,
      captured: true,
      parameters: type.parameters.map(({ name, type }) => ({ name, type })),
    },
    type,
  }));
  if (!all) return captured;
  const names = new Set(captured.map(({ name }) => name));
  const others = ALL_EVENT_NAMES.filter((name) => !names.has(name));
  return [
    ...captured,
    ...others.map((name) => ({ name, cells: ['', 'not captured'], json: { name, captured: false } })),
  ];
}

/** The reference of these event types in Markdown: a table for each category. */
export function eventReference(types: readonly EventType[]): string {
  const parts = [...new Set(types.map(({ category }) => category))].map((category) => {
    const rows = types.filter((type) => type.category === category).map(row);
    return `${heading(2, `Category ${category}`)}${table(['Event', 'Descriptor', 'Parameters'], rows)}`;
  });
  return `${heading(1, 'Events')}${INTRODUCTION}\n\n${parts.join('\n')}`;
}

function row(type: EventType): string[] {
  return [codeSpan(type.name), descriptor(type), type.parameters.map(parameter).join(', ')];
}

function descriptor({ createsFd, usesFd }: EventType): string {
  if (createsFd) return 'makes';
  return usesFd ? 'works on' : '';
}

function parameter({ name, type, member }: Parameter): string {
  const text = `${codeSpan(name)} ${plain(type)}`;
  return member === undefined ? `(${text})` : text;
}
