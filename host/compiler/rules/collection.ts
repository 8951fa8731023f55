// What has been read from all rule files so far. Later items redefine, extend or switch earlier ones.
//
// An item has two numbers: its index says where in the order of definitions it stands, and never changes; its visibility
// says after which definitions it was last touched, and decides which lists and macros it can refer to.

import type { WarningCode } from '../../diagnostics/codes.ts';
import { type Context, type Diagnostic, RuleLoadError, warning } from '../../diagnostics/diagnostic.ts';
import { nearest } from '../../diagnostics/suggest.ts';
import type { YamlMapping } from '../../diagnostics/yaml.ts';
import { type EventSource, fieldSource } from '../../schema/event-source.ts';
import { appendExceptions, checkException } from './exceptions.ts';
import { dashHelp, NAMING_KEYS } from './item-keys.ts';
import type { ListItem, MacroItem, RuleChange, RuleItem, Version } from './items.ts';
import { MappedText } from './mapped-text.ts';
import type { PluginRequirement } from './plugin-requirements.ts';
import { requireText } from './read-overrides.ts';

/** A defined item and its place in the order. */
export type Placed<Item> = Item & { readonly index: number; readonly visibility: number };

class Definitions<Item extends { readonly name: string }> {
  readonly #byName = new Map<string, Placed<Item>>();

  /** In the order in which they were first defined. */
  get all(): readonly Placed<Item>[] {
    return [...this.#byName.values()];
  }

  find(name: string): Placed<Item> | undefined {
    return this.#byName.get(name);
  }

  /** Whether a single item of the rule files defines it. */
  isDefinedOnce(name: string): boolean {
    const item = this.find(name);
    return item !== undefined && item.index === item.visibility;
  }

  put(item: Item, order: number): void {
    const index = this.#byName.get(item.name)?.index ?? order;
    this.#byName.set(item.name, { ...item, index, visibility: order });
  }

  /** Changes an item where it stands, without changing what it sees. */
  change(item: Placed<Item>): void {
    this.#byName.set(item.name, item);
  }
}

export class Collection {
  readonly lists = new Definitions<ListItem>();
  readonly macros = new Definitions<MacroItem>();
  readonly rules = new Definitions<RuleItem>();
  /** The highest version that a file required. */
  engineVersion: Version = { major: 0, minor: 0, patch: 0 };
  /** Required plugins of all files. */
  readonly pluginRequirements: PluginRequirement[] = [];
  readonly #sources: ReadonlySet<string>;
  #warnings: Diagnostic[] = [];
  #order = 0;

  /** @param sources event sources that something provides */
  constructor(sources: ReadonlySet<string>) {
    this.#sources = sources;
  }

  warn(diagnostic: Diagnostic): void {
    this.#warnings.push(diagnostic);
  }

  /** Warnings since the last call. */
  takeWarnings(): Diagnostic[] {
    const warnings = this.#warnings;
    this.#warnings = [];
    return warnings;
  }

  warnOfAppend(context: Context): void {
    const message =
      "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead.";
    this.warn(warning('LOAD_DEPRECATED_ITEM', message, context));
  }

  warnOfUnknownKeys(item: YamlMapping, known: readonly string[], context: Context): void {
    for (const { key } of item.entries) {
      const name = requireText(key, context);
      if (known.includes(name)) continue;
      const code: WarningCode = 'LOAD_UNKNOWN_KEY';
      const place = { ...context, start: key.start, end: key.end };
      const near = nearest(name, known);
      const help = NAMING_KEYS.includes(name) ? dashHelp(name) : near && `did you mean \`${near}\`?`;
      this.warn(warning(code, `Unknown key '${name}'. The key will be ignored.`, place, { help }));
    }
  }

  requireEngine(version: Version): void {
    const { major, minor, patch } = this.engineVersion;
    if ((version.major - major || version.minor - minor || version.patch - patch) > 0) this.engineVersion = version;
  }

  requirePlugin(requirement: PluginRequirement): void {
    this.pluginRequirements.push(requirement);
  }

  hasSource(source: string): boolean {
    return this.#sources.has(source);
  }

  #fieldsOf(source: string): EventSource | undefined {
    return this.hasSource(source) ? fieldSource(source) : undefined;
  }

  defineList(list: ListItem): void {
    this.#warnOfSecond('list', this.lists.find(list.name), list.context);
    this.lists.put(list, this.#order++);
  }

  appendList(name: string, items: readonly string[], context: Context): void {
    const previous = this.lists.find(name);
    if (!previous) {
      const message = "List uses 'append' or 'override.items: append' but no list by that name already exists";
      throw new RuleLoadError('LOAD_ERR_VALIDATE', message, context, { help: 'define it first' });
    }
    this.lists.put({ ...previous, items: [...previous.items, ...items] }, this.#order++);
  }

  defineMacro(macro: MacroItem): void {
    this.#warnOfSecond('macro', this.macros.find(macro.name), macro.context);
    this.macros.put(macro, this.#order++);
  }

  appendMacro(name: string, condition: MappedText, context: Context): void {
    const previous = this.macros.find(name);
    if (!previous) {
      const message = "Macro uses 'append' or 'override.condition: append' but no macro by that name already exists";
      throw new RuleLoadError('LOAD_ERR_VALIDATE', message, context, { help: 'define it first' });
    }
    this.macros.put({ ...previous, condition: joined(previous.condition, condition) }, this.#order++);
  }

  defineRule(rule: RuleItem): void {
    const previous = this.rules.find(rule.name);
    if (previous && previous.source !== rule.source) throw differentSource(rule.context);
    this.#warnOfSecond('rule', previous, rule.context);
    if (!this.hasSource(rule.source)) {
      const message = `Unknown source ${rule.source}, skipping`;
      const help = `known sources: ${[...this.#sources].join(', ')}`;
      this.warn(warning('LOAD_UNKNOWN_SOURCE', message, rule.context, { help }));
    }
    const exceptions = rule.exceptions.map((exception) => checkException(exception, this.#fieldsOf(rule.source)));
    this.rules.put({ ...rule, exceptions }, this.#order++);
  }

  /** In another file it is how a user replaces what a rule set defines. */
  #warnOfSecond(kind: string, previous: { readonly name: string; readonly context: Context } | undefined, at: Context) {
    if (previous?.context.file !== at.file) return;
    const { line } = at.file.position(previous.context.start);
    const message = `this file defines the ${kind} ${previous.name} twice; this one replaces that of line ${line}`;
    const help = `give one of them another name, or use \`override\` to change what was defined`;
    this.warn(warning('WASPREY_DEFINED_TWICE', message, at, { help }));
  }

  /** @param source the source that the change names, if it names one */
  appendRule(name: string, change: RuleChange, context: Context, source: string | undefined): void {
    const previous = this.rules.find(name);
    if (!previous) {
      const message = "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists";
      throw new RuleLoadError('LOAD_ERR_VALIDATE', message, context, { help: 'define it first' });
    }
    if (Object.keys(change).length === 0) {
      const message = 'Appended rule must have exceptions or condition property';
      throw new RuleLoadError('LOAD_ERR_VALIDATE', message, context, {
        help: 'for other keys, use override: {KEY: replace}',
      });
    }
    if (source !== undefined && source !== previous.source) throw differentSource(context);
    const fields = this.#fieldsOf(previous.source);
    this.rules.put(
      {
        ...previous,
        ...(change.condition ? { condition: joined(previous.condition, change.condition) } : {}),
        ...(change.output ? { output: joined(previous.output, change.output) } : {}),
        ...(change.description === undefined ? {} : { description: `${previous.description} ${change.description}` }),
        ...(change.tags ? { tags: new Set([...previous.tags, ...change.tags]) } : {}),
        exceptions: appendExceptions(previous.exceptions, change.exceptions ?? [], fields),
      },
      this.#order++,
    );
  }

  replaceRule(name: string, change: RuleChange, context: Context, source: string | undefined): void {
    const previous = this.rules.find(name);
    if (!previous) {
      const message = "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists";
      throw new RuleLoadError('LOAD_ERR_VALIDATE', message, context, { help: 'define it first' });
    }
    if (source !== undefined && source !== previous.source) throw differentSource(context);
    this.rules.put({ ...previous, ...change }, this.#order++);
  }

  switchRule(name: string, enabled: boolean, context: Context): void {
    const message =
      "The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' entry under the 'override' key (i.e. 'enabled: replace').";
    this.warn(warning('LOAD_DEPRECATED_ITEM', message, context));
    const previous = this.rules.find(name);
    if (!previous) {
      const error = "Rule has 'enabled' key but no rule by that name already exists";
      throw new RuleLoadError('LOAD_ERR_VALIDATE', error, context, {
        help: 'add desc, condition, output and priority to define it, or load its file first',
      });
    }
    this.rules.change({ ...previous, enabled });
  }
}

function joined(previous: MappedText, next: MappedText): MappedText {
  return MappedText.join([previous, ' ', next]);
}

function differentSource(context: Context): RuleLoadError {
  return new RuleLoadError('LOAD_ERR_VALIDATE', 'Rule has been re-defined with a different source', context, {
    help: 'give it another name',
  });
}
