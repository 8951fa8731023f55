// Reads a rule: a definition, an override, an old-style append, or a switch that turns an earlier rule on or off.

import { type Context, warning } from '../../diagnostics/diagnostic.ts';
import { lookUp, type YamlMapping } from '../../diagnostics/yaml.ts';
import {
  booleanAt,
  contextAt,
  invalid,
  keyPlace,
  optionalBooleanAt,
  optionalScalarAt,
  scalarAt,
  scalarsAt,
  textAt,
  unsignedAt,
} from '../../diagnostics/yaml-values.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import { type Priority, parsePriority } from '../../schema/priority.ts';
import type { Collection } from './collection.ts';
import type { RuleChange } from './items.ts';
import { MappedText } from './mapped-text.ts';
import { type ExceptionUse, readExceptions } from './read-exceptions.ts';
import { readOverrides } from './read-overrides.ts';

/** In the order in which an override reads them. */
const APPENDABLE = ['condition', 'exceptions', 'output', 'desc', 'tags'];
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
/** What a change of a key most likely means. */
const operationFor = (key: string) => (APPENDABLE.includes(key) ? 'append' : 'replace');
const operationsFor = (keys: readonly string[]) => keys.map((key) => `${key}: ${operationFor(key)}`).join(', ');

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
    const others = this.#changesBut('enabled');
    const changes = operationsFor(others);
    if (others.length > 0 && !lookUp(this.#item, 'enabled')) {
      const help = `to change the earlier rule, add \`override: {${changes}}\``;
      invalid("Item has no mapping for key 'enabled'", this.#context, help);
    }
    this.#warnOfIgnored(others, `add \`override: {enabled: replace, ${changes}}\``);
    const enabled = booleanAt(this.#item, 'enabled', this.#context);
    this.#collection.switchRule(this.#name, enabled, this.#context);
  }

  /** The old `append: true`: only condition and exceptions count. */
  append(): void {
    const help = `write \`override: {${operationsFor(this.#changesBut())}}\``;
    this.#warnOfIgnored(this.#changesBut('condition', 'exceptions'), help);
    const change: RuleChange = {
      ...(lookUp(this.#item, 'condition') ? this.#condition() : {}),
      ...(lookUp(this.#item, 'exceptions') ? { exceptions: this.#exceptions('append') } : {}),
    };
    this.#collection.appendRule(this.#name, change, this.#context, this.#source());
  }

  /** The keys of the item that could change a rule. */
  #changesBut(...counting: readonly string[]): string[] {
    return REPLACEABLE.filter((key) => !counting.includes(key) && lookUp(this.#item, key));
  }

  /** Falco takes no notice of them. */
  #warnOfIgnored(keys: readonly string[], help: string): void {
    for (const key of keys) {
      const place = { ...this.#context, ...keyPlace(this.#item, key) };
      const message = `'${key}' has no effect: it is not under 'override'`;
      this.#collection.warn(warning('WASPREY_KEY_IGNORED', message, place, { help }));
    }
  }

  override(append: ReadonlySet<string>, replace: ReadonlySet<string>): void {
    // Each key of the item is for one operation: what was appended is not there to replace with.
    const left = new Set(REPLACEABLE.filter((key) => lookUp(this.#item, key)));
    if (append.size > 0) {
      this.#collection.appendRule(this.#name, this.#change(append, 'append', left), this.#context, undefined);
    }
    if (replace.size > 0) {
      this.#collection.replaceRule(this.#name, this.#change(replace, 'replace', left), this.#context, this.#source());
    }
    const [unexpected] = [...left].sort();
    if (unexpected === undefined) return;
    const { key } = this.#item.entries.find(({ key }) => key.kind === 'scalar' && key.text === unexpected) ?? {};
    invalid(
      `Unexpected key '${unexpected}': no corresponding entry under 'override' is defined.`,
      contextAt('overrides', unexpected, key ?? this.#item, this.#context),
      `say what to do with it: \`override: {${unexpected}: ${operationFor(unexpected)}}\``,
    );
  }

  /** The values that an operation takes from the item, one key after the other. */
  #change(keys: ReadonlySet<string>, operation: 'append' | 'replace', left: Set<string>): RuleChange {
    const changes = REPLACEABLE.filter((key) => keys.has(key)).map((key): RuleChange => {
      if (!left.delete(key)) {
        invalid(
          `An ${operation} override for '${key}' was specified but '${key}' is not defined`,
          this.#context,
          lookUp(this.#item, key)
            ? `say either append or replace: it has one value`
            : `add \`${key}:\` with the new value`,
        );
      }
      return this.#valueOf(key, operation);
    });
    return Object.assign({}, ...changes);
  }

  #valueOf(key: string, operation: 'append' | 'replace'): RuleChange {
    const item = this.#item;
    const context = this.#context;
    switch (key) {
      case 'condition':
        return this.#condition();
      case 'exceptions':
        return { exceptions: this.#exceptions(operation) };
      case 'output':
        return this.#output();
      case 'desc':
        return { description: textAt(item, 'desc', context) };
      case 'tags':
        return { tags: this.#tags() };
      case 'priority':
        return { priority: this.#priority() };
      case 'enabled':
        return { enabled: booleanAt(item, 'enabled', context) };
      case 'warn_evttypes':
        return { warnEventTypes: booleanAt(item, 'warn_evttypes', context) };
      case 'skip-if-unknown-filter':
        return { skipIfUnknownFilter: booleanAt(item, 'skip-if-unknown-filter', context) };
      case 'capture':
        return { capture: booleanAt(item, 'capture', context) };
      case 'capture_duration':
        return { captureDuration: unsignedAt(item, 'capture_duration', context) };
      default:
        throw new Error(`${key} can't be overridden`);
    }
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
