// The condition of `unless`: parsed and type-checked as a rule's, and compiled to a guard, a rule that the engine runs on matches alone.

import type { Check, Expression } from '../compiler/conditions/ast.ts';
import { eventTypesOf } from '../compiler/conditions/event-types.ts';
import { ConditionSyntaxError } from '../compiler/conditions/lexer.ts';
import { parseCondition } from '../compiler/conditions/parser.ts';
import { firstOfSession, type SessionSource, sessionSourceIn } from '../compiler/conditions/session-checks.ts';
import { syntaxHelp } from '../compiler/conditions/syntax-help.ts';
import { checkTypes, WrongCheck } from '../compiler/conditions/typecheck.ts';
import { unavailableFields } from '../compiler/conditions/unavailable.ts';
import { uncapturedEvents, uncapturedMessage } from '../compiler/conditions/uncaptured.ts';
import { unknownLists } from '../compiler/conditions/unknown-lists.ts';
import type { RuleSource } from '../compiler/rules/rule.ts';
import { stockFileOf } from '../compiler/rules/stock-names.ts';
import { meantField } from '../diagnostics/suggest.ts';
import type { Response } from './settings.ts';

const NO_LISTS = 'write out the values in brackets: lists of rule files can not be used here';

/** What is wrong with a condition, and where in its text, in bytes of UTF-8. */
export class UnlessError extends Error {
  override readonly name = 'UnlessError';
  readonly start: number;
  readonly end: number;
  readonly help: string | undefined;

  constructor(message: string, { start, end }: { readonly start: number; readonly end: number }, help?: string) {
    super(message);
    this.start = start;
    this.end = end;
    this.help = help;
  }
}

/** @throws {UnlessError} also for what a rule is only warned of: an exception that never holds protects nothing */
export function readUnless(text: string): Expression {
  const condition = parse(text);
  refuseMacros(condition);
  try {
    checkTypes(condition);
  } catch (error) {
    if (!(error instanceof WrongCheck)) throw error;
    const { message, span, help } = error.reason;
    throw new UnlessError(message, span, help);
  }
  const ofSession = firstOfSession(condition);
  const source = ofSession && sessionSourceIn(ofSession);
  if (source) {
    const help = 'write the condition into the rule, or into a rule of its own with a response of its own';
    throw new UnlessError(ONLY_RULES[source], ofSession.span, help);
  }
  const [field] = unavailableFields(condition, []);
  if (field) throw new UnlessError(field.message, field.field.span);
  const [list] = unknownLists(condition, [], (name) => stockFileOf('list', name));
  if (list) throw new UnlessError(`there is no list ${list.at.text} here`, list.at.span, NO_LISTS);
  const [events] = uncapturedEvents(condition);
  if (events)
    throw new UnlessError(uncapturedMessage(events.names), events.at.span, '`wasprey list events` shows them');
  return condition;
}

const ONLY_RULES: Readonly<Record<SessionSource, string>> = {
  entry: 'how the session was entered is looked up for rules only',
  session: 'whose session it is becomes known after the event: only rules can wait for it',
};

function parse(text: string): Expression {
  try {
    return parseCondition(text);
  } catch (error) {
    if (!(error instanceof ConditionSyntaxError)) throw error;
    const { message, offset } = error;
    throw new UnlessError(message, { start: offset, end: offset + 1 }, syntaxHelp(text, offset));
  }
}

/** Macros stand in rule files, which may be replaced, or compiled already. */
function refuseMacros(expression: Expression): void {
  switch (expression.kind) {
    case 'and':
    case 'or':
      for (const child of expression.children) refuseMacros(child);
      return;
    case 'not':
      refuseMacros(expression.child);
      return;
    case 'check':
      refuseLists(expression);
      return;
    case 'macro': {
      const field = meantField(expression.name);
      const help =
        field === undefined
          ? 'write out its condition: macros of rule files can not be used here'
          : `did you mean ${field}?`;
      throw new UnlessError(`unknown macro ${expression.name}`, expression.span, help);
    }
  }
}

/** `in name`, without brackets, would be a value named like the list. */
function refuseLists({ right }: Check): void {
  if (right.kind !== 'values' || right.bare !== true) return;
  const [name] = right.values;
  throw new UnlessError(`there is no list ${name?.text ?? ''} here`, right.span, NO_LISTS);
}

/** Responses whose condition the engine has to evaluate. Their places in this list are the numbers of their guards. */
export function guarded(responses: readonly Response[]): readonly Response[] {
  return responses.filter(({ unless, where }) => unless !== undefined && where === 'host');
}

/** The guards as rules for the compiler. Their conditions were checked before. */
export function guardRules(responses: readonly Response[]): RuleSource[] {
  return guarded(responses).map(({ name, unless = '' }, index) => {
    const condition = readUnless(unless);
    return {
      name,
      description: '',
      priority: 'Debug',
      tags: [],
      source: 'syscall',
      output: 'unless',
      conditionText: unless,
      file: 'responses',
      line: index + 1,
      condition,
      eventTypes: eventTypesOf(condition),
    };
  });
}
