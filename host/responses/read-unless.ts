// The condition of `unless`: parsed and type-checked as a rule's.

import type { Check, Expression } from '../compiler/conditions/ast.ts';
import { ConditionSyntaxError } from '../compiler/conditions/lexer.ts';
import { parseCondition } from '../compiler/conditions/parser.ts';
import { firstOfSession, type SessionSource, sessionSourceIn } from '../compiler/conditions/session-checks.ts';
import { syntaxHelp } from '../compiler/conditions/syntax-help.ts';
import { WrongCheck } from '../compiler/conditions/type-of.ts';
import { checkTypes } from '../compiler/conditions/typecheck.ts';
import { unavailableFields } from '../compiler/conditions/unavailable.ts';
import { uncapturedEvents, uncapturedMessage } from '../compiler/conditions/uncaptured.ts';
import { unknownLists } from '../compiler/conditions/unknown-lists.ts';
import { stockFileOf } from '../compiler/rules/stock-names.ts';
import { meantField } from '../diagnostics/suggest.ts';
import { DEFAULT_SOURCE, EVENT_SOURCES, type EventSource } from '../schema/event-source.ts';
import { UnlessError } from './unless-error.ts';

const NO_LISTS = 'write out the values in brackets: lists of rule files can not be used here';

/** See sourcesOfUnless() of unless.ts. @throws {UnlessError} */
export function readSources(text: string): readonly EventSource[] {
  const errors = new Map<EventSource, UnlessError>();
  const sources = EVENT_SOURCES.filter((source) => {
    try {
      readUnless(text, source);
      return true;
    } catch (error) {
      if (!(error instanceof UnlessError)) throw error;
      errors.set(source, error);
      return false;
    }
  });
  if (sources.length > 0) return sources;
  // Where both refuse it, the first field that only one of them has decides the source.
  const meant = AUDIT_FIELD.test(text) ? 'k8s_audit' : DEFAULT_SOURCE;
  throw errors.get(meant) ?? new Error('it has no error');
}

/** How fields begin that audit events alone have. */
const AUDIT_FIELD = /(^|[\s(])(ka|jevt)\./;

/**
 * @param source whose fields it reads
 * @throws {UnlessError} as above
 */
export function readUnless(text: string, source: EventSource = DEFAULT_SOURCE): Expression {
  const condition = parse(text);
  refuseMacros(condition);
  try {
    checkTypes(condition, source);
  } catch (error) {
    if (!(error instanceof WrongCheck)) throw error;
    const { message, span, help } = error.reason;
    throw new UnlessError(message, span, help);
  }
  const ofSession = source === DEFAULT_SOURCE ? firstOfSession(condition) : undefined;
  const knownBy = ofSession && sessionSourceIn(ofSession);
  if (knownBy) {
    const help = 'write the condition into the rule, or into a rule of its own with a response of its own';
    throw new UnlessError(ONLY_RULES[knownBy], ofSession.span, help);
  }
  const [field] = unavailableFields(condition, [], source);
  if (field) throw new UnlessError(field.message, field.field.span);
  const [list] = unknownLists(condition, [], (name) => stockFileOf('list', name));
  if (list) throw new UnlessError(`there is no list ${list.at.text} here`, list.at.span, NO_LISTS);
  const [events] = source === DEFAULT_SOURCE ? uncapturedEvents(condition) : [];
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
