// Whether one check holds of values that were read from an event. Operators and constants mean what they mean to compiled rules: automata and
// numbers are the compiler's.

import { parseAddress, parseNetwork } from '../compiler/conditions/address.ts';
import type { Check, FieldOperand, Operand } from '../compiler/conditions/ast.ts';
import { constantsOf, fieldsOf } from '../compiler/conditions/fields-of.ts';
import { literalBytes } from '../compiler/conditions/literal-bytes.ts';
import {
  ConstantError,
  constantFor,
  type NumberOperator,
  numberOperator,
  portNumber,
} from '../compiler/lower/number-check.ts';
import { bufferText, valueText } from '../fields/text.ts';
import { type Absent, decode, type FieldValue, integer, latin1, type SingleValue } from '../fields/value.ts';
import { fieldKey, operandValue } from '../outputs/transform.ts';
import { type EventType, findEventType } from '../schema/events/index.ts';
import { endsOf } from '../schema/fields/compared.ts';
import type { FieldSource } from '../schema/fields/field.ts';
import { resolveNamed } from '../schema/fields/index.ts';
import { valueTypeOn } from '../schema/fields/parameter.ts';
import { asInteger, compareIntegers } from '../schema/integers.ts';
import { parameterType } from '../schema/parameter-names.ts';
import type { ValueType } from '../schema/types.ts';
import { comparedFields } from './compared-fields.ts';
import { type Bytes, constantBytes, listHolds, textPairHolds, textsHold } from './text-verdict.ts';

type Seen = ReadonlyMap<string, FieldValue | Absent>;

/** The values that the check compares: of every ancestor, or of both ends of a connection, there are several. */
export function comparedValues(left: Operand, seen: Seen): SingleValue[] {
  if (left.kind === 'field') return comparedFields(fieldKey(left)).flatMap((key) => singles(seen.get(key)));
  return left.name === 'len' ? lengthOf(left, seen) : singles(operandValue(left, (key) => seen.get(key)));
}

function singles(value: FieldValue | Absent): SingleValue[] {
  if (!value) return [];
  return value.kind === 'ends' ? [value.local, value.remote] : [value];
}

/** Length of a text, or of a list, which is absent if an item is. */
function lengthOf(len: Extract<Operand, { kind: 'transformer' }>, seen: Seen): SingleValue[] {
  const [first] = len.arguments;
  if (!first) return [];
  if (first.kind === 'literal') return [integer(literalBytes(first.text).length)];
  if (first.kind === 'list') return singles(operandValue(len, (key) => seen.get(key)));
  const [value] = comparedValues(first, seen);
  if (!value) return [];
  return [integer(value.kind === 'list' ? value.items.length : bytesOf(value, first).length)];
}

export function checkHolds(written: Check, seen: Seen): boolean {
  const check = asFalcoCompares(written, seen);
  if (!check || fieldsOf(check).some(isForOutputs)) return false;
  const values = comparedValues(check.left, seen);
  if (values.length === 0) return false;
  const holds = (value: SingleValue): boolean => valueHoldsOnEvent(check, value, seen);
  // Both ends of a connection have to differ.
  return isOfEnds(check.left) && check.operator === '!=' ? values.every(holds) : values.some(holds);
}

/** Whether the field means both ends of a connection. */
function isOfEnds(operand: Operand): boolean {
  if (operand.kind !== 'field') return false;
  const resolved = resolveNamed(operand.name, operand.argument);
  return resolved.ok && endsOf(resolved.field) !== undefined;
}

/** Whether no module can read the field, whose value is put together when an alert is printed, such as a date as text: to rules it is absent. */
function isForOutputs(field: FieldOperand): boolean {
  const resolved = resolveNamed(field.name, field.argument);
  if (!resolved.ok) return false;
  const { source } = resolved.field;
  if (source.from === 'argument') return !source.raw && parameterType(resolved.argument ?? '') === 'ABSTIME';
  return source.from === 'rendered' || source.from === 'procfs';
}

function sourceOf(operand: Operand): FieldSource | undefined {
  if (operand.kind !== 'field') return undefined;
  const resolved = resolveNamed(operand.name, operand.argument);
  return resolved.ok ? resolved.field.source : undefined;
}

/**
 * The check as lower/check.ts has it: some fields see the first of a modifier's values only, and numbers of them are in no list. Both ends of a
 * connection are compared with constants alone.
 */
function asFalcoCompares(check: Check, seen: Seen): Check | undefined {
  const { left, operator, modifier, right } = check;
  if (left.kind !== 'field') return check;
  const source = sourceOf(left);
  const isRaw = source?.from === 'argument' && source.raw;
  const isOfAncestors = comparedFields(fieldKey(left)).length > 2;
  const ends = isOfEnds(left);
  if (!isRaw && !isOfAncestors && !ends) return check;
  const isListed = operator === 'in' || operator === 'intersects';
  if (ends ? operator === 'intersects' || right.kind === 'operand' : isListed && isNumber(typeOf(left, seen)))
    return undefined;
  if (right.kind !== 'values') return check;
  const firstAlone = modifier !== undefined || (ends && operator === 'in' && typeOf(left, seen) === 'IPNET');
  return firstAlone ? { ...check, right: { ...right, values: right.values.slice(0, 1) } } : check;
}

/** A constant or an operator may not fit the type that a parameter has on this event: modules take the check for false there. */
function valueHoldsOnEvent(check: Check, value: SingleValue, seen: Seen): boolean {
  try {
    return valueHolds(check, value, seen);
  } catch (error) {
    if (error instanceof ConstantError) return false;
    throw error;
  }
}

function valueHolds(check: Check, value: SingleValue, seen: Seen): boolean {
  const { operator, right, modifier, left } = check;
  if (operator === 'exists') return true;
  if (right.kind === 'operand') {
    const [other] = comparedValues(right.operand, seen);
    return other !== undefined && pairHolds(check, value, right.operand, other, seen);
  }
  const texts = constantsOf(check).map(({ text }) => text);
  const type = typeOf(left, seen);
  if (modifier === undefined) return constantsHold(check, value, type, texts);
  const holding = texts.filter((text) => constantsHold(check, value, type, [text])).length;
  return modifier === 'oneof'
    ? holding === 1
    : modifier === 'anyof'
      ? holding > 0
      : holding > 0 && holding === texts.length;
}

function constantsHold(
  { operator, left }: Check,
  value: SingleValue,
  type: ValueType | undefined,
  texts: readonly string[],
): boolean {
  switch (value.kind) {
    case 'list':
      return listHolds(operator, value.items.map(latin1), texts.map(constantBytes));
    case 'boolean':
      return texts.some((text) => (value.value === (text === 'true')) !== (operator === '!='));
    case 'address': {
      const isIn = texts.some((text) =>
        type === 'IPNET' ? isInNetwork(value.bytes, text) : isAddress(value.bytes, text),
      );
      return isIn !== (operator === '!=');
    }
    case 'integer':
      if (!isNumber(type)) return textsHold(operator, bytesOf(value, left), texts);
      return texts.some((text) =>
        compareIntegers(
          asInteger(value.value, type),
          singleOperator(operator),
          type === 'PORT' ? portNumber(text) : constantFor(text, type),
        ),
      );
    case 'text':
    case 'buffer':
    case 'time':
    case 'double':
      return textsHold(operator, bytesOf(value, left), texts);
  }
}

/** A number among others is one that equals one of them. */
function singleOperator(operator: Check['operator']): NumberOperator {
  return operator === 'in' || operator === 'intersects' ? '=' : numberOperator(operator);
}

/** Two values of the event. */
function pairHolds(
  { operator, left }: Check,
  value: SingleValue,
  right: Operand,
  other: SingleValue,
  seen: Seen,
): boolean {
  if (value.kind === 'integer' && other.kind === 'integer') {
    const [one, another] = [asInteger(value.value, typeOf(left, seen)), asInteger(other.value, typeOf(right, seen))];
    return compareIntegers(one, singleOperator(operator), another);
  }
  if (value.kind === 'boolean' && other.kind === 'boolean')
    return (value.value === other.value) !== (operator === '!=');
  if (value.kind === 'address' && other.kind === 'address') {
    return (latin1(value.bytes) === latin1(other.bytes)) !== (operator === '!=');
  }
  if (operator === 'in' || operator === 'intersects') {
    return listHolds(operator, itemsOf(value, left), itemsOf(other, right));
  }
  return textPairHolds(operator, bytesOf(value, left), bytesOf(other, right));
}

function itemsOf(value: SingleValue, of: Operand): readonly Bytes[] {
  return value.kind === 'list' ? value.items.map(latin1) : [bytesOf(value, of)];
}

/** What a condition compares of a text. Arguments are compared as they are shown, buffers as they are. */
function bytesOf(value: SingleValue, of: Operand): Bytes {
  if (value.kind !== 'buffer') return latin1(valueText(value));
  const source = sourceOf(of);
  return latin1(source?.from === 'argument' && !source.raw ? bufferText(value) : value.bytes);
}

/** Undefined for transformers: numbers of 64 bits. */
function typeOf(operand: Operand, seen: Seen): ValueType | undefined {
  if (operand.kind === 'transformer') return operand.name === 'len' ? 'UINT64' : undefined;
  const resolved = resolveNamed(operand.name, operand.argument);
  if (!resolved.ok) return undefined;
  const { field, argument } = resolved;
  const on = eventTypeOf(seen);
  return on ? valueTypeOn(on, field, argument) : field.type === 'DYN' ? parameterType(argument ?? '') : field.type;
}

function eventTypeOf(seen: Seen): EventType | undefined {
  const name = seen.get('evt.type');
  return name && findEventType(decode(valueText(name)));
}

const TEXT_TYPES: ReadonlySet<string> = new Set([
  'CHARBUF',
  'BYTEBUF',
  'FSPATH',
  'FSRELPATH',
  'SOCKADDR',
  'SOCKTUPLE',
  'FDLIST',
]);

function isNumber(type: ValueType | undefined): boolean {
  return type !== undefined && !TEXT_TYPES.has(type);
}

function isAddress(bytes: Uint8Array, text: string): boolean {
  return latin1(bytes) === latin1(parseAddress(text) ?? new Uint8Array());
}

function isInNetwork(bytes: Uint8Array, text: string): boolean {
  const network = parseNetwork(text);
  if (!network || network.bytes.length !== bytes.length) return false;
  for (let bit = 0; bit < network.length; bit++) {
    const mask = 0x80 >> (bit & 7);
    if (((bytes[bit >> 3] ?? 0) & mask) !== ((network.bytes[bit >> 3] ?? 0) & mask)) return false;
  }
  return true;
}
