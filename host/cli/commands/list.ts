// wasprey list events|fields|rules: what rules can be written with, and what rules there are.

import { ALL_EVENT_NAMES } from '../../schema/event-names.ts';
import { EVENT_TYPES } from '../../schema/events.ts';
import { FIELDS } from '../../schema/fields.ts';
import type { Field } from '../../schema/types.ts';
import { UsageError } from '../arguments.ts';
import { defineCommand, EXIT } from '../command.ts';
import { columns } from '../layout.ts';
import { SELECTION_OPTIONS, selectionOf, selectsAll } from '../rule-selection.ts';
import type { Terminal } from '../terminal.ts';

/** One thing that is listed: its name, and the rest of its row. */
interface Entry {
  readonly name: string;
  readonly cells: readonly string[];
  /** What --json prints. */
  readonly json: Readonly<Record<string, unknown>>;
}

interface ListOptions {
  readonly all?: true;
  readonly names?: true;
  readonly json?: true;
}

/** Long cells go over several lines for a person, and stay on one for grep. */
function table(entries: readonly Entry[], terminal: Terminal): string {
  const rows = entries.map(({ name, cells }) => [name, ...cells]);
  return `${columns(rows, terminal.interactive ? terminal.width : Number.POSITIVE_INFINITY)}\n`;
}

const KINDS = ['events', 'fields', 'rules'] as const;

export const LIST = defineCommand({
  name: 'list',
  usage: 'events|fields|rules [PART | RULES...]',
  description: `
    Lists the events and fields that rules are written with; with PART only those whose name contains it. Fields that the
    capture can't supply are marked: a rule may name them, but they are always absent.

    For rules, lists those of the given files and folders, or the ones that come with Wasprey.`,
  options: {
    all: { kind: 'flag', short: 'a', description: 'Events: also those that only other sources of events supply.' },
    names: { kind: 'flag', short: 'n', description: 'Names only, one a line.' },
    json: { kind: 'flag', description: 'One JSON object a line.' },
    ...SELECTION_OPTIONS,
  },
  examples: [
    { command: 'wasprey list fields proc.', effect: 'The fields of processes.' },
    { command: 'wasprey list events --names', effect: 'Every event that the capture supplies.' },
    { command: 'wasprey list rules my-rules.yaml', effect: 'The rules of a file, with priority and tags.' },
    {
      command: "wasprey list rules --disable '*' --enable-tag network",
      effect: 'Which rules are on when only those on the network are.',
    },
  ],
  async run({ options, operands }, terminal) {
    const [kind, ...rest] = operands;
    const selection = selectionOf(options);
    if (kind !== 'rules' && !selectsAll(selection)) throw new UsageError('only rules are selected by such options');
    switch (kind) {
      case 'events':
        return show(select(listEvents(options.all === true), rest), options, terminal);
      case 'fields':
        return show(select(listFields(), rest), options, terminal);
      case 'rules': {
        const { listRules } = await import('../list-rules.ts');
        return show(listRules(rest, selection, terminal), options, terminal);
      }
      case undefined:
        throw new UsageError('list what?', KINDS.map((known) => `wasprey list ${known}`).join(', '));
      default:
        throw new UsageError(`can't list ${kind}`, { word: kind, known: KINDS, prefix: '' });
    }
  },
});

function listEvents(all: boolean): Entry[] {
  const captured = EVENT_TYPES.map(({ name, category, parameters }) => ({
    name,
    cells: [category, parameters.map((parameter) => `${parameter.name}:${parameter.type}`).join(' ')],
    json: { name, category, captured: true, parameters: parameters.map(({ name, type }) => ({ name, type })) },
  }));
  if (!all) return captured;
  const names = new Set(captured.map(({ name }) => name));
  const others = ALL_EVENT_NAMES.filter((name) => !names.has(name));
  return [
    ...captured,
    ...others.map((name) => ({ name, cells: ['', 'not captured'], json: { name, captured: false } })),
  ];
}

function listFields(): Entry[] {
  return FIELDS.filter((field) => !field.tableOnly).map((field) => {
    const name = field.name + argumentText(field);
    const { type, description } = field;
    return {
      name,
      cells: [type, [description, ...fieldNotes(field)].join(' ')],
      json: { name, type, description, captured: field.source.from !== 'none', ...restrictions(field) },
    };
  });
}

function argumentText({ argument, argumentKind }: Field): string {
  if (argument === undefined) return '';
  return argumentKind === 'index' ? '[N]' : argumentKind === 'key' ? '[KEY]' : '[N|KEY]';
}

function restrictions(field: Field): Record<string, true> {
  return {
    ...(field.filterOnly ? { conditionsOnly: true } : {}),
    ...(field.printOnly ? { outputOnly: true } : {}),
    ...(field.deprecated ? { deprecated: true } : {}),
  };
}

function fieldNotes(field: Field): string[] {
  return [
    ...(field.argument === 'optional' ? ['(the argument is optional)'] : []),
    ...(field.filterOnly ? ['(conditions only)'] : []),
    ...(field.printOnly ? ['(output only)'] : []),
    ...(field.deprecated ? ['(deprecated)'] : []),
    ...(field.source.from === 'none' ? ['(not captured: always absent)'] : []),
  ];
}

/** Those whose name contains one of the parts; all when there is none. */
function select(entries: readonly Entry[], parts: readonly string[]): readonly Entry[] {
  return parts.length === 0 ? entries : entries.filter(({ name }) => parts.some((part) => name.includes(part)));
}

function show(entries: readonly Entry[], { names, json }: ListOptions, terminal: Terminal): number {
  if (names && json) throw new UsageError('--names and --json exclude each other');
  if (names) terminal.print(entries.map(({ name }) => `${name}\n`).join(''));
  else if (json) terminal.print(entries.map((entry) => `${JSON.stringify(entry.json)}\n`).join(''));
  else if (entries.length > 0) terminal.print(table(entries, terminal));
  if (entries.length === 0) terminal.say('wasprey: nothing of that name\n');
  return entries.length > 0 ? EXIT.ok : EXIT.failure;
}
