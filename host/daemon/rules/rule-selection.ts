// Options that select rules and set static fields: the same for every command that takes rules.

import type { StaticFields } from '../../compiler/conditions/static-fields.ts';
import type { Selection } from '../../compiler/rules/select.ts';
import type { Configuration } from '../../config/definition.ts';
import { type OptionValues, UsageError } from '../../diagnostics/arguments.ts';
import { DEFAULT_SOURCE, EVENT_SOURCES, type EventSource } from '../../schema/event-source.ts';
import { PRIORITIES, type Priority, parsePriority } from '../../schema/priority.ts';

const PRIORITY_WORDS = PRIORITIES.map((priority) => priority.toLowerCase());

export const SELECTION_OPTIONS = {
  priority: {
    kind: 'text',
    value: 'LEAST',
    offers: PRIORITY_WORDS,
    description: `Ignore rules less severe than this: ${PRIORITY_WORDS.slice(0, -1).join(', ')} or ${PRIORITY_WORDS.at(-1)}.`,
  },
  enable: { kind: 'list', value: 'PATTERN', description: 'Turn rules on by name; * matches any text.' },
  disable: {
    kind: 'list',
    value: 'PATTERN',
    description: 'Turn rules off by name. These four options may be given several times, and apply in the order given.',
  },
  'enable-tag': { kind: 'list', value: 'TAG', description: 'Turn on the rules with a tag.' },
  'disable-tag': { kind: 'list', value: 'TAG', description: 'Turn off the rules with a tag.' },
  static: {
    kind: 'list',
    value: 'NAME=VALUE',
    description: 'The value of static.NAME in rules, like static_fields in a configuration.',
  },
} as const;

export const SOURCE_OPTION = {
  kind: 'text',
  value: 'SOURCE',
  offers: EVENT_SOURCES,
  description: `The source of events: ${EVENT_SOURCES.join(' or ')}. Default: ${DEFAULT_SOURCE}.`,
} as const;

/** @throws {UsageError} for an unknown source */
export function sourceOf(option: string | undefined): EventSource {
  const source = EVENT_SOURCES.find((known) => known === (option ?? DEFAULT_SOURCE));
  if (!source) throw new UsageError(`--source can't be '${option}'`, SOURCE_OPTION.description);
  return source;
}

/** What to load, and what of it to use. */
export interface RuleSelection {
  readonly minimumPriority?: Priority;
  readonly selections: readonly Selection[];
  /** Values of static fields. */
  readonly statics?: StaticFields;
  /** Source of events whose rules are to be evaluated, or `all`: to be checked only. Default: system calls. */
  readonly source?: EventSource | 'all';
}

export const ALL_ENABLED: RuleSelection = { selections: [] };
export const ALL_SOURCES: RuleSelection = { selections: [], source: 'all' };

const LISTS = [
  ['enable', 'enable', 'rule'],
  ['disable', 'disable', 'rule'],
  ['enable-tag', 'enable', 'tag'],
  ['disable-tag', 'disable', 'tag'],
] as const;

/** @throws {UsageError} for an unknown priority */
export function selectionOf(options: OptionValues<typeof SELECTION_OPTIONS>): RuleSelection {
  const selections = LISTS.flatMap(([name, operation, by]) =>
    (options[name] ?? []).map(({ text, place }) => ({ place, selection: { operation, by, pattern: text } })),
  )
    .sort((a, b) => a.place - b.place)
    .map(({ selection }) => selection);
  const { priority } = options;
  const rest = { selections, ...staticsOf(options) };
  if (priority === undefined) return rest;
  const minimumPriority = parsePriority(priority);
  if (minimumPriority === undefined) {
    throw new UsageError(`--priority can't be '${priority}'`, SELECTION_OPTIONS.priority.description);
  }
  return { minimumPriority, ...rest };
}

/** @throws {UsageError} if the value is missing */
function staticsOf({ static: given = [] }: OptionValues<typeof SELECTION_OPTIONS>): { statics?: StaticFields } {
  if (given.length === 0) return {};
  const entries = given.map(({ text }) => {
    const [, name = '', value = ''] = /^([A-Za-z0-9_]+)=(.*)$/s.exec(text) ?? [];
    if (name === '') throw new UsageError(`--static can't be '${text}'`, 'write --static NAME=VALUE');
    return [name, value] as const;
  });
  return { statics: Object.fromEntries(entries) };
}

/** The selection of the command line after that of the configuration. */
export function configuredSelection(
  { rules, priority, static_fields }: Configuration,
  own: RuleSelection,
): RuleSelection {
  const configured = rules.flatMap(({ enable, disable }): Selection[] => [
    ...(enable ? [selectionBy('enable', enable)] : []),
    ...(disable ? [selectionBy('disable', disable)] : []),
  ]);
  // debug is the least there is.
  const least = own.minimumPriority ?? (priority === 'debug' ? undefined : parsePriority(priority));
  const statics = { ...Object.fromEntries(static_fields), ...own.statics };
  return {
    ...(Object.keys(statics).length > 0 && { statics }),
    ...(least !== undefined && { minimumPriority: least }),
    selections: [...configured, ...own.selections],
  };
}

function selectionBy(operation: Selection['operation'], { rule, tag }: { rule?: string; tag?: string }): Selection {
  return tag === undefined ? { operation, by: 'rule', pattern: rule ?? '' } : { operation, by: 'tag', pattern: tag };
}

export function selectsAll({ minimumPriority, selections }: RuleSelection): boolean {
  return minimumPriority === undefined && selections.length === 0;
}
