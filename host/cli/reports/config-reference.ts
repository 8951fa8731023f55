// The reference of the configuration in Markdown: which keys are applied, and which have no effect and why.

import { DEFINITION } from '../../config/definition.ts';
import type { Definition } from '../../config-values/value-types.ts';
import { codeSpan, heading, table } from './markdown.ts';

interface Row {
  readonly path: string;
  readonly definition: Definition;
}

/** Texts have code in backticks, as Markdown does. */
export interface ConfigKey {
  readonly path: string;
  /** Empty: none. */
  readonly default: string;
  readonly meaning: string;
}

/** The keys that are applied, and those that have no effect here, of which the meaning is the reason. */
export function configKeys(): { readonly applied: readonly ConfigKey[]; readonly unused: readonly ConfigKey[] } {
  const rows = rowsOf(DEFINITION, '');
  const keyOf = ({ path, definition }: Row): ConfigKey => ({
    path,
    default: defaultText(definition),
    meaning: meaning(definition),
  });
  return {
    applied: rows.filter(({ definition }) => definition.kind !== 'unused').map(keyOf),
    unused: rows.filter(({ definition }) => definition.kind === 'unused').map(keyOf),
  };
}

export function configReference(): string {
  const { applied, unused } = configKeys();
  return [
    heading(1, 'Keys of the configuration'),
    'Made by `wasprey config --markdown > host/config/KEYS.md`; a test compares it.\n\n',
    heading(2, 'Keys that are applied'),
    table(
      ['key', 'default', 'meaning'],
      applied.map((key) => [codeSpan(key.path), key.default && codeSpan(key.default), bars(key.meaning)]),
    ),
    '\n',
    heading(2, 'Keys of Falco that have no effect here'),
    table(
      ['key', 'why'],
      unused.map((key) => [codeSpan(key.path), bars(key.meaning)]),
    ),
  ].join('');
}

function rowsOf(definition: Definition, path: string): Row[] {
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  switch (definition.kind) {
    case 'section':
      return Object.entries(definition.keys).flatMap(([key, own]) => rowsOf(own, at(key)));
    case 'list':
      return [{ path, definition }, ...innerRows(definition.items, `${path}[]`)];
    case 'map':
      return [{ path, definition }, ...innerRows(definition.values, `${path}.NAME`)];
    default:
      return [{ path, definition }];
  }
}

function innerRows(definition: Definition, path: string): Row[] {
  return definition.kind === 'section' || definition.kind === 'list' ? rowsOf(definition, path) : [];
}

function defaultText(definition: Definition): string {
  switch (definition.kind) {
    case 'flag':
    case 'number':
      return String(definition.default);
    case 'text':
    case 'duration':
    case 'size':
      return definition.default;
    case 'list':
      return definition.default?.length ? JSON.stringify(definition.default) : '';
    default:
      return '';
  }
}

function meaning(definition: Definition): string {
  const { description } = definition;
  const of = definition.kind === 'list' ? definition.items : definition;
  if (of.kind !== 'text' || !of.choices) return description;
  return `${description} ${of === definition ? 'One' : 'Some'} of ${of.choices.map(codeSpan).join(', ')}.`;
}

/** Descriptions are Markdown already, but for what ends a cell. */
function bars(text: string): string {
  return text.replaceAll('|', '\\|');
}
