// From what was collected to rules that can be compiled: lists, macros and exceptions resolved, types checked, output
// templates parsed. Runs anew over everything after each file, since a later file may change what earlier rules mean.

import type { WarningCode } from '../../diagnostics/codes.ts';
import { type Context, RuleLoadError, warning } from '../../diagnostics/diagnostic.ts';
import { count } from '../../diagnostics/numbers.ts';
import { meantField, nearest } from '../../diagnostics/suggest.ts';
import { DEFAULT_SOURCE, fieldSource } from '../../schema/event-source.ts';
import { PRIORITIES, type Priority } from '../../schema/priority.ts';
import { adviseOn, comparesWithNotAvailable, deprecatedFields, type Remark } from '../conditions/advice.ts';
import type { Check, Expression, Span } from '../conditions/ast.ts';
import { type EventSet, eventTypesOf } from '../conditions/event-types.ts';
import { ConditionSyntaxError } from '../conditions/lexer.ts';
import { parseCondition } from '../conditions/parser.ts';
import { type StaticFields, withStaticValues } from '../conditions/static-fields.ts';
import { syntaxHelp } from '../conditions/syntax-help.ts';
import { checkTypes, WrongCheck } from '../conditions/typecheck.ts';
import { unavailableFields } from '../conditions/unavailable.ts';
import { uncapturedEvents, uncapturedMessage } from '../conditions/uncaptured.ts';
import { unknownLists } from '../conditions/unknown-lists.ts';
import type { Collection, Placed } from './collection.ts';
import { compiledRule } from './compiled-rule.ts';
import { withExceptions } from './exceptions.ts';
import type { RuleItem } from './items.ts';
import { type CompiledList, ListTable, TooLongError } from './lists.ts';
import { type Expanded, expandMacros, type FoundMacro, MacroError, markedAs, pathToMacro } from './macros.ts';
import type { MappedText } from './mapped-text.ts';
import type { Mistakes } from './mistakes.ts';
import { compileOutput } from './output.ts';
import type { CompiledMacro, CompiledRule } from './rule.ts';
import { RuleSizes } from './rule-sizes.ts';
import { stockFileOf } from './stock-names.ts';

/** Most event types of a rule without a warning. Falco counts two codes a type, and warns above 100. */
const MOST_EVENT_TYPES = 50;

/** Most macros in a note. */
const MACROS_NAMED = 8;

const MACRO_HELP = {
  loop: undefined,
  levels: 'write it flat, `a or b or c`: each `(a or b) or c` is a level, also where the part in brackets is a macro',
  size: 'refer to a macro once instead of several times, and write many values as one list, with `in` or `pmatch`',
} as const;

export interface Compiled {
  readonly rules: readonly CompiledRule[];
  readonly lists: readonly CompiledList[];
  readonly macros: readonly CompiledMacro[];
  /** Conditions, as written, of rules that are not compiled: of other sources, too harmless, or with unknown fields. */
  readonly leftOut: readonly string[];
}

/**
 * @param minimum less severe rules are skipped unchecked
 * @param statics values of static fields
 * @throws RuleLoadError
 */
export function compileRules(
  collection: Collection,
  mistakes: Mistakes,
  minimum: Priority = 'Debug',
  statics: StaticFields = {},
): Compiled {
  return new RuleCompiler(collection, mistakes, minimum, statics).compile();
}

interface MacroState {
  readonly written: Expression;
  expanded: Expanded | undefined;
  readonly text: MappedText;
  used: boolean;
}

/** A rule's condition with its lists, before its macros are in place. */
interface Written {
  readonly rule: RuleItem;
  readonly text: MappedText;
  readonly expression: Expression;
}

class RuleCompiler {
  readonly #collection: Collection;
  readonly #mistakes: Mistakes;
  readonly #leastSevere: number;
  readonly #statics: StaticFields;
  readonly #lists: ListTable;
  readonly #macros = new Map<string, MacroState>();
  readonly #sizes = new RuleSizes();

  constructor(collection: Collection, mistakes: Mistakes, minimum: Priority, statics: StaticFields) {
    this.#collection = collection;
    this.#mistakes = mistakes;
    this.#statics = statics;
    this.#leastSevere = PRIORITIES.indexOf(minimum);
    this.#lists = new ListTable(collection.lists);
  }

  compile(): Compiled {
    this.#compileMacros();
    const leftOut: string[] = [];
    const rules = this.#collection.rules.all.flatMap((rule) => {
      const compiled = this.#mistakes.attempt(() => this.#compileRule(rule));
      if (!compiled) leftOut.push(rule.condition.text);
      return compiled ?? [];
    });
    if (!this.#mistakes.any) this.#warnOfUnused();
    const macros = [...this.#macros].map(([name, { written, expanded, used }]) => ({
      name,
      condition: expanded?.expression ?? written,
      used,
    }));
    return { rules, lists: this.#lists.all, macros, leftOut };
  }

  /** All are parsed before any is resolved, each with those that it can see. */
  #compileMacros(): void {
    const { macros } = this.#collection;
    for (const macro of macros.all) {
      this.#mistakes.attempt(() => {
        const text = this.#substitute(macro.condition, macro.conditionContext);
        const written = markedAs(macro.name, parse(text, macro.conditionContext));
        this.#macros.set(macro.name, { written, expanded: undefined, text, used: false });
      });
    }
    for (const macro of macros.all) {
      const state = this.#macros.get(macro.name);
      if (!state) continue;
      const visible = (name: string) => (macros.find(name)?.index ?? macro.visibility) < macro.visibility;
      state.expanded = this.#mistakes.attempt(() => this.#expand(state.written, state.text, macro.context, visible));
      if (!state.expanded) this.#macros.delete(macro.name);
    }
  }

  #compileRule(rule: Placed<RuleItem>): CompiledRule | undefined {
    if (PRIORITIES.indexOf(rule.priority) > this.#leastSevere) return undefined;
    if (!this.#collection.hasSource(rule.source)) return undefined;
    this.#sizes.check(rule);
    const condition = withExceptions(rule.condition, rule.exceptions);
    // The output comes first, as in Falco: its mistakes are reported before those of the condition, and a
    // rule left out for its output uses no lists and macros.
    const output = compileOutput(rule, this.#collection, this.#statics);
    if (!output) return undefined;
    const text = this.#substitute(condition, rule.conditionContext);
    const written = { rule, text, expression: parse(text, rule.conditionContext) };
    const expanded = this.#expand(written.expression, text, rule.context, () => true);
    this.#sizes.addExpanded(expanded.size, rule.conditionContext);
    if (comparesWithNotAvailable(expanded.expression)) {
      this.#warn(
        'LOAD_UNSAFE_NA_CHECK',
        'comparison with <NA> is unsafe: an absent field equals nothing',
        rule.context,
      );
    }
    this.#warnOfRemarks(deprecatedFields(expanded.expression), written);
    const expression = this.#checkTypes(expanded.expression, written);
    if (!expression) return undefined;
    const source = fieldSource(rule.source);
    this.#warnOfRemarks(adviseOn(expression, source), written);
    this.#sizes.addHostNames(rule, expression);
    const eventTypes = eventTypesOf(expression);
    this.#warnOfEventTypes(rule, eventTypes);
    for (const { field, check, message } of unavailableFields(expression, output.template, source)) {
      const place = check ? this.#locate(field.span, check, written) : rule.outputContext;
      const advice = { notes: check ? this.#origin(check, written) : [] };
      this.#collection.warn(warning('WASPREY_FIELD_UNAVAILABLE', message, place, advice));
    }
    for (const { names, check, at } of rule.enabled && rule.source === DEFAULT_SOURCE
      ? uncapturedEvents(expression)
      : []) {
      const place = this.#locate(at.span, check, written);
      const advice = { notes: this.#origin(check, written), help: '`wasprey list events` shows the captured ones' };
      this.#collection.warn(warning('WASPREY_EVENT_UNAVAILABLE', uncapturedMessage(names), place, advice));
    }
    const lists = this.#lists.all.map(({ name }) => name);
    for (const { check, at, message, help } of unknownLists(expression, lists, (name) => stockFileOf('list', name))) {
      const place = this.#locate(at.span, check, written);
      const advice = { notes: this.#origin(check, written), help };
      this.#collection.warn(warning('WASPREY_UNKNOWN_LIST', message, place, advice));
    }
    const placeOf: CompiledRule['placeOf'] = (span, check) => this.#locate(span, check, written);
    return compiledRule(rule, text, expression, eventTypes, output, placeOf);
  }

  #substitute(text: MappedText, context: Context): MappedText {
    try {
      const substituted = this.#lists.substitute(text);
      this.#sizes.addText(substituted.text, context);
      return substituted;
    } catch (error) {
      if (!(error instanceof TooLongError)) throw error;
      throw new RuleLoadError('LOAD_ERR_COMPILE_CONDITION', error.message, context);
    }
  }

  #expand(expression: Expression, text: MappedText, context: Context, visible: (name: string) => boolean): Expanded {
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
        { help: this.#macroHelp(error, context) },
        error.macro,
      );
    }
  }

  #macroHelp({ macro, reason }: MacroError, { type, name, file }: Context): string | undefined {
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

  /** The condition with the values of static fields; undefined if the rule is to be left out for a field that is not known. */
  #checkTypes(expanded: Expression, written: Written): Expression | undefined {
    try {
      const expression = withStaticValues(expanded, this.#statics);
      checkTypes(expression, fieldSource(written.rule.source));
      return expression;
    } catch (error) {
      if (!(error instanceof WrongCheck)) throw error;
      const { check, reason } = error;
      const place = this.#locate(reason.span, check, written);
      const advice = { notes: this.#origin(check, written), help: reason.help };
      if (!reason.unknown || !written.rule.skipIfUnknownFilter) {
        throw new RuleLoadError('LOAD_ERR_COMPILE_CONDITION', reason.message, place, advice);
      }
      this.#collection.warn(warning('LOAD_UNKNOWN_FILTER', reason.message, place, advice));
      return undefined;
    }
  }

  /** The place of a span: in the macro that the check was written in, or in the condition itself. */
  #locate(span: Span, { macro }: Check, { rule, text }: Written): Context {
    const where = macro === undefined ? text : (this.#macros.get(macro)?.text ?? text);
    return within(rule.conditionContext, where.locateBytes(span.start, span.end));
  }

  /** The macros by which the condition comes to a check, as a note. */
  #origin({ macro }: Check, { expression }: Written): string[] {
    if (macro === undefined) return [];
    const path = pathToMacro(macro, expression, (name) => this.#macros.get(name)?.written).reverse();
    const more = path.length - MACROS_NAMED;
    const shown = path.slice(0, MACROS_NAMED).join(', used by macro ');
    return [`in macro ${shown}${more > 0 ? `, used by ${count(more, 'macro')} more` : ''}`];
  }

  #warnOfRemarks(remarks: readonly Remark[], written: Written): void {
    for (const { code, message, help, check, at } of remarks) {
      const place = this.#locate(at.span, check, written);
      this.#collection.warn(warning(code, message, place, { notes: this.#origin(check, written), help }));
    }
  }

  #warnOfEventTypes(rule: RuleItem, eventTypes: EventSet): void {
    if (rule.source !== DEFAULT_SOURCE || !rule.warnEventTypes || eventTypes.size <= MOST_EVENT_TYPES) return;
    const message = 'Rule matches too many evt.type values. This has a significant performance penalty.';
    const help = 'begin the condition with its event types: evt.type in (open, openat) and ...';
    this.#collection.warn(warning('LOAD_NO_EVTTYPE', message, rule.context, { help }));
  }

  #warnOfUnused(): void {
    for (const macro of this.#collection.macros.all) {
      if (this.#macros.get(macro.name)?.used) continue;
      this.#warn('LOAD_UNUSED_MACRO', 'Macro not referred to by any other rule/macro', macro.context);
    }
    for (const { name, used } of this.#lists.all) {
      const list = this.#collection.lists.find(name);
      if (used || !list) continue;
      this.#warn('LOAD_UNUSED_LIST', 'List not referred to by any other rule/macro', list.context);
    }
  }

  #warn(code: WarningCode, message: string, context: Context): void {
    this.#collection.warn(warning(code, message, context));
  }
}

function parse(text: MappedText, context: Context): Expression {
  try {
    return parseCondition(text.text);
  } catch (error) {
    if (!(error instanceof ConditionSyntaxError)) throw error;
    const location = text.locateBytes(error.offset, error.offset + 1);
    throw new RuleLoadError('LOAD_ERR_COMPILE_CONDITION', error.message, within(context, location), {
      help: syntaxHelp(text.text, error.offset),
      notes: location?.list === undefined ? [] : [`here the items of list ${location.list} stand for its name`],
    });
  }
}

function within(parent: Context, location: ReturnType<MappedText['locate']>): Context {
  const { file, start, end } = location ?? parent;
  return { type: 'condition expression', name: '', file, start, end, parent };
}
