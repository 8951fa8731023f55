// Reads a rule: a definition, an override, an old-style append, or a switch that turns an earlier rule on or off.

import type { Context } from '../../diagnostics/diagnostic.ts';
import { lookUp, type YamlMapping } from '../../diagnostics/yaml.ts';
import {
  booleanAt,
  contextAt,
  invalid,
  optionalBooleanAt,
  optionalScalarAt,
  scalarAt,
  scalarsAt,
  textAt,
  unsignedAt,
} from '../../diagnostics/yaml-values.ts';
import { type Priority, parsePriority } from '../../schema/priority.ts';
import type { Collection } from './collection.ts';
import { DEFAULT_SOURCE, type RuleChange } from './items.ts';
import { MappedText } from './mapped-text.ts';
import { type ExceptionUse, readExceptions } from './read-exceptions.ts';
import { readOverrides } from './read-overrides.ts';

const APPENDABLE = ['condition', 'output', 'desc', 'tags', 'exceptions'];
const REPLACEABLE = [
  ...APPENDABLE,
  'priority',
  'enabled',
  'warn_evttypes',
  'skip-if-unknown-filter',
  'capture',
  'capture_duration',
];
const RULE_KEYS = [...REPLACEABLE, 'rule', 'source', 'append', 'override'];
/** Without any of these a rule is a switch for an earlier one. */
const DEFINING = ['condition', 'output', 'desc', 'priority'];

/** @throws RuleLoadError */
export function readRule(item: YamlMapping, collection: Collection, parent: Context): void {
  const name = textAt(item, 'rule', contextAt('rule', '', item, parent));
  const context = contextAt('rule', name, item, parent);
  const append = optionalBooleanAt(item, 'append', context) ?? false;
  if (append) collection.warnOfAppend(context);
  const overrides = readOverrides(item, { append: APPENDABLE, replace: REPLACEABLE }, context);
  overrides.forbidWith(append, context);
  const reader = new RuleReader(item, name, context, collection);
  if (overrides.any) reader.override(overrides.append, overrides.replace);
  else if (append) reader.append();
  else if (DEFINING.some((key) => lookUp(item, key))) reader.define();
  else reader.switch();
  collection.warnOfUnknownKeys(item, RULE_KEYS, context);
}

class RuleReader {
  readonly #item: YamlMapping;
  readonly #name: string;
  readonly #context: Context;
  readonly #collection: Collection;

  constructor(item: YamlMapping, name: string, context: Context, collection: Collection) {
    this.#item = item;
    this.#name = name;
    this.#context = context;
    this.#collection = collection;
  }

  define(): void {
    const item = this.#item;
    const context = this.#context;
    const condition = this.#condition();
    const output = this.#output();
    const description = textAt(item, 'desc', context);
    const priority = this.#priority();
    const source = optionalScalarAt(item, 'source', context)?.text ?? DEFAULT_SOURCE;
    const enabled = optionalBooleanAt(item, 'enabled', context) ?? true;
    const warnEventTypes = optionalBooleanAt(item, 'warn_evttypes', context) ?? true;
    const skipIfUnknownFilter = optionalBooleanAt(item, 'skip-if-unknown-filter', context) ?? false;
    const capture = optionalBooleanAt(item, 'capture', context) ?? false;
    const captureDuration = lookUp(item, 'capture_duration') ? unsignedAt(item, 'capture_duration', context) : 0;
    const tags = lookUp(item, 'tags') ? this.#tags() : new Set<string>();
    const exceptions = this.#exceptions('define');
    this.#collection.defineRule({
      name: this.#name,
      context,
      description,
      ...condition,
      ...output,
      priority,
      source,
      enabled,
      warnEventTypes,
      skipIfUnknownFilter,
      capture,
      captureDuration,
      tags,
      exceptions,
    });
  }

  switch(): void {
    const enabled = booleanAt(this.#item, 'enabled', this.#context);
    this.#collection.switchRule(this.#name, enabled, this.#context);
  }

  /** The old `append: true`: only condition and exceptions count. */
  append(): void {
    const change: RuleChange = {
      ...(lookUp(this.#item, 'condition') ? this.#condition() : {}),
      ...(lookUp(this.#item, 'exceptions') ? { exceptions: this.#exceptions('append') } : {}),
    };
    this.#collection.appendRule(this.#name, change, this.#context, this.#source());
  }

  override(append: ReadonlySet<string>, replace: ReadonlySet<string>): void {
    if (append.size > 0) {
      this.#collection.appendRule(this.#name, this.#change(append, 'append'), this.#context, undefined);
    }
    if (replace.size > 0) {
      this.#collection.replaceRule(this.#name, this.#change(replace, 'replace'), this.#context, this.#source());
    }
    for (const { key } of this.#item.entries) {
      if (key.kind !== 'scalar' || !REPLACEABLE.includes(key.text)) continue;
      if (append.has(key.text) || replace.has(key.text)) continue;
      invalid(
        `Unexpected key '${key.text}': no corresponding entry under 'override' is defined.`,
        contextAt('overrides', key.text, key, this.#context),
        `say what to do with it: \`override: {${key.text}: replace}\``,
      );
    }
  }

  #change(keys: ReadonlySet<string>, operation: 'append' | 'replace'): RuleChange {
    for (const key of keys) {
      if (lookUp(this.#item, key)) continue;
      invalid(
        `An ${operation} override for '${key}' was specified but '${key}' is not defined`,
        this.#context,
        `add \`${key}:\` with the new value`,
      );
    }
    const item = this.#item;
    const context = this.#context;
    return {
      ...(keys.has('condition') ? this.#condition() : {}),
      ...(keys.has('exceptions') ? { exceptions: this.#exceptions(operation) } : {}),
      ...(keys.has('output') ? this.#output() : {}),
      ...(keys.has('desc') ? { description: textAt(item, 'desc', context) } : {}),
      ...(keys.has('tags') ? { tags: this.#tags() } : {}),
      ...(keys.has('priority') ? { priority: this.#priority() } : {}),
      ...(keys.has('enabled') ? { enabled: booleanAt(item, 'enabled', context) } : {}),
      ...(keys.has('warn_evttypes') ? { warnEventTypes: booleanAt(item, 'warn_evttypes', context) } : {}),
      ...(keys.has('skip-if-unknown-filter')
        ? { skipIfUnknownFilter: booleanAt(item, 'skip-if-unknown-filter', context) }
        : {}),
      ...(keys.has('capture') ? { capture: booleanAt(item, 'capture', context) } : {}),
      ...(keys.has('capture_duration') ? { captureDuration: unsignedAt(item, 'capture_duration', context) } : {}),
    };
  }

  #condition(): { condition: MappedText; conditionContext: Context } {
    const scalar = scalarAt(this.#item, 'condition', this.#context);
    return {
      condition: MappedText.of(this.#context.file, scalar),
      conditionContext: contextAt('rule condition', '', scalar, this.#context),
    };
  }

  #output(): { output: MappedText; outputContext: Context } {
    const scalar = scalarAt(this.#item, 'output', this.#context);
    const start = scalar.text.search(/\S/);
    const output = MappedText.of(this.#context.file, scalar);
    return {
      output: start < 0 ? output.slice(0, 0) : output.slice(start, scalar.text.trimEnd().length),
      outputContext: contextAt('rule output', '', scalar, this.#context),
    };
  }

  #priority(): Priority {
    const scalar = scalarAt(this.#item, 'priority', this.#context);
    const priority = parsePriority(scalar.text);
    if (priority) return priority;
    return invalid(
      'Invalid priority',
      contextAt('rule priority', '', scalar, this.#context),
      'one of EMERGENCY, ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFO, DEBUG',
    );
  }

  #tags(): Set<string> {
    return new Set(scalarsAt(this.#item, 'tags', this.#context).map(({ text }) => text));
  }

  /** The source that an append or override repeats; anything but text counts as none. */
  #source(): string | undefined {
    const node = lookUp(this.#item, 'source');
    return node?.kind === 'scalar' && node.text !== '' ? node.text : undefined;
  }

  #exceptions(use: ExceptionUse) {
    return readExceptions(this.#item, use, this.#collection, this.#context);
  }
}
