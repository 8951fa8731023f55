// wasprey list events|fields|rules: what rules can be written with, and what rules there are.

import {
  SELECTION_OPTIONS,
  SOURCE_OPTION,
  selectionOf,
  selectsAll,
  sourceOf,
} from '../../daemon/rules/rule-selection.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { columns } from '../../diagnostics/layout.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { defineCommand } from '../definition/command.ts';
import { eventReference, listEvents } from '../reports/list-events.ts';
import { fieldReference, listFields } from '../reports/list-fields.ts';

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
  readonly markdown?: true;
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
  operands: [{ values: KINDS }, { values: 'path', repeats: true }],
  description: `
    Lists the events and fields that rules are written with; with PART, only those whose names contain it. Fields that the
    capture can't supply are marked, with the reason: rules may use them, but they are always absent.

    For rules, lists those of the given files and folders, or the ones that come with Wasprey.`,
  status: { ok: 'The list was printed.', failure: "Rule files can't be read or have errors." },
  options: {
    all: { kind: 'flag', short: 'a', description: 'Events: also those that only other sources of events supply.' },
    names: { kind: 'flag', short: 'n', description: 'Names only, one a line.' },
    json: { kind: 'flag', description: 'One JSON object a line.' },
    markdown: { kind: 'flag', description: 'A reference in Markdown, of fields or events.' },
    source: { ...SOURCE_OPTION, description: `Fields of that source of events: ${SOURCE_OPTION.offers.join(' or ')}.` },
    ...SELECTION_OPTIONS,
  },
  examples: [
    { command: 'wasprey list fields proc.', effect: 'The fields of processes.' },
    { command: 'wasprey list fields --source k8s_audit', effect: 'The fields of rules on audit events.' },
    { command: 'wasprey list fields --markdown', effect: 'The reference of all fields, with who supplies each.' },
    { command: 'wasprey list events --names', effect: 'Every event that the capture supplies.' },
    { command: 'wasprey list rules my-rules.yaml', effect: 'The rules of a file, with priority and tags.' },
    {
      command: "wasprey list rules --disable '*' --enable-tag network",
      effect: 'The rules that remain if only those tagged network are enabled.',
    },
  ],
  async run({ options, operands }, terminal) {
    const [kind, ...rest] = operands;
    const selection = selectionOf(options);
    if (kind !== 'rules' && !selectsAll(selection)) throw new UsageError('only rules are selected by such options');
    if (kind !== 'fields' && options.source !== undefined) throw new UsageError('--source is for fields');
    switch (kind) {
      case 'events': {
        const entries = select(listEvents(options.all === true), rest);
        const captured = entries.map(({ type }) => type).filter((type) => type !== undefined);
        return show(entries, options, terminal, () => eventReference(captured));
      }
      case 'fields': {
        const entries = select(listFields(sourceOf(options.source)), rest);
        return show(entries, options, terminal, () => fieldReference(entries.map(({ field }) => field)));
      }
      case 'rules': {
        if (options.markdown) throw new UsageError('--markdown is for fields and events');
        const { listRules } = await import('../reports/list-rules.ts');
        return show(listRules(rest, selection, terminal), options, terminal);
      }
      case undefined:
        throw new UsageError('missing subcommand', KINDS.map((known) => `wasprey list ${known}`).join(', '));
      default:
        throw new UsageError(`can't list ${kind}`, { word: kind, known: KINDS, prefix: '' });
    }
  },
});

/** Entries whose name contains one of the parts; all entries without parts. */
function select<Listed extends Entry>(entries: readonly Listed[], parts: readonly string[]): readonly Listed[] {
  return parts.length === 0 ? entries : entries.filter(({ name }) => parts.some((part) => name.includes(part)));
}

function show(
  entries: readonly Entry[],
  { names, json, markdown }: ListOptions,
  terminal: Terminal,
  reference = (): string => '',
): number {
  if ([names, json, markdown].filter(Boolean).length > 1) {
    throw new UsageError('--names, --json and --markdown exclude each other');
  }
  if (entries.length === 0) {
    terminal.say('wasprey: nothing has that name\n');
    return EXIT.failure;
  }
  if (names) terminal.print(entries.map(({ name }) => `${name}\n`).join(''));
  else if (json) terminal.print(entries.map((entry) => `${JSON.stringify(entry.json)}\n`).join(''));
  else terminal.print(markdown ? reference() : table(entries, terminal));
  return EXIT.ok;
}
