// The macros of a rule set: parsed, resolved each with those defined before it, and put into the conditions of rules.

import { type Context, RuleLoadError } from '../../diagnostics/diagnostic.ts';
import { meantField, nearest } from '../../diagnostics/suggest.ts';
import type { Expression } from '../conditions/ast.ts';
import type { Collection } from './collection.ts';
import { parseMapped, within } from './condition-text.ts';
import { type Expanded, expandMacros, type FoundMacro, MacroError, markedAs, pathToMacro } from './macros.ts';
import type { MappedText } from './mapped-text.ts';
import type { Mistakes } from './mistakes.ts';
import type { CompiledMacro } from './rule.ts';
import { stockFileOf } from './stock-names.ts';

const MACRO_HELP = {
  loop: undefined,
  levels: 'write it flat, `a or b or c`: each `(a or b) or c` is a level, also where the part in brackets is a macro',
  size: 'refer to a macro once instead of several times, and write many values as one list, with `in` or `pmatch`',
} as const;

interface MacroState {
  readonly written: Expression;
  expanded: Expanded | undefined;
  readonly text: MappedText;
  used: boolean;
}

export class MacroTable {
  readonly #collection: Collection;
  readonly #macros = new Map<string, MacroState>();

  /** All are parsed before any is resolved, each with those that it can see. */
  constructor(
    collection: Collection,
    mistakes: Mistakes,
    substitute: (text: MappedText, context: Context) => MappedText,
  ) {
    this.#collection = collection;
    const { macros } = collection;
    for (const macro of macros.all) {
      mistakes.attempt(() => {
        const text = substitute(macro.condition, macro.conditionContext);
        const written = markedAs(macro.name, parseMapped(text, macro.conditionContext));
        this.#macros.set(macro.name, { written, expanded: undefined, text, used: false });
      });
    }
    for (const macro of macros.all) {
      const state = this.#macros.get(macro.name);
      if (!state) continue;
      const visible = (name: string) => (macros.find(name)?.index ?? macro.visibility) < macro.visibility;
      state.expanded = mistakes.attempt(() => this.expand(state.written, state.text, macro.context, visible));
      if (!state.expanded) this.#macros.delete(macro.name);
    }
  }

  get all(): CompiledMacro[] {
    return [...this.#macros].map(([name, { written, expanded, used }]) => ({
      name,
      condition: expanded?.expression ?? written,
      used,
    }));
  }

  /**
   * The condition with its macros in place; these are used from now on.
   * @param visible the macros that it can see
   * @throws RuleLoadError
   */
  expand(
    expression: Expression,
    text: MappedText,
    context: Context,
    visible: (name: string) => boolean = () => true,
  ): Expanded {
    const find = (name: string): FoundMacro | undefined => {
      const macro = visible(name) ? this.#macros.get(name) : undefined;
      return macro && (macro.expanded ?? { expression: macro.written });
    };
    const used = new Set<string>();
    try {
      const expanded = expandMacros(expression, find, (name) => used.add(name));
      for (const name of used) {
        const macro = this.#macros.get(name);
        if (macro) macro.used = true;
      }
      return expanded;
    } catch (error) {
      if (!(error instanceof MacroError)) throw error;
      const place = within(context, text.locateBytes(error.span.start, error.span.end));
      throw new RuleLoadError(
        'LOAD_ERR_VALIDATE',
        error.message,
        place,
        { help: this.#help(error, context) },
        error.macro,
      );
    }
  }

  isUsed(name: string): boolean {
    return this.#macros.get(name)?.used ?? false;
  }

  /** The condition of a macro as written; undefined for one that is unknown or has an error. */
  textOf(name: string): MappedText | undefined {
    return this.#macros.get(name)?.text;
  }

  /** The macros by which a condition comes to one of them: that one first. */
  pathTo(name: string, condition: Expression): string[] {
    return pathToMacro(name, condition, (macro) => this.#macros.get(macro)?.written).reverse();
  }

  #help({ macro, reason }: MacroError, { type, name, file }: Context): string | undefined {
    if (reason !== 'unknown') return MACRO_HELP[reason];
    if (type === 'macro' && name === macro) {
      return 'a macro cannot stand in its own condition: to add to an earlier one, use `override: {condition: append}`';
    }
    if (this.#macros.has(macro)) return `move macro ${macro} before this one: a macro sees those defined earlier`;
    // It has an error itself, which is reported.
    if (this.#collection.macros.find(macro)) return undefined;
    const suggestion = nearest(macro, [...this.#macros.keys()]);
    if (suggestion) return `did you mean ${suggestion}?`;
    const stock = stockFileOf('macro', macro);
    if (stock) return `Falco's ${stock} defines it, and goes first: \`wasprey validate ${stock} ${file.name}\``;
    const field = meantField(macro);
    return field ? `did you mean ${field}?` : `a name by itself is a macro: define it with \`- macro: ${macro}\``;
  }
}
