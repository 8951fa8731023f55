// Checks of fields of the session, which no module reads: of the session that the process is in (session.user), which the worker evaluates when the rest
// matches, and of exec sessions (k8s.user.name), where whose session it is becomes known after its events. A rule with such checks is taken apart into
// alternatives: a condition that events are evaluated by, and one on either kind of session alone. The rule is true if all of these are, of any
// alternative: exactly the same as the condition as written.

import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import { resolveNamed } from '../../schema/fields/index.ts';
import { MOST_ALTERNATIVES } from '../ir/module-limits.ts';
import type { Check, Expression, FieldOperand } from './ast.ts';
import { checksOf, fieldsOf } from './fields-of.ts';
import { printCondition } from './print.ts';

/** What a field of the session is of, by its source: the session that the process is in, or the exec session. */
export type SessionSource = 'entry' | 'session';

/** One alternative of a rule. A rule that reads nothing of a session has one, without `entry` and `session`. */
export interface Alternative {
  readonly condition: Expression;
  /** On the session that the process is in. Undefined: on any. */
  readonly entry?: Expression;
  /** On the exec session. Undefined: nothing more is to be known. */
  readonly session?: Expression;
}

/** Parts that are supposed to be true, then false, on all ways together: some conditions have few alternatives or none, and 2^n ways to there. */
const MOST_SUPPOSED = 1_024;

/** Undefined for a field that is not of the session. */
export function sessionSourceOf({ name, argument }: FieldOperand): SessionSource | undefined {
  const resolved = resolveNamed(name, argument, DEFAULT_SOURCE);
  if (!resolved.ok) return undefined;
  const { from } = resolved.field.source;
  return from === 'entry' || from === 'session' ? from : undefined;
}

/** What a check of the session reads: all its fields are of one source. Undefined for other checks. */
export function sessionSourceIn(check: Check): SessionSource | undefined {
  for (const field of fieldsOf(check)) {
    const source = sessionSourceOf(field);
    if (source) return source;
  }
  return undefined;
}

export function readsSession(check: Check): boolean {
  return sessionSourceIn(check) !== undefined;
}

/** The first check that reads a field of the session. */
export function firstOfSession(expression: Expression): Check | undefined {
  return checksOf(expression).find(readsSession);
}

/**
 * No two alternatives hold of the same session.
 * @param expression without macro references, types checked
 * @returns undefined: there are too many
 */
export function alternativesOf(expression: Expression): readonly Alternative[] | undefined {
  if (!firstOfSession(expression)) return [{ condition: expression }];
  const parts = new Map<string, Part>();
  const form = formOf(expression, parts);
  if (parts.size > MOST_SUPPOSED) return undefined;
  return expand(form, [...parts], [], { whole: expression, left: MOST_SUPPOSED });
}

interface Expansion {
  /** The condition. */
  readonly whole: Expression;
  /** How many parts may still be supposed. */
  left: number;
}

/** A part of the condition on the session alone. */
interface Part {
  readonly of: SessionSource;
  readonly expression: Expression;
}

/** A condition whose parts on the session alone are numbered by their texts. */
type Form =
  | { readonly kind: 'event'; readonly of: Expression }
  | { readonly kind: 'session'; readonly key: string }
  | { readonly kind: 'and' | 'or'; readonly of: Expression; readonly children: readonly Form[] }
  | { readonly kind: 'not'; readonly of: Expression; readonly child: Form };

/** A form with the verdicts on some of its parts in it. */
type Settled = Form | boolean;

function formOf(expression: Expression, parts: Map<string, Part>): Form {
  const source = sourceOf(expression);
  if (source === 'event') return { kind: 'event', of: expression };
  if (source !== 'several') return part({ of: source, expression }, parts);
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const { kind, span } = expression;
      const bySource = Map.groupBy(expression.children, sourceOf);
      const own = (['entry', 'session'] as const).flatMap((of): Form[] => {
        const children = bySource.get(of) ?? [];
        const [only] = children;
        const together = children.length > 1 ? { kind, children, span } : only;
        return together ? [part({ of, expression: together }, parts)] : [];
      });
      const others = expression.children.filter((child) => ['event', 'several'].includes(sourceOf(child)));
      return { kind, of: expression, children: [...own, ...others.map((child) => formOf(child, parts))] };
    }
    case 'not':
      return { kind: 'not', of: expression, child: formOf(expression.child, parts) };
    case 'check':
    case 'macro':
      throw new Error('a check reads fields of the session and of the event');
  }
}

/** What all checks of a condition read. */
function sourceOf(expression: Expression): SessionSource | 'event' | 'several' {
  const sources = new Set(checksOf(expression).map((check) => sessionSourceIn(check) ?? 'event'));
  const [source = 'event', ...others] = sources;
  return others.length > 0 ? 'several' : source;
}

function part(of: Part, parts: Map<string, Part>): Form {
  const key = printCondition(of.expression);
  parts.set(key, of);
  return { kind: 'session', key };
}

/** Supposes of each part that it is true, then that it is false; what is left of the condition must hold of the event. */
function expand(
  form: Settled,
  parts: readonly (readonly [key: string, part: Part])[],
  supposed: readonly Part[],
  expansion: Expansion,
): readonly Alternative[] | undefined {
  if (form === false) return [];
  const { whole } = expansion;
  const at = form === true ? -1 : parts.findIndex(([key]) => mentions(form, key));
  const [key, each] = parts[at] ?? [];
  if (form === true || !each || key === undefined) return [alternative(form, supposed, whole)];
  if (expansion.left-- === 0) return undefined;
  const others = parts.slice(at + 1);
  const not: Part = { of: each.of, expression: { kind: 'not', child: each.expression, span: whole.span } };
  // Too many on one side are too many: the other one is not looked at, or all 2^n would be.
  const ifTrue = expand(settle(form, key, true), others, [...supposed, each], expansion);
  if (!ifTrue) return undefined;
  const ifFalse = expand(settle(form, key, false), others, [...supposed, not], expansion);
  if (!ifFalse || ifTrue.length + ifFalse.length > MOST_ALTERNATIVES) return undefined;
  return [...ifTrue, ...ifFalse];
}

function mentions(form: Form, key: string): boolean {
  switch (form.kind) {
    case 'event':
      return false;
    case 'session':
      return form.key === key;
    case 'not':
      return mentions(form.child, key);
    case 'and':
    case 'or':
      return form.children.some((child) => mentions(child, key));
  }
}

function settle(form: Form, key: string, verdict: boolean): Settled {
  switch (form.kind) {
    case 'event':
      return form;
    case 'session':
      return form.key === key ? verdict : form;
    case 'not': {
      const child = settle(form.child, key, verdict);
      return typeof child === 'boolean' ? !child : { ...form, child };
    }
    case 'and':
    case 'or': {
      const decisive = form.kind === 'or';
      const children = form.children.map((child) => settle(child, key, verdict));
      if (children.includes(decisive)) return decisive;
      const left = children.filter((child) => typeof child !== 'boolean');
      const [only] = left;
      return left.length > 1 ? { ...form, children: left } : (only ?? !decisive);
    }
  }
}

function alternative(form: Form | true, supposed: readonly Part[], { span }: Expression): Alternative {
  const condition = form === true ? anyEvent(span) : conditionOf(form);
  const all = (source: SessionSource): Expression | undefined => {
    const children = supposed.flatMap(({ of, expression }) => (of === source ? [expression] : []));
    return children.length > 1 ? { kind: 'and', children, span } : children[0];
  };
  const [entry, session] = [all('entry'), all('session')];
  return { condition, ...(entry && { entry }), ...(session && { session }) };
}

function conditionOf(form: Form): Expression {
  switch (form.kind) {
    case 'event':
      return form.of;
    case 'session':
      throw new Error('a part on the session is not settled');
    case 'not':
      return { kind: 'not', child: conditionOf(form.child), span: form.of.span };
    case 'and':
    case 'or':
      return { kind: form.kind, children: form.children.map(conditionOf), span: form.of.span };
  }
}

/** True of every event. */
function anyEvent(span: Expression['span']): Expression {
  const left = { kind: 'field', name: 'evt.type', span } as const;
  return { kind: 'check', left, operator: 'exists', right: { kind: 'none' }, span };
}
