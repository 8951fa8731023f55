// From what was collected to rules that can be compiled: lists, macros and exceptions resolved, types checked, output
// templates parsed. Runs anew over everything after each file, since a later file may change what earlier rules mean.

import type { WarningCode } from '../../diagnostics/codes.ts';
import { type Context, RuleLoadError, warning } from '../../diagnostics/diagnostic.ts';
import { count } from '../../diagnostics/numbers.ts';
import { DEFAULT_SOURCE, fieldSource } from '../../schema/event-source.ts';
import { PRIORITIES, type Priority } from '../../schema/priority.ts';
import { adviseOn, comparesWithNotAvailable, deprecatedFields, type Remark } from '../conditions/advice.ts';
import type { Check, Expression, Span } from '../conditions/ast.ts';
import { type EventSet, eventTypesOf } from '../conditions/event-types.ts';
import { type StaticFields, withStaticValues } from '../conditions/static-fields.ts';
import { WrongCheck } from '../conditions/type-of.ts';
import { checkTypes } from '../conditions/typecheck.ts';
import { unavailableFields } from '../conditions/unavailable.ts';
import { uncapturedEvents, uncapturedMessage } from '../conditions/uncaptured.ts';
import { unknownLists } from '../conditions/unknown-lists.ts';
import type { Collection, Placed } from './collection.ts';
import { compiledRule } from './compiled-rule.ts';
import { parseMapped, within } from './condition-text.ts';
import { withExceptions } from './exceptions.ts';
import type { RuleItem } from './items.ts';
import { type CompiledList, ListTable, TooLongError } from './lists.ts';
import { MacroTable } from './macro-table.ts';
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
  readonly #sizes = new RuleSizes();
  readonly #macros: MacroTable;

  constructor(collection: Collection, mistakes: Mistakes, minimum: Priority, statics: StaticFields) {
    this.#collection = collection;
    this.#mistakes = mistakes;
    this.#statics = statics;
    this.#leastSevere = PRIORITIES.indexOf(minimum);
    this.#lists = new ListTable(collection.lists);
    this.#macros = new MacroTable(collection, mistakes, (text, context) => this.#substitute(text, context));
  }

  compile(): Compiled {
    const leftOut: string[] = [];
    const rules = this.#collection.rules.all.flatMap((rule) => {
      const compiled = this.#mistakes.attempt(() => this.#compileRule(rule));
      if (!compiled) leftOut.push(rule.condition.text);
      return compiled ?? [];
    });
    if (!this.#mistakes.any) this.#warnOfUnused();
    return { rules, lists: this.#lists.all, macros: this.#macros.all, leftOut };
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
    const written = { rule, text, expression: parseMapped(text, rule.conditionContext) };
    const expanded = this.#macros.expand(written.expression, text, rule.context);
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
    const where = macro === undefined ? text : (this.#macros.textOf(macro) ?? text);
    return within(rule.conditionContext, where.locateBytes(span.start, span.end));
  }

  /** The macros by which the condition comes to a check, as a note. */
  #origin({ macro }: Check, { expression }: Written): string[] {
    if (macro === undefined) return [];
    const path = this.#macros.pathTo(macro, expression);
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
      if (this.#macros.isUsed(macro.name)) continue;
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
