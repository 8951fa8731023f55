// One check on events of one type: the field becomes an operand, the operator a condition on it.
//
//   fd.name startswith /etc      the text orEmpty(descriptorName(event)) begins with /etc
//   evt.type = open              true or false
//   fd.sport in (80, 443)        any of two comparisons of i64(fdSport(event))
//   proc.aname = sshd            any ancestor whose imageComm(image) is sshd
//   fd.name contains oneof (a)   exactly one of the values

import type { Operand as AstOperand, Check, Literal } from '../conditions/ast.ts';
import { constantsOf } from '../conditions/fields-of.ts';
import { literalBytes } from '../conditions/literal-bytes.ts';
import { all, any, anyAncestor, type Condition, exactlyOne, FALSE, not } from '../ir/condition.ts';
import type { Bytes } from '../ir/text.ts';
import { warnOfAccountNames } from './account-names.ts';
import { aroundCheck } from './around.ts';
import { knownField } from './field.ts';
import { comparesNames, nameCheck } from './host-name-check.ts';
import { checkTextsAgainst, checkTextsValues, compareLists, type Texts } from './list-check.ts';
import {
  checkAddress,
  checkBoolean,
  checkNumber,
  constantFor,
  type NumberOperator,
  numberOperator,
  portNumber,
} from './number-check.ts';
import type { LoweringContext, Operand } from './operand.ts';
import { comparePair, compareWithList } from './pair-check.ts';
import { isTooLarge, piecesOf, splitEither } from './pieces.ts';
import { checkText, exists } from './text-check.ts';
import { pathMatch, textMatch } from './text-match.ts';
import { lowerOperand, type TypedOperand } from './transform.ts';

export function lowerCheck(check: Check, context: LoweringContext): Condition {
  try {
    return lower(check, context);
  } catch (error) {
    context.fail(error);
    return FALSE;
  }
}

function lower(check: Check, context: LoweringContext): Condition {
  const { left } = check;
  if (isDecidedAsWhole(left, context)) return aroundCheck(check, context.type);
  if (comparesNames(check, context)) return nameCheck(check, context);
  warnOfAccountNames(check, context);
  const typed = lowerOperand(left, context);
  const { operand } = typed;
  if (operand.kind === 'absent') return FALSE;
  const limited = asFalcoCompares(typed, check, context);
  return limited ? lowerTyped(typed, limited, context) : FALSE;
}

/** Whether the field has no value: the check is a condition on the event as a whole. */
function isDecidedAsWhole(left: AstOperand, { type }: LoweringContext): boolean {
  return left.kind === 'field' && knownField(left.name, left.argument, type).field.source.from === 'condition';
}

/**
 * Some fields have special comparisons in Falco, which support less than the language: they use only the first of a modifier's values,
 * and numbers of all ancestors or of evt.rawarg are never `in` a list, nor do the ends of a connection intersect one.
 */
function asFalcoCompares(typed: TypedOperand, check: Check, context: LoweringContext): Check | undefined {
  const { operator, modifier, right, left } = check;
  const ancestors = typed.operand.kind === 'ancestors';
  if (!ancestors && !typed.eitherEnd && !typed.dynamic) return check;
  const field = left.kind === 'field' ? left.name : 'this';
  const numbers = typed.type === 'number' && !typed.eitherEnd;
  if ((operator === 'intersects' && typed.eitherEnd) || ((operator === 'in' || operator === 'intersects') && numbers)) {
    context.warn('values-ignored', `${field} ${operator} (...) is never true, as in Falco; write = for each value`);
    return undefined;
  }
  if (modifier === undefined || right.kind !== 'values' || right.values.length < 2) return check;
  const named = `${field} ${operator} ${modifier} (...)`;
  context.warn('values-ignored', `${named} uses the first value only, as in Falco; write ${operator} for each value`);
  return { ...check, right: { ...right, values: right.values.slice(0, 1) } };
}

/** Lowers a check by how many values there are: those of all ancestors, of a list, or one. */
function lowerTyped(typed: TypedOperand, check: Check, context: LoweringContext): Condition {
  const { operand } = typed;
  if (operand.kind === 'ancestors')
    return anyAncestor(checkOperand({ ...typed, operand: operand.each }, check, context));
  if (operand.kind === 'texts') return checkTexts(operand, check, context);
  if (operand.kind === 'list') return checkList({ ...typed, operand }, check, context);
  return checkOperand(typed, check, context);
}

function checkList(
  typed: TypedOperand & { readonly operand: Extract<Operand, { kind: 'list' }> },
  check: Check,
  context: LoweringContext,
): Condition {
  const { items } = typed.operand;
  if (check.operator === 'exists') return exists(typed.operand);
  const each = items.map((operand) => checkOperand({ ...typed, operand }, { ...check, operator: 'in' }, context));
  return all([exists(typed.operand), check.operator === 'in' ? all(each) : any(each)]);
}

function checkTexts(texts: Texts, { operator, right }: Check, context: LoweringContext): Condition {
  if (operator === 'exists') return texts.there;
  if (right.kind === 'operand') {
    const other = lowerOperand(right.operand, context);
    return splitEither(other.operand, (against) => compareTexts(texts, operator, against, context));
  }
  return checkTextsValues(texts, operator, constantsOf({ right }).map(bytesOf), context);
}

function compareTexts(
  texts: Texts,
  operator: Check['operator'],
  against: Operand,
  context: LoweringContext,
): Condition {
  if (against.kind === 'absent') return FALSE;
  if (against.kind === 'list' && against.items.every((item) => item.kind === 'constant')) {
    return checkTextsValues(
      texts,
      operator,
      against.items.map((item) => item.bytes),
      context,
    );
  }
  const lists = against.kind === 'texts' ? compareLists(texts, operator === 'in', against) : undefined;
  if (lists) return lists;
  const pieces = piecesOf(against);
  if (pieces?.every(({ kind }) => kind !== 'joined'))
    return all([exists(against), checkTextsAgainst(texts, operator, pieces, context)]);
  context.warn('condition-not-supported', 'comparing these two lists is not supported; the condition is never true');
  return FALSE;
}

function checkOperand(typed: TypedOperand, check: Check, context: LoweringContext): Condition {
  const { operator, right, modifier } = check;
  if (operator === 'exists') return exists(typed.operand);
  if (right.kind === 'operand') return checkAgainst(typed, check, right.operand, context);
  const values = constantsOf(check);
  if (modifier !== undefined) {
    const each = values.map((value) => checkValues(typed, operator, [value]));
    if (modifier === 'oneof') return exactlyOne(each);
    // Nothing holds of no values.
    return modifier === 'allof' && each.length > 0 ? all(each) : any(each);
  }
  return checkValues(typed, operator, values);
}

function checkValues(typed: TypedOperand, operator: Check['operator'], values: readonly Literal[]): Condition {
  const { operand, type } = typed;
  switch (type) {
    case 'text':
      return checkTextValues(operand, operator, values.map(bytesOf));
    case 'number':
    case 'port':
      return checkNumberValues(
        operand,
        operator,
        values.map((value) => (type === 'port' ? portNumber(value.text) : constantFor(value.text, typed.integers))),
      );
    case 'boolean': {
      const wanted = values.map((value) => value.text === 'true');
      if (operator === '!=') return any(wanted.map((value) => checkBoolean(operand, !value)));
      return any(wanted.map((value) => checkBoolean(operand, value)));
    }
    case 'address':
    case 'network': {
      const networks = type === 'network';
      // Falco looks at the first network only where either end may be meant.
      const texts = values.map((value) => value.text);
      const looked = networks && typed.eitherEnd && operator === 'in' ? texts.slice(0, 1) : texts;
      return checkAddress(operand, looked, networks, operator === '!=');
    }
  }
}

function checkTextValues(operand: Operand, operator: Check['operator'], values: readonly Bytes[]): Condition {
  switch (operator) {
    case 'in':
    case 'intersects':
      return checkText(operand, { op: 'equals', values });
    case 'pmatch':
      return values.length === 0 ? FALSE : checkText(operand, pathMatch(values));
    case '!=':
      return all([exists(operand), not(checkText(operand, { op: 'equals', values }))]);
    case 'bcontains':
    case 'bstartswith': {
      const op = operator === 'bcontains' ? 'contains' : 'startswith';
      return any(
        values.map((value) => checkText(operand, textMatch(op, Buffer.from(value, 'hex').toString('latin1')))),
      );
    }
    case 'exists':
      return exists(operand);
    default:
      return any(values.map((value) => checkText(operand, textMatch(operator, value))));
  }
}

function checkNumberValues(operand: Operand, operator: Check['operator'], values: readonly bigint[]): Condition {
  const as: NumberOperator = operator === 'in' || operator === 'intersects' ? '=' : numberOperator(operator);
  return checkNumber(operand, as, values);
}

function bytesOf(literal: Literal): Bytes {
  return Buffer.from(literalBytes(literal.text)).toString('latin1');
}

/** A comparison with another value of the event. */
function checkAgainst(typed: TypedOperand, check: Check, right: AstOperand, context: LoweringContext): Condition {
  const other = lowerOperand(right, context);
  if (isTooLarge([typed.operand, other.operand])) {
    const message = 'comparing values with so many cases is not supported; the condition is never true';
    context.warn('condition-not-supported', message);
    return FALSE;
  }
  return splitEither(typed.operand, (left) =>
    splitEither(other.operand, (against) => {
      if (left.kind === 'absent' || against.kind === 'absent') return FALSE;
      const listed = compareWithList(left, check.operator, against, context);
      if (listed) return listed;
      const pair = comparePair(left, check.operator, against);
      if (pair) return pair;
      context.warn(
        'condition-not-supported',
        `this comparison of two fields is not supported; the condition is never true`,
      );
      return FALSE;
    }),
  );
}
