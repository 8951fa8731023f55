// Comparisons of two values of the event with each other.
//
//   proc.pid = val(proc.ppid)       i64(i64(imagePid(image))) == i64(i64(imagePid(imageParentAddress(image))))
//   fd.sip = val(fd.cip)            isSameAddress(fdSip(event), ..., fdCip(event), ...)
//   proc.name = val(proc.pname)     the two texts, byte by byte

import type { Check } from '../conditions/ast.ts';
import { all, any, type Condition, FALSE, holds, matchPair, not } from '../ir/condition.ts';
import type { PairOperator } from '../ir/text.ts';
import { call, cast, compare } from '../ir/value.ts';
import { checkTextsAgainst } from './list-check.ts';
import { comparisonOf, numberOperator } from './number-check.ts';
import type { LoweringContext, Operand } from './operand.ts';
import { piecesOf, splitEither } from './pieces.ts';
import { exists } from './text-check.ts';
import type { TextOperator } from './text-match.ts';

/** One text among those of a list: `in`, `intersects`. */
export function compareWithList(
  left: Operand,
  operator: Check['operator'],
  list: Operand,
  context: LoweringContext,
): Condition | undefined {
  if (operator !== 'in' && operator !== 'intersects') return undefined;
  if (list.kind === 'list') {
    const equals = (item: Operand): Condition => comparePair(left, operator, item) ?? FALSE;
    return all([exists(list), any(list.items.map((item) => splitEither(item, equals)))]);
  }
  const pieces = piecesOf(left);
  if (list.kind !== 'texts' || !pieces || pieces.some(({ kind }) => kind === 'joined')) return undefined;
  return all([exists(left), checkTextsAgainst(list, 'intersects', pieces, context)]);
}

const PAIR_OPERATORS: Readonly<Partial<Record<TextOperator | 'in' | 'intersects' | '!=', PairOperator>>> = {
  '=': 'equals',
  '==': 'equals',
  in: 'equals',
  intersects: 'equals',
  contains: 'contains',
  icontains: 'icontains',
  startswith: 'startswith',
  endswith: 'endswith',
  glob: 'glob',
  iglob: 'iglob',
};

export function comparePair(left: Operand, operator: Check['operator'], right: Operand): Condition | undefined {
  if (left.kind === 'number' && right.kind === 'number') return compareNumbers(left, operator, right);
  if (left.kind === 'address' && right.kind === 'address') {
    const same = holds(call('isSameAddress', left.value, left.v6, right.value, right.v6), 'event', 3);
    return all([exists(left), exists(right), operator === '!=' ? not(same) : same]);
  }
  if (left.kind === 'boolean' && right.kind === 'boolean') {
    const same = any([all([left.condition, right.condition]), all([not(left.condition), not(right.condition)])]);
    return operator === '!=' ? not(same) : same;
  }
  const [a, b] = [piecesOf(left), piecesOf(right)];
  if (!a || !b || [...a, ...b].some(({ kind }) => kind === 'joined')) return undefined;
  const there = all([exists(left), exists(right)]);
  switch (operator) {
    case '!=':
      return all([there, not(matchPair(a, b, 'equals'))]);
    case '<':
      return all([there, matchPair(a, b, 'less')]);
    case '<=':
      return all([there, matchPair(a, b, 'lessOrEqual')]);
    case '>':
      return all([there, matchPair(b, a, 'less')]);
    case '>=':
      return all([there, matchPair(b, a, 'lessOrEqual')]);
    case 'exists':
    case 'pmatch':
    case 'regex':
    case 'bcontains':
    case 'bstartswith':
      return undefined;
    default: {
      const pair = PAIR_OPERATORS[operator];
      return pair && all([there, matchPair(a, b, pair)]);
    }
  }
}

function compareNumbers(
  left: Extract<Operand, { kind: 'number' }>,
  operator: Check['operator'],
  right: Extract<Operand, { kind: 'number' }>,
): Condition {
  const as = operator === 'in' || operator === 'intersects' ? '==' : comparisonOf(numberOperator(operator));
  const unsigned = left.unsigned && right.unsigned;
  const type = unsigned ? 'u64' : 'i64';
  const scope = left.scope === 'event' || right.scope === 'event' ? 'event' : 'image';
  const comparison = holds(compare(cast(type, left.value), as, cast(type, right.value)), scope);
  return all([exists(left), exists(right), comparison]);
}
