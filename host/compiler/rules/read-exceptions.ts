// Reads the exceptions of a rule.

import { type Context, warning } from '../../diagnostics/diagnostic.ts';
import { lookUp, type YamlMapping, type YamlNode } from '../../diagnostics/yaml.ts';
import { contextAt, invalid, textAt } from '../../diagnostics/yaml-values.ts';
import type { Collection } from './collection.ts';
import type { ExceptionEntry, ExceptionItem } from './items.ts';
import { MappedText } from './mapped-text.ts';

/** What the exceptions are read for: an append may leave out the fields. */
export type ExceptionUse = 'define' | 'append' | 'replace';

/** @throws RuleLoadError */
export function readExceptions(
  item: YamlMapping,
  use: ExceptionUse,
  collection: Collection,
  parent: Context,
): ExceptionItem[] {
  const node = lookUp(item, 'exceptions');
  if (!node || node.kind === 'null') return [];
  const listContext = contextAt('exceptions', '', node, parent);
  if (node.kind !== 'sequence') return invalid('Rule exceptions must be a sequence', listContext);
  const names = new Set<string>();
  return node.items.map((entry) => {
    const unnamed = contextAt('exception', '', entry, listContext);
    if (entry.kind !== 'mapping') return invalid('Rule exception must be a mapping', unnamed);
    const name = textAt(entry, 'name', unnamed);
    const context = contextAt('exception', name, entry, parent);
    if (names.has(name)) {
      const message = 'Multiple definitions of exception names in the same exceptions list';
      collection.warn(warning('LOAD_EXCEPTION_NAME_NOT_UNIQUE', message, context));
    }
    names.add(name);
    return readException(entry, name, use, collection, context);
  });
}

function readException(
  node: YamlMapping,
  name: string,
  use: ExceptionUse,
  collection: Collection,
  context: Context,
): ExceptionItem {
  const fieldsNode = lookUp(node, 'fields');
  if (!fieldsNode && use !== 'append') {
    invalid("Item has no mapping for key 'fields'", context, 'add `fields: [proc.name, ...]`');
  }
  const fields = fieldsNode && readFilled(fieldsNode, 'fields', context);
  const comparisonsNode = lookUp(node, 'comps');
  const comparisons = comparisonsNode && readFilled(comparisonsNode, 'comps', context);
  const valuesNode = lookUp(node, 'values');
  const values: ExceptionEntry[] = [];
  if (valuesNode) {
    const valuesContext = contextAt('exception values', '', valuesNode, context);
    if (valuesNode.kind !== 'sequence') {
      return invalid('Rule exception values must be a sequence', valuesContext, 'write `values: [[a, b], [c, d]]`');
    }
    for (const value of valuesNode.items) {
      const valueContext = contextAt('exception value', '', value, valuesContext);
      values.push(readEntry(value, '', valueContext) ?? EMPTY(context, value));
    }
  } else if (use !== 'define') {
    const message = 'Overriding/appending exception with no values';
    const help = 'the key is called `values`';
    collection.warn(warning('LOAD_APPEND_NO_VALUES', message, context, { help }));
  }
  return {
    name,
    context,
    values,
    ...(fields ? { fields } : {}),
    ...(comparisons ? { comparisons } : {}),
  };
}

/** An entry; an empty list counts as missing. */
function readFilled(node: YamlNode, key: string, context: Context): ExceptionEntry | undefined {
  const entry = readEntry(node, key, context);
  return entry?.kind === 'list' && entry.items.length === 0 ? undefined : entry;
}

/** A scalar, or a list of entries. Other nodes count as missing, and as empty inside a list. */
function readEntry(node: YamlNode, key: string, context: Context): ExceptionEntry | undefined {
  switch (node.kind) {
    case 'scalar':
      if (node.text === '') invalid('Value must be non-empty', contextAt('value for', key, node, context));
      return { kind: 'scalar', text: MappedText.of(context.file, node) };
    case 'sequence':
      return {
        kind: 'list',
        items: node.items.map((item) => readEntry(item, key, context) ?? EMPTY(context, item)),
      };
    case 'null':
    case 'mapping':
      return undefined;
  }
}

const EMPTY = (context: Context, { start, end }: YamlNode): ExceptionEntry => ({
  kind: 'scalar',
  text: MappedText.of(context.file, { kind: 'scalar', start, end, text: '' }),
});
