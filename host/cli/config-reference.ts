// The reference of the configuration in Markdown: which keys are applied, and which have no effect and why.

import { DEFINITION } from '../config/definition.ts';
import type { Definition } from '../config/value-types.ts';
import { codeSpan, heading, table } from './markdown.ts';

interface Row {
  readonly path: string;
  readonly definition: Definition;
}

export function configReference(): string {
  const rows = rowsOf(DEFINITION, '');
  const applied = rows.filter(({ definition }) => definition.kind !== 'unused');
  const unused = rows.filter(({ definition }) => definition.kind === 'unused');
  return [
    heading(1, 'Keys of the configuration'),
    'Made by `wasprey config --markdown > host/config/KEYS.md`; a test compares it.\n\n',
    heading(2, 'Keys that are applied'),
    table(
      ['key', 'default', 'meaning'],
      applied.map(({ path, definition }) => [codeSpan(path), defaultText(definition), meaning(definition)]),
    ),
    '\n',
    heading(2, 'Keys of Falco that have no effect here'),
    table(
      ['key', 'why'],
      unused.map(({ path, definition }) => [codeSpan(path), bars(definition.description)]),
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
      return codeSpan(String(definition.default));
    case 'text':
    case 'duration':
      return definition.default === '' ? '' : codeSpan(definition.default);
    case 'list':
      return definition.default?.length ? codeSpan(JSON.stringify(definition.default)) : '';
    default:
      return '';
  }
}

function meaning(definition: Definition): string {
  const description = bars(definition.description);
  const of = definition.kind === 'list' ? definition.items : definition;
  if (of.kind !== 'text' || !of.choices) return description;
  return `${description} ${of === definition ? 'One' : 'Some'} of ${of.choices.map(codeSpan).join(', ')}.`;
}

/** Descriptions are Markdown already, but for what ends a cell. */
function bars(text: string): string {
  return text.replaceAll('|', '\\|');
}
