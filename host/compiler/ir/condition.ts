// The intermediate form of conditions: one tree per rule and event type, of tests of values (value.ts). Trees are simplified while they
// are built: constants fold, nested `all` and `any` are merged, twins are dropped.

import type { Comparison } from '../../schema/integers.ts';
import { printValue } from './print-value.ts';
import {
  joinScopes,
  matchKey,
  type PairOperator,
  type Piece,
  piecesKey,
  type Scope,
  scopeOfPiece,
  type TextMatch,
  type TextValue,
} from './text.ts';
import { isThere, isZero, ofImage, type Value } from './value.ts';

interface Weighed {
  /** Same key, same condition. */
  readonly key: string;
  readonly scope: Scope;
  /** Rough cost in nanoseconds, and chance to be true: what the order of tests is made by. */
  readonly cost: number;
  readonly chance: number;
}

interface TestBase extends Weighed {
  readonly kind: 'test';
}

export type Test = TestBase &
  /** The value, a bool, is true. */
  (
    | { readonly test: 'value'; readonly value: Value }
    | { readonly test: 'text'; readonly text: TextValue; readonly match: TextMatch }
    | { readonly test: 'stream'; readonly pieces: readonly Piece[]; readonly match: TextMatch }
    | {
        readonly test: 'pair';
        readonly left: readonly Piece[];
        readonly right: readonly Piece[];
        readonly operator: PairOperator;
      }
    /** Holds for an ancestor of the process: within `condition`, `image` is the ancestor. */
    | { readonly test: 'ancestor'; readonly condition: Condition }
    /** Exactly one of them holds. */
    | { readonly test: 'one'; readonly conditions: readonly Condition[] }
  );

export type Condition =
  | { readonly kind: 'constant'; readonly value: boolean; readonly key: string }
  /** In the order in which they are best tested. */
  | (Weighed & { readonly kind: 'all' | 'any'; readonly children: readonly Condition[] })
  | (Weighed & { readonly kind: 'not'; readonly child: Test })
  | Test;

export const TRUE: Condition = { kind: 'constant', value: true, key: 'true' };
export const FALSE: Condition = { kind: 'constant', value: false, key: 'false' };

export function constant(value: boolean): Condition {
  return value ? TRUE : FALSE;
}

/** The conjuncts of the condition. */
export function conjunctsOf(condition: Condition): readonly Condition[] {
  return condition.kind === 'all' ? condition.children : [condition];
}

export function scopeOf(condition: Condition): Scope {
  return condition.kind === 'constant' ? 'image' : condition.scope;
}

function costOf(condition: Condition): number {
  return condition.kind === 'constant' ? 0 : condition.cost;
}

function chanceOf(condition: Condition): number {
  if (condition.kind === 'constant') return condition.value ? 1 : 0;
  return condition.chance;
}

/**
 * The order with the least expected cost: by cost over the chance to decide the whole (for `all` to be false, for `any` to be true). Ties are
 * ordered by key, so the order of a rule's checks makes no difference.
 */
function inOrder(kind: 'all' | 'any', children: readonly Condition[]): readonly Condition[] {
  const rank = (child: Condition): number => {
    const decides = kind === 'all' ? 1 - chanceOf(child) : chanceOf(child);
    return costOf(child) / Math.max(decides, 0.001);
  };
  return [...children].sort((a, b) => rank(a) - rank(b) || (a.key < b.key ? -1 : 1));
}

function combine(kind: 'all' | 'any', members: Iterable<Condition>): Condition {
  const neutral = kind === 'all';
  const children = new Map<string, Condition>();
  for (const member of members) {
    if (member.kind === 'constant') {
      if (member.value !== neutral) return constant(!neutral);
      continue;
    }
    for (const child of member.kind === kind ? member.children : [member]) {
      // x and not x; x or not x
      if (children.has(child.kind === 'not' ? child.child.key : `!${child.key}`)) return constant(!neutral);
      children.set(child.key, child);
    }
  }
  if (children.size === 0) return constant(neutral);
  const list = inOrder(kind, [...children.values()]);
  const [first] = list;
  if (list.length === 1 && first) return first;
  const key = `${kind}(${list.map((child) => child.key).join(',')})`;
  let cost = 0;
  // The chance that the next one is evaluated: all before were true, or none was.
  let further = 1;
  for (const child of list) {
    cost += further * costOf(child);
    further *= kind === 'all' ? chanceOf(child) : 1 - chanceOf(child);
  }
  const chance = kind === 'all' ? further : 1 - further;
  return { kind, children: list, key, scope: joinScopes(list.map(scopeOf)), cost, chance };
}

/** True if all are. Lazy: stops at the first `false`. */
export function all(members: Iterable<Condition>): Condition {
  return combine('all', members);
}

/** True if any is. */
export function any(members: Iterable<Condition>): Condition {
  return combine('any', members);
}

/** Negation, pushed down to the tests. */
export function not(condition: Condition): Condition {
  switch (condition.kind) {
    case 'constant':
      return constant(!condition.value);
    case 'not':
      return condition.child;
    case 'all':
      return any(condition.children.map(not));
    case 'any':
      return all(condition.children.map(not));
    case 'test':
      return {
        kind: 'not',
        child: condition,
        key: `!${condition.key}`,
        scope: condition.scope,
        cost: condition.cost,
        chance: 1 - condition.chance,
      };
  }
}

/** The value, a bool, is true. */
export function holds(value: Value, scope: Scope, cost = 1): Condition {
  if (value.node === 'boolean') return constant(value.value);
  const key = `code:${printValue(value)}`;
  return { kind: 'test', test: 'value', value, key, scope, cost, chance: chanceOfValue(value) };
}

/** Guesses: a thing is seldom one certain value, and often not nothing. */
function chanceOfValue(value: Value): number {
  switch (value.node) {
    case 'comparison':
      return chanceOfComparison(value.operator, value.right);
    case 'oneOf':
      return 0.9;
    case 'call':
      return value.operator === 'isNamed' || value.operator === 'isSameAddress' ? 0.2 : 0.5;
    case 'variable':
    case 'integer':
    case 'boolean':
    case 'member':
    case 'flag':
    case 'function':
    case 'cast':
    case 'arithmetic':
    case 'byte':
    case 'choice':
      return 0.5;
    default:
      return value satisfies never;
  }
}

function chanceOfComparison(operator: Comparison, right: Value): number {
  if (operator === '==') return 0.2;
  if (operator !== '!=') return 0.5;
  return isZero(right) ? 0.9 : 0.8;
}

/** Measured on paths of 20 to 50 bytes, roughly. */
const MATCH_COST = { equals: 4, contains: 8, startswith: 3, endswith: 4, automaton: 15 } as const;

function chanceOfMatch(match: TextMatch): number {
  return match.op === 'equals' ? Math.min(0.5, 0.03 * match.values.length) : 0.1;
}

/** @param text as it is in memory, not as it is shown */
export function matchText(text: TextValue, match: TextMatch): Condition {
  const key = `text:${printValue(text.value)}:${text.case ?? ''}:${matchKey(match)}`;
  return {
    kind: 'test',
    test: 'text',
    text,
    match,
    key,
    scope: text.scope,
    cost: MATCH_COST[match.op],
    chance: chanceOfMatch(match),
  };
}

export function matchPieces(pieces: readonly Piece[], match: TextMatch): Condition {
  const key = `stream:${piecesKey(pieces)}:${matchKey(match)}`;
  const scope = joinScopes(pieces.map(scopeOfPiece));
  return { kind: 'test', test: 'stream', pieces, match, key, scope, cost: 80, chance: 0.2 };
}

export function matchPair(left: readonly Piece[], right: readonly Piece[], operator: PairOperator): Condition {
  const key = `pair:${piecesKey(left)}:${operator}:${piecesKey(right)}`;
  const scope = joinScopes([...left, ...right].map(scopeOfPiece));
  return { kind: 'test', test: 'pair', left, right, operator, key, scope, cost: 60, chance: 0.2 };
}

const PARENT = ofImage('parent_address');

/** True if the condition holds for any ancestor, the process itself excluded. */
export function anyAncestor(condition: Condition): Condition {
  if (condition.kind === 'constant' && !condition.value) return condition;
  if (condition.kind === 'constant') return holds(isThere(PARENT), 'image');
  const { key, scope } = condition;
  const cost = 8 * costOf(condition);
  return { kind: 'test', test: 'ancestor', condition, key: `ancestor:${key}`, scope, cost, chance: 0.3 };
}

export function exactlyOne(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return FALSE;
  const [first] = conditions;
  if (conditions.length === 1 && first) return first;
  const key = `one(${conditions.map((condition) => condition.key).join(',')})`;
  const cost = conditions.reduce((sum, condition) => sum + costOf(condition), 0);
  return { kind: 'test', test: 'one', conditions, key, scope: joinScopes(conditions.map(scopeOf)), cost, chance: 0.5 };
}
