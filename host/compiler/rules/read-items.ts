// Reads the items of a rules file one after the other into the collection. Stops at the first error.

import { type Context, RuleLoadError, warning } from '../../diagnostics/diagnostic.ts';
import type { SourceFile } from '../../diagnostics/source-file.ts';
import { nearest } from '../../diagnostics/suggest.ts';
import { lookUp, readYaml, type YamlMapping, type YamlNode, YamlSyntaxError } from '../../diagnostics/yaml.ts';
import { yamlHelp } from '../../diagnostics/yaml-help.ts';
import {
  contextAt,
  fileContext,
  invalid,
  optionalBooleanAt,
  scalarAt,
  scalarsAt,
} from '../../diagnostics/yaml-values.ts';
import type { Collection } from './collection.ts';
import { NAMING_KEYS, repeatedKeys } from './item-keys.ts';
import { MappedText } from './mapped-text.ts';
import type { Mistakes } from './mistakes.ts';
import { readOverrides } from './read-overrides.ts';
import { readRule } from './read-rule.ts';
import { readEngineVersion, readPluginVersions } from './read-versions.ts';

/** @throws RuleLoadError */
export function readItems(
  file: SourceFile,
  documents: readonly YamlNode[],
  collection: Collection,
  mistakes: Mistakes,
): void {
  const context = fileContext(file);
  for (const document of documents) {
    if (document.kind === 'null') continue;
    const place = { ...context, start: document.start, end: document.start };
    if (document.kind === 'scalar') invalid('Rules content is not yaml', place, SHAPE);
    if (document.kind === 'mapping') invalid('Rules content is not yaml array of objects', place, SHAPE);
    for (const item of document.items) {
      if (item.kind !== 'null') readItem(item, collection, context, mistakes);
    }
  }
}

const SHAPE = 'a rules file is a sequence of items: `- rule: ...`, `- macro: ...`, `- list: ...`';

/**
 * The documents of a file.
 * @throws RuleLoadError if it is not YAML
 */
export function readDocuments(file: SourceFile): YamlNode[] {
  try {
    return readYaml(file);
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    const place: Context = {
      type: 'value for',
      name: '',
      file,
      start: error.index,
      end: error.index + 1,
      parent: fileContext(file),
    };
    const help = yamlHelp(file.lineText(file.position(error.index).line));
    throw new RuleLoadError('LOAD_ERR_YAML_PARSE', error.message, place, { help });
  }
}

function readItem(item: YamlNode, collection: Collection, parent: Context, mistakes: Mistakes): void {
  const itemContext = contextAt('rules content item', '', item, parent);
  if (item.kind !== 'mapping') {
    invalid('Unexpected element type. Each element should be a yaml associative array.', itemContext, SHAPE);
  }
  for (const repeated of repeatedKeys(item, itemContext)) collection.warn(repeated);
  if (lookUp(item, 'required_engine_version')) readEngineVersion(item, collection, parent);
  else if (lookUp(item, 'required_plugin_versions')) readPluginVersions(item, collection, parent);
  else if (lookUp(item, 'list')) mistakes.attempt(() => readList(item, collection, parent));
  else if (lookUp(item, 'macro')) mistakes.attempt(() => readMacro(item, collection, parent));
  else if (lookUp(item, 'rule')) mistakes.attempt(() => readRule(item, collection, parent));
  else collection.warn(warning('LOAD_UNKNOWN_ITEM', 'Unknown top level item', itemContext, { help: nameHelp(item) }));
}

function nameHelp({ entries }: YamlMapping): string {
  const names = entries.flatMap(({ key }) => (key.kind === 'scalar' ? (nearest(key.text, NAMING_KEYS) ?? []) : []));
  const [name] = names;
  return name === undefined ? SHAPE : `did you mean \`- ${name}: ...\`?`;
}

const LIST_KEYS = ['list', 'items', 'append', 'override'];
const LIST_NAME = /^[^()"'\s=,]+$/;

function readList(item: YamlMapping, collection: Collection, parent: Context): void {
  const name = scalarAt(item, 'list', contextAt('list', '', item, parent)).text;
  const context = contextAt('list', name, item, parent);
  if (!LIST_NAME.test(name)) {
    const message = 'List has an invalid name. List names should match a regular expression: ([^()"\'[:space:]=,]+)';
    collection.warn(warning('LOAD_INVALID_LIST_NAME', message, context));
  }
  const items = scalarsAt(item, 'items', context).map(({ text }) => text);
  const append = readAppend(item, ['items'], collection, context);
  if (append) collection.appendList(name, items, context);
  else collection.defineList({ name, items, context });
  collection.warnOfUnknownKeys(item, LIST_KEYS, context);
}

const MACRO_KEYS = ['macro', 'condition', 'append', 'override'];
const MACRO_NAME = /^[a-zA-Z]+[a-zA-Z0-9_]*$/;

function readMacro(item: YamlMapping, collection: Collection, parent: Context): void {
  const name = scalarAt(item, 'macro', contextAt('macro', '', item, parent)).text;
  const context = contextAt('macro', name, item, parent);
  if (!MACRO_NAME.test(name)) {
    const message =
      'Macro has an invalid name. Macro names should match a regular expression: ([a-zA-Z]+[a-zA-Z0-9_]*)';
    collection.warn(warning('LOAD_INVALID_MACRO_NAME', message, context, { help: 'conditions cannot refer to it' }));
  }
  const scalar = scalarAt(item, 'condition', context);
  const conditionContext = contextAt('macro condition', '', scalar, context);
  const condition = MappedText.of(parent.file, scalar);
  const append = readAppend(item, ['condition'], collection, context);
  if (append) collection.appendMacro(name, condition, context);
  else collection.defineMacro({ name, condition, context, conditionContext });
  collection.warnOfUnknownKeys(item, MACRO_KEYS, context);
}

/** Whether a list or macro is to be appended to, by `append: true` or by an override. */
function readAppend(item: YamlMapping, keys: readonly string[], collection: Collection, context: Context): boolean {
  const append = optionalBooleanAt(item, 'append', context) ?? false;
  if (append) collection.warnOfAppend(context);
  const overrides = readOverrides(item, { append: keys, replace: keys }, context);
  overrides.forbidWith(append, context);
  return append || overrides.append.size > 0;
}
