// `-o key.path=value`: one value of the configuration, from the command line, in Falco's syntax: `list[2]` is an item, `list[]` a
// further one; \. \[ and \\ are these characters in a key; a value in braces or brackets is YAML, anything else is literal text.

import { SourceFile } from '../diagnostics/source-file.ts';
import type { Origin } from './error.ts';
import { configError } from './error.ts';
import { type ConfigMapping, type ConfigNode, readConfigValue } from './node.ts';

type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'item'; readonly index: number }
  | { readonly kind: 'append' };

export interface ConfigOption {
  readonly path: readonly Step[];
  readonly value: ConfigNode;
  readonly origin: Origin;
}

/** Indices may not leave gaps, so a large one is invalid anyway. */
const INDEX = /^\[(\d{0,6})\]/;
const KEY = /^(?:\\[.[\]\\]|[^.[\]\\=])+/;

/**
 * @param text as it was given: `webserver.listen_port=9000`
 * @throws {ConfigError}
 */
export function parseOption(text: string): ConfigOption {
  const file = new SourceFile('-o', text);
  const fail = (message: string, at: number) =>
    configError(
      'CONFIG_OPTION',
      message,
      { file, start: at, end: at + 1 },
      { help: 'write for instance: -o webserver.listen_port=9000' },
    );
  const path: Step[] = [];
  let at = 0;
  while (text[at] !== '=') {
    if (at >= text.length) throw fail('-o takes a key, =, and a value', at);
    const rest = text.slice(at);
    const index = INDEX.exec(rest);
    if (index && path.length > 0) {
      path.push(index[1] === '' ? { kind: 'append' } : { kind: 'item', index: Number(index[1]) });
      at += index[0].length;
      continue;
    }
    const dot = path.length > 0 && rest.startsWith('.') ? 1 : 0;
    const key = dot === 1 || path.length === 0 ? KEY.exec(rest.slice(dot))?.[0] : undefined;
    if (key === undefined) throw fail('invalid path of keys', at);
    path.push({ kind: 'key', key: key.replace(/\\(.)/g, '$1').trim() });
    at += dot + key.length;
  }
  if (path.length === 0) throw fail('-o takes a key, =, and a value', 0);
  const origin = { file, start: 0, end: at };
  return { path, value: givenValue(file, at + 1), origin };
}

function givenValue(file: SourceFile, from: number): ConfigNode {
  const written = file.text.slice(from);
  const value = written.trim();
  if (/^\{.*\}$/s.test(value) || /^\[.*\]$/s.test(value)) {
    // Blanks in place of the key keep the columns.
    return readConfigValue(' '.repeat(from) + written, file);
  }
  return { kind: 'scalar', text: value, origin: { file, start: from, end: file.text.length } };
}

/** The top-level key that an option sets, wholly or in part. */
export function topKey({ path }: ConfigOption): string {
  const [first] = path;
  return first?.kind === 'key' ? first.key : '';
}

/**
 * The configuration with the option's value in its place.
 * @throws {ConfigError} when there is no such place
 */
export function applyOption(root: ConfigMapping, option: ConfigOption): ConfigMapping {
  const changed = setAt(root, option.path, option);
  // The first step is a key, so the result is a mapping.
  return changed.kind === 'mapping' ? changed : root;
}

function setAt(node: ConfigNode | undefined, path: readonly Step[], option: ConfigOption): ConfigNode {
  const [step, ...rest] = path;
  if (!step) return option.value;
  const { origin } = option;
  const before = node?.kind === 'null' ? undefined : node;
  if (step.kind === 'key') {
    if (before && before.kind !== 'mapping') throw noPlace(`${step.key} is not in a section`, origin);
    const entries = new Map(before?.entries);
    const entry = entries.get(step.key);
    entries.set(step.key, { origin: entry?.origin ?? origin, value: setAt(entry?.value, rest, option) });
    return { kind: 'mapping', entries, origin: before?.origin ?? origin };
  }
  if (before && before.kind !== 'sequence') throw noPlace('this is not a list', origin);
  const items = [...(before?.items ?? [])];
  const index = step.kind === 'append' ? items.length : step.index;
  if (index > items.length) throw noPlace(`the list has ${items.length} items, counted from [0]`, origin);
  items[index] = setAt(items[index], rest, option);
  return { kind: 'sequence', items, origin: before?.origin ?? origin };
}

function noPlace(message: string, origin: Origin) {
  return configError('CONFIG_OPTION', message, origin);
}
