// Type check of conditions: known fields, operators that their types have, constants that their types take.

import { DEFAULT_SOURCE, type EventSource } from '../../schema/event-source.ts';
import type { ValueType } from '../../schema/types.ts';
import { MOST_ALTERNATIVES } from '../ir/module-limits.ts';
import type { Check, Expression, Operator } from './ast.ts';
import { checkValue } from './check-value.ts';
import { fieldsIn, fieldsOf } from './fields-of.ts';
import { alternativesOf, firstOfSession, type SessionSource, sessionSourceOf } from './session-checks.ts';
import { ConditionTypeError, fieldText, isString, type OperandType, typeOf, WrongCheck } from './type-of.ts';

/**
 * Checks an expanded condition, from left to right.
 * @param source of the rule
 * @throws ConditionTypeError, WrongCheck
 */
export function checkTypes(expression: Expression, source: EventSource = DEFAULT_SOURCE): void {
  checkTypesIn(expression, source);
  const first = source === DEFAULT_SOURCE ? firstOfSession(expression) : undefined;
  if (!first || alternativesOf(expression)) return;
  const message = `checks of the session stand in too many places: they make more than ${MOST_ALTERNATIVES} alternatives`;
  const help = 'join them by `and` or `or` before other checks are added, or write several rules';
  throw new WrongCheck(first, new ConditionTypeError(message, first.span, { help }));
}

function checkTypesIn(expression: Expression, source: EventSource): void {
  switch (expression.kind) {
    case 'and':
    case 'or':
      for (const child of expression.children) checkTypesIn(child, source);
      return;
    case 'not':
      checkTypesIn(expression.child, source);
      return;
    case 'check':
      try {
        checkTypesOf(expression, source);
        return;
      } catch (error) {
        throw error instanceof ConditionTypeError ? new WrongCheck(expression, error) : error;
      }
    case 'macro':
      throw new Error(`macro ${expression.name} was not expanded`);
  }
}

const EQUALITY: readonly Operator[] = ['==', '=', '!=', 'exists', 'in', 'intersects'];
const NUMERIC: readonly Operator[] = [...EQUALITY, '<', '<=', '>', '>='];
const BYTES: readonly Operator[] = [...EQUALITY, 'contains', 'startswith', 'endswith', 'bcontains', 'bstartswith'];
const TEXT: readonly Operator[] = [
  ...NUMERIC,
  'contains',
  'icontains',
  'startswith',
  'endswith',
  'glob',
  'iglob',
  'regex',
  'pmatch',
];
const LIST: readonly Operator[] = ['exists', 'in', 'intersects'];
/** `evt.around[T] = D`: the constant is a distance. */
const AROUND: readonly Operator[] = ['=', '==', 'exists'];

/** Operators that a type has. */
function operatorsOf({ type, list, field }: OperandType): readonly Operator[] {
  if (field?.source.from === 'condition') return AROUND;
  if (list) return LIST;
  if (isString(type)) return TEXT;
  switch (type) {
    case 'BOOL':
    case 'IPADDR':
    case 'IPNET':
      return EQUALITY;
    case 'BYTEBUF':
      return BYTES;
    case 'SOCKADDR':
    case 'SOCKTUPLE':
    case 'FDLIST':
    case 'DYN':
      return ['exists'];
    default:
      return NUMERIC;
  }
}

function checkTypesOf(check: Check, source: EventSource): void {
  const left = typeOf(check.left, source);
  const { operator, right } = check;
  requirePlainEventType(check);
  requireSessionAlone(check);
  const operators = operatorsOf(left);
  if (!operators.includes(operator)) {
    throw new ConditionTypeError(`${typeName(left)} has no operator ${operator}`, check.span, {
      help: `it has ${operators.join(', ')}`,
    });
  }
  switch (right.kind) {
    case 'none':
      return;
    case 'value':
      checkValue(left, operator, right.value);
      return;
    case 'values':
      for (const value of right.values) checkValue(left, operator, value);
      return;
    case 'operand':
      checkRightOperand(check, left, typeOf(right.operand, source));
  }
}

function checkRightOperand(check: Check, left: OperandType, right: OperandType): void {
  const { operator } = check;
  const span = check.right.kind === 'operand' ? check.right.operand.span : check.span;
  if (operator === 'pmatch' || operator === 'regex') {
    throw new ConditionTypeError(`operator ${operator} takes constants only`, span);
  }
  if (left.field?.noRightSide) {
    throw new ConditionTypeError(`field ${left.field.name} can only be compared with constants`, span);
  }
  if (right.field?.noRightSide) {
    throw new ConditionTypeError(`field ${right.field.name} can't stand right of an operator`, span);
  }
  if (left.type === 'IPNET') {
    throw new ConditionTypeError('a network can only be compared with constants', span);
  }
  if (left.type !== right.type || left.list !== right.list) {
    throw new ConditionTypeError(`${typeName(left)} can't be compared with ${typeName(right)}`, span);
  }
}

/** The event type decides which events a rule is evaluated on, so its checks must be decidable before there is an event. */
function requirePlainEventType({ left, right }: Check): void {
  if (!fieldsIn(left).some(({ name }) => name === 'evt.type' || name === 'syscall.type')) return;
  if (left.kind === 'transformer') throw new ConditionTypeError("the event type can't be transformed", left.span);
  if (right.kind === 'operand') {
    throw new ConditionTypeError('the event type can only be compared with constants', right.operand.span);
  }
}

/** Fields of the exec session are read when the event is gone, and those of the session that the process is in outside of the module. */
function requireSessionAlone(check: Check): void {
  const fields = fieldsOf(check);
  // In a comparison of both kinds, the one that is known later has the reason.
  const own = fields.find((field) => sessionSourceOf(field) === 'session') ?? fields.find(sessionSourceOf);
  const source = own && sessionSourceOf(own);
  const other = fields.find((field) => sessionSourceOf(field) !== source);
  if (!source || !other) return;
  const message = `${fieldText(own)} can't be compared with ${fieldText(other)}: ${REASONS_ALONE[source]}`;
  const help = `compare it with constants or with other fields of ${source === 'entry' ? 'session.*' : 'k8s.user.* and k8s.session.*'}`;
  throw new ConditionTypeError(message, other.span, { help });
}

const REASONS_ALONE: Readonly<Record<SessionSource, string>> = {
  entry: 'the session is looked up apart from the event',
  session: 'whose session it is becomes known after the event',
};

const TYPE_WORDS: Partial<Record<ValueType, string>> = {
  CHARBUF: 'text',
  FSPATH: 'text',
  FSRELPATH: 'text',
  BYTEBUF: 'bytes',
  BOOL: 'true or false',
  IPADDR: 'an IP address',
  IPNET: 'a network',
  PORT: 'a port',
};

function typeName({ type, list, field }: OperandType): string {
  const words = list ? 'a list' : (TYPE_WORDS[type] ?? 'a number');
  return field ? `${field.name} (${words}, ${type})` : `${words} (${type})`;
}
