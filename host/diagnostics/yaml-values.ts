// Values of an item in a rules file, and their errors.

import type { ItemType } from './codes.ts';
import { type Context, RuleLoadError } from './diagnostic.ts';
import type { SourceFile } from './source-file.ts';
import { nearest } from './suggest.ts';
import { lookUp, type YamlMapping, type YamlNode, type YamlScalar } from './yaml.ts';

/** A place in a rules file. */
export function contextAt(type: ItemType, name: string, node: YamlNode, parent: Context): Context {
  return { type, name, file: parent.file, ...pointAt(node), parent };
}

/** The outermost context of a file. */
export function fileContext(file: SourceFile): Context {
  return { type: 'rules content', name: '', file, start: 0, end: 0 };
}

/** A mapping is marked at its first key and value, because it has several lines. */
function pointAt(node: YamlNode): { start: number; end: number } {
  const first = node.kind === 'mapping' ? node.entries[0] : undefined;
  return first ? { start: first.key.start, end: first.value.end } : { start: node.start, end: node.end };
}

export function invalid(message: string, context: Context, help?: string): never {
  throw new RuleLoadError('LOAD_ERR_YAML_VALIDATE', message, context, { help });
}

/** The scalar under a required key. */
export function scalarAt(item: YamlMapping, key: string, context: Context): YamlScalar {
  const node = lookUp(item, key);
  if (!node) return missing(item, key, context);
  if (node.kind === 'null') {
    const place = { ...context, ...keyPlace(item, key) };
    invalid(`Mapping for key '${key}' is empty`, place, `give \`${key}:\` a value, or leave it out`);
  }
  const valueContext = contextAt('value for', key, node, context);
  if (node.kind !== 'scalar') invalid('Value is not a scalar value', valueContext, `\`${key}:\` takes a single value`);
  if (node.text === '') invalid('Value must be non-empty', valueContext);
  return node;
}

function missing(item: YamlMapping, key: string, context: Context): never {
  const near = item.entries.find(({ key: node }) => node.kind === 'scalar' && nearest(node.text, [key]) === key);
  if (!near) return invalid(`Item has no mapping for key '${key}'`, context, `add \`${key}:\` to this item`);
  const place = { ...context, start: near.key.start, end: near.key.end };
  return invalid(`Item has no mapping for key '${key}'`, place, `did you mean \`${key}:\`?`);
}

/** The scalar of an optional key; undefined if the key is missing. */
export function optionalScalarAt(item: YamlMapping, key: string, context: Context): YamlScalar | undefined {
  return lookUp(item, key) ? scalarAt(item, key, context) : undefined;
}

export function textAt(item: YamlMapping, key: string, context: Context): string {
  return scalarAt(item, key, context).text;
}

export function booleanAt(item: YamlMapping, key: string, context: Context): boolean {
  const node = scalarAt(item, key, context);
  const value = parseBoolean(node.text);
  if (value !== undefined) return value;
  return invalid(
    "Can't decode YAML scalar value",
    contextAt('value for', key, node, context),
    `\`${key}:\` is either true or false`,
  );
}

export function optionalBooleanAt(item: YamlMapping, key: string, context: Context): boolean | undefined {
  return lookUp(item, key) ? booleanAt(item, key, context) : undefined;
}

export function unsignedAt(item: YamlMapping, key: string, context: Context): number {
  const node = scalarAt(item, key, context);
  const value = parseUnsigned(node.text);
  if (value !== undefined) return value;
  return invalid(
    "Can't decode YAML scalar value",
    contextAt('value for', key, node, context),
    `\`${key}:\` takes a whole number from 0 to 4294967295`,
  );
}

/** A sequence of scalars under a required key. */
export function scalarsAt(item: YamlMapping, key: string, context: Context): readonly YamlScalar[] {
  const node = lookUp(item, key);
  if (!node) return missing(item, key, context);
  const valueContext = contextAt('value for', key, node, context);
  if (node.kind !== 'sequence') {
    return invalid('Value is not a sequence', valueContext, `write a list: \`${key}: [a, b]\``);
  }
  return node.items.map((entry) => {
    if (entry.kind === 'scalar') return entry;
    return invalid('sequence value is not scalar', contextAt('list item', '', entry, valueContext));
  });
}

/** Where the first such key of an item stands. */
export function keyPlace(item: YamlMapping, key: string): { start: number; end: number } {
  const entry = item.entries.find(({ key: node }) => node.kind === 'scalar' && node.text === key);
  return entry ? { start: entry.key.start, end: entry.key.end } : { start: item.start, end: item.start };
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['y', true],
  ['yes', true],
  ['true', true],
  ['on', true],
  ['n', false],
  ['no', false],
  ['false', false],
  ['off', false],
]);

/** YAML 1.1's words, in lower case, upper case, or with a capital. */
export function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  const usual =
    text === lower || text === text.toUpperCase() || text === lower.charAt(0).toUpperCase() + lower.slice(1);
  return usual ? BOOLEANS.get(lower) : undefined;
}

/** A 32-bit number as C++ reads one: decimal, hexadecimal (0x) or octal (0), with blanks behind it but not before it. */
export function parseUnsigned(text: string): number | undefined {
  const digits = /^\+?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)\s*$/.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return value <= 0xffffffff ? value : undefined;
}
