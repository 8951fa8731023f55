// Turns the written configuration into values, by the definition; collects every error with its place.

import { defaultOf } from '../config-values/defaults.ts';
import { parseDuration } from '../config-values/duration.ts';
import { parseSize, sizeText } from '../config-values/size.ts';
import type {
  Definition,
  DurationDefinition,
  KeyTable,
  ListDefinition,
  MapDefinition,
  NumberDefinition,
  SectionDefinition,
  SizeDefinition,
  TextDefinition,
  ValueOf,
} from '../config-values/value-types.ts';
import { nearest } from '../diagnostics/suggest.ts';
import { parseBoolean } from '../diagnostics/yaml-values.ts';
import type { Origin } from './error.ts';
import { type ConfigAdvice, type ConfigDiagnostic, type ConfigErrorCode, configDiagnostic } from './error.ts';
import { type Environment, expandVariables } from './expand.ts';
import type { ConfigMapping, ConfigNode } from './node.ts';

export interface UnusedKey {
  /** `webserver.threadiness` */
  readonly path: string;
  readonly reason: string;
  readonly origin: Origin;
}

export interface ReadResult<Value> {
  /** Invalid values are replaced by defaults. */
  readonly value: Value;
  readonly diagnostics: readonly ConfigDiagnostic[];
  /** The place of each given value, by its path: `webserver.listen_port`, `rules[2].enable`. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Keys that were given and have no effect. */
  readonly unused: readonly UnusedKey[];
}

/** @param path of the value's key; '' for the whole */
export function readValue<Given extends Definition>(
  definition: Given,
  node: ConfigNode | undefined,
  environment: Environment,
  path = '',
): ReadResult<ValueOf<Given>> {
  const reader = new Reader(definition, environment);
  // The reader's result has the definition's type, which TypeScript can't infer.
  const value = reader.read(definition, node, path) as ValueOf<Given>;
  return { value, diagnostics: reader.diagnostics, origins: reader.origins, unused: reader.unused };
}

const KINDS = {
  flag: 'true or false',
  number: 'a number',
  text: 'a text',
  duration: 'a time such as 30s or 1h',
  size: 'a number of bytes such as 256MiB, with KiB, MiB, GiB, TiB or none',
  list: 'a list',
  section: 'keys and values',
  map: 'keys and values',
  unused: 'anything',
} as const;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

class Reader {
  readonly diagnostics: ConfigDiagnostic[] = [];
  readonly origins = new Map<string, Origin>();
  readonly unused: UnusedKey[] = [];
  readonly #root: Definition;
  readonly #environment: Environment;

  constructor(root: Definition, environment: Environment) {
    this.#root = root;
    this.#environment = environment;
  }

  read(definition: Definition, node: ConfigNode | undefined, path: string): unknown {
    if (!node || node.kind === 'null') return defaultOf(definition);
    this.origins.set(path, node.origin);
    switch (definition.kind) {
      case 'flag':
      case 'number':
      case 'text':
      case 'duration':
      case 'size':
        return this.#scalar(definition, node, path);
      case 'list':
        return this.#list(definition, node, path);
      case 'section':
        return this.#section(definition, node, path);
      case 'map':
        return this.#map(definition, node, path);
      case 'unused':
        this.unused.push({ path, reason: definition.description, origin: node.origin });
        return undefined;
    }
  }

  #scalar(
    definition: Extract<Definition, { kind: 'flag' | 'number' | 'text' | 'duration' | 'size' }>,
    node: ConfigNode,
    path: string,
  ): unknown {
    if (node.kind !== 'scalar') return this.#wrongKind(definition, node, path);
    const text = expandVariables(node.text, this.#environment);
    if (text === undefined) {
      this.#note('CONFIG_VALUE', `${path} has a variable that contains itself`, node.origin);
      return defaultOf(definition);
    }
    switch (definition.kind) {
      case 'text':
        return this.#text(definition, text, node.origin, path);
      case 'flag': {
        const value = text === '' ? definition.default : parseBoolean(text);
        return value ?? this.#wrongKind(definition, { ...node, text }, path);
      }
      case 'number':
        return text === '' ? definition.default : this.#number(definition, text, node.origin, path);
      case 'duration':
        return text === '' ? defaultOf(definition) : this.#duration(definition, text, node.origin, path);
      case 'size':
        return text === '' ? defaultOf(definition) : this.#size(definition, text, node.origin, path);
    }
  }

  #text({ choices, instead, default: byDefault }: TextDefinition, text: string, origin: Origin, path: string): string {
    if (!choices) return text;
    if (text === '') return byDefault;
    const found = choices.find((choice) => choice === text.toLowerCase());
    if (found !== undefined) return found;
    const wanted = text.toLowerCase();
    const near = choices.find((choice) => choice.startsWith(wanted)) ?? nearest(wanted, choices);
    const others = near === undefined ? `it is one of ${choices.join(', ')}` : `did you mean ${near}?`;
    const help = instead?.[wanted] ?? others;
    this.#note('CONFIG_VALUE', `${path} can't be '${text}'`, origin, { help });
    return byDefault;
  }

  #number(
    { least, most, whole, default: byDefault }: NumberDefinition,
    text: string,
    origin: Origin,
    path: string,
  ): number {
    const value = NUMBER.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
    const help = `it is a ${whole ? 'whole number' : 'number'} from ${least} to ${most}`;
    const code = Number.isNaN(value) ? 'CONFIG_TYPE' : 'CONFIG_VALUE';
    this.#note(code, `${path} can't be '${text}'`, origin, { help });
    return byDefault;
  }

  #duration(definition: DurationDefinition, text: string, origin: Origin, path: string): number {
    const value = parseDuration(text);
    if (value !== undefined && value >= definition.leastMs) return value;
    const help =
      value === undefined
        ? `it is ${KINDS.duration}, in ms, s, m, h, d, w or y`
        : `it is ${definition.leastMs} ms at least`;
    this.#note(value === undefined ? 'CONFIG_TYPE' : 'CONFIG_VALUE', `${path} can't be '${text}'`, origin, { help });
    return parseDuration(definition.default) ?? 0;
  }

  #size(definition: SizeDefinition, text: string, origin: Origin, path: string): number {
    const value = parseSize(text);
    if (value !== undefined && value >= definition.least) return value;
    const help = value === undefined ? `it is ${KINDS.size}` : `it is ${sizeText(definition.least)} at least`;
    this.#note(value === undefined ? 'CONFIG_TYPE' : 'CONFIG_VALUE', `${path} can't be '${text}'`, origin, { help });
    return parseSize(definition.default) ?? 0;
  }

  #list(definition: ListDefinition, node: ConfigNode, path: string): unknown {
    if (node.kind === 'scalar' && definition.orOne) return [this.read(definition.items, node, `${path}[0]`)];
    if (node.kind !== 'sequence') return this.#wrongKind(definition, node, path);
    return node.items.map((item, index) => this.read(definition.items, item, `${path}[${index}]`));
  }

  #section(definition: SectionDefinition, node: ConfigNode, path: string): unknown {
    if (node.kind === 'scalar' && definition.textFor !== undefined) {
      const own = definition.keys[definition.textFor];
      return own && { [definition.textFor]: this.read(own, node, join(path, definition.textFor)) };
    }
    if (node.kind !== 'mapping') return this.#wrongKind(definition, node, path);
    this.#refuseUnknown(definition.keys, node, path);
    const given = Object.entries(definition.keys).filter(([key]) => !definition.sparse || node.entries.has(key));
    return Object.fromEntries(
      given.map(([key, own]) => [key, this.read(own, node.entries.get(key)?.value, join(path, key))]),
    );
  }

  #refuseUnknown(keys: KeyTable, node: ConfigMapping, path: string): void {
    for (const [key, { origin }] of node.entries) {
      if (Object.hasOwn(keys, key)) continue;
      const message = path === '' ? `unknown key ${key}` : `unknown key ${key} in ${path}`;
      this.#note('CONFIG_UNKNOWN_KEY', message, origin, { help: this.#suggestion(key, keys, path) });
    }
  }

  /** A similar key, or the same key in another place. */
  #suggestion(key: string, keys: KeyTable, path: string): string {
    const near = nearest(key, Object.keys(keys));
    if (near !== undefined) return `did you mean ${join(path, near)}?`;
    const elsewhere = placeOf(key, this.#root, '');
    return elsewhere === undefined ? '`wasprey config --markdown` lists all keys' : `did you mean ${elsewhere}?`;
  }

  #map(definition: MapDefinition, node: ConfigNode, path: string): unknown {
    if (node.kind === 'scalar' && definition.orKey) return new Map([[node.text, defaultOf(definition.values)]]);
    if (node.kind !== 'mapping') return this.#wrongKind(definition, node, path);
    return new Map(
      [...node.entries].map(([key, { value }]) => [key, this.read(definition.values, value, join(path, key))]),
    );
  }

  #wrongKind(definition: Definition, node: ConfigNode, path: string): unknown {
    const found = node.kind === 'scalar' ? `'${node.text}'` : node.kind === 'sequence' ? 'a list' : 'keys and values';
    this.#note('CONFIG_TYPE', `${path} can't be ${found}`, node.origin, { help: `it is ${KINDS[definition.kind]}` });
    return defaultOf(definition);
  }

  #note(code: ConfigErrorCode, message: string, origin: Origin, advice?: ConfigAdvice): void {
    this.diagnostics.push(configDiagnostic(code, message, origin, advice));
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** The path of a key with this name. */
function placeOf(key: string, definition: Definition, path: string): string | undefined {
  if (definition.kind !== 'section' || definition.sparse) return undefined;
  if (path !== '' && Object.hasOwn(definition.keys, key)) return join(path, key);
  for (const [name, own] of Object.entries(definition.keys)) {
    const found = placeOf(key, own, join(path, name));
    if (found !== undefined) return found;
  }
  return undefined;
}
