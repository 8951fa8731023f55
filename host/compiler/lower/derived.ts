// Conditions on a field: turns its derivation (host/schema/fields/derivation.ts) into an operand. host/fields/derived.ts reads the same
// derivations for output.
//
//   compare(HEADER.number('result'), '<', 0)   headerResult(event) < 0
//   orEmpty(IMAGE.text('comm', leader))        orEmpty(imageComm((imageSessionAddress(image) != 0 ? ... : oldestOfSid(image))))

import type {
  BooleanDerivation,
  Derivation,
  NumberDerivation,
  Single,
  TextDerivation,
} from '../../schema/fields/derivation.ts';
import { bitsOf, isUnsigned } from '../../schema/fields/number-range.ts';
import { isBoolean, isNumber, isText } from '../../schema/fields/sorts.ts';
import { integerFormat } from '../../schema/integers.ts';
import type { ValueType } from '../../schema/types.ts';
import { all, any, type Condition, constant, holds, not } from '../ir/condition.ts';
import type { Piece, Scope } from '../ir/text.ts';
import { call, cast, ITEM_INDEX, integer, isThere, type Value } from '../ir/value.ts';
import {
  addressValue,
  compareValue,
  memberValue,
  memoryText,
  numberTypeOf,
  numberValue,
  processAddress,
  scopeOf,
} from './derived-value.ts';
import { mountFinder, nearestFunction, ofAncestorsFunction, valueFunction } from './made-functions.ts';
import {
  ABSENT,
  boolean,
  constantText,
  either,
  enumeration,
  ITEM,
  type LoweringContext,
  number,
  type Operand,
  text,
  toBytes,
} from './operand.ts';
import { mapCases, piecesOf } from './pieces.ts';
import { exists } from './text-check.ts';

/** @param type of the field: numbers wrap at its size */
export function derivedOperand(derivation: Derivation, type: ValueType, context: LoweringContext): Operand {
  switch (derivation.node) {
    case 'absent':
    // Names of addresses are looked up by the check as a whole (host-name-check.ts).
    case 'nameOf':
      return ABSENT;
    case 'either':
      return either(
        condition(derivation.condition, context),
        derivedOperand(derivation.value, type, context),
        derivedOperand(derivation.otherwise, type, context),
      );
    case 'inOutputs':
      if (derivation.why !== undefined) context.warn('field-not-exact', derivation.why);
      return derivedOperand(derivation.inConditions, type, context);
    case 'unlessNegative': {
      const value = cast('i64', numberValue(derivation.of));
      return { kind: 'number', value, scope: scopeOf(derivation), negativeIsAbsent: true };
    }
    case 'items': {
      const list = textValue(derivation.of, context);
      const scope = scopeOf(derivation);
      const item = call('itemOf', list, ITEM_INDEX);
      return { kind: 'texts', there: holds(isThere(list), scope), item, marks: [], each: ITEM, scope };
    }
    case 'ends': {
      const [local, remote] = [derivation.local, derivation.remote].map((end) => derivedOperand(end, type, context));
      return local && remote ? { kind: 'ends', local, remote } : ABSENT;
    }
    case 'ancestors':
      return { kind: 'ancestors', each: derivedOperand(derivation.each, type, context) };
    default:
      return singleOperand(derivation, type, context);
  }
}

function singleOperand(derivation: Single, type: ValueType, context: LoweringContext): Operand {
  if (isNumber(derivation)) return numberOperand(derivation, type);
  if (isBoolean(derivation)) return boolean(condition(derivation, context));
  if (isText(derivation)) return textOperand(derivation, context);
  return { kind: 'address', ...addressValue(derivation), scope: 'event' };
}

function numberOperand(derivation: NumberDerivation, type: ValueType): Operand {
  const value = numberValue(derivation);
  const scope = scopeOf(derivation);
  if (derivation.node === 'numberOf' && derivation.least !== undefined) {
    return { kind: 'number', value, unsigned: true, scope, least: derivation.least };
  }
  if (isUnsigned(derivation)) return number(value, scope, true);
  return number(cast('i64', isTooWide(derivation, type) ? cast(numberTypeOf(type), value) : value), scope);
}

/** Whether the number wraps at the size of the field's type. */
function isTooWide(derivation: NumberDerivation, type: ValueType): boolean {
  const { bits, signed } = integerFormat(type);
  return bits < 64 && bitsOf(derivation) > (signed ? bits - 1 : bits);
}

function condition(derivation: BooleanDerivation, context: LoweringContext): Condition {
  switch (derivation.node) {
    case 'boolean':
      return constant(derivation.value);
    case 'compare':
      return holds(compareValue(derivation), scopeOf(derivation), costOf(derivation.left));
    case 'all':
      return all(derivation.of.map((each) => condition(each, context)));
    case 'any':
      return any(derivation.of.map((each) => condition(each, context)));
    case 'not':
      return not(condition(derivation.of, context));
    case 'isThere':
      return exists(textOperand(derivation.of, context));
    case 'isKnown':
      return holds(isThere(processAddress(derivation.process)), 'image');
    case 'call':
      return holds(numberValue(derivation), scopeOf(derivation));
  }
}

/** Beside a comparison of numbers. */
const WALK_COST = 20;

function costOf(derivation: NumberDerivation): number {
  return derivation.node === 'call' && derivation.operator === 'loginShell' ? WALK_COST : 1;
}

function textOperand(derivation: TextDerivation, context: LoweringContext): Operand {
  const scope = scopeOf(derivation);
  switch (derivation.node) {
    case 'text':
      return constantText(derivation.value);
    case 'orElse': {
      const operand = textOperand(derivation.of, context);
      if (operand.kind !== 'text') return either(exists(operand), operand, constantText(derivation.otherwise));
      if (derivation.otherwise === '') return text(call('orEmpty', operand.text.value), scope);
      return { ...operand, orElse: toBytes(derivation.otherwise) };
    }
    case 'join':
      return joined(derivation.parts.map((part) => textOperand(part, context)));
    case 'digits':
      return pieces(digits(derivation, scope));
    case 'character':
      return pieces({ kind: 'character', value: cast('u32', numberValue(derivation.of)), scope });
    case 'shown': {
      const operand = textOperand(derivation.of, context);
      if (operand.kind !== 'text') throw new Error(`a ${operand.kind} has no bytes to show`);
      return { ...operand, text: { ...operand.text, shown: true } };
    }
    case 'ipv4Text':
      return pieces(...ipv4(derivation));
    case 'enumeration':
      return enumeration(numberValue(derivation.of), scope, derivation.names, derivation.none);
    case 'names': {
      const names = derivation.names.map((bits) => ({ ...bits, name: toBytes(bits.name) }));
      const { of, separator, none } = derivation;
      const operand = { kind: 'names', value: unsignedValue(of), scope, names, separator } as const;
      return none === undefined ? operand : { ...operand, none: toBytes(none) };
    }
    case 'ofAncestors': {
      const item = ofAncestorsFunction(textValue(derivation.of, context), context);
      return pieces({ kind: 'joined', item, marks: [], each: ITEM, separator: [bytes(' ')], scope });
    }
    case 'pathFrom': {
      const [directory, path] = [textValue(derivation.directory, context), textValue(derivation.path, context)];
      const item = call('resolvedPart', directory, path, ITEM_INDEX);
      const parts: Piece = { kind: 'joined', item, marks: [], each: ITEM, separator: [bytes('/')], scope };
      return either(holds(isThere(path), scope), pieces(bytes('/'), parts), ABSENT);
    }
    case 'call': {
      const beginning = derivation.beginningOf;
      const beginningOf = beginning && { beginningOf: textValue(beginning, context) };
      return { kind: 'text', text: { value: textValue(derivation, context), scope, ...beginningOf } };
    }
    case 'textOf':
    case 'valueOf':
    case 'nearest':
    case 'mountPart':
      return text(textValue(derivation, context), scope);
    case 'ipv6Text':
    case 'dateTime':
    case 'accountName':
      throw new Error(`a text of kind ${derivation.node} is in outputs alone`);
  }
}

/** The value as a number of type u64. */
function unsignedValue(derivation: NumberDerivation): Value {
  const value = numberValue(derivation);
  return isUnsigned(derivation) ? value : cast('u64', cast('i64', value));
}

function digits({ of, base }: Extract<TextDerivation, { node: 'digits' }>, scope: Scope): Piece {
  const value = numberValue(of);
  if (base === 10 && isUnsigned(of)) return { kind: 'unsigned', value, scope };
  return { kind: DIGITS[base], value: cast('i64', value), scope };
}

const DIGITS = { 8: 'octal', 10: 'decimal', 16: 'hexadecimal' } as const;

function ipv4(derivation: Extract<TextDerivation, { node: 'ipv4Text' }>): readonly Piece[] {
  const address = memberValue(derivation);
  return [0, 1, 2, 3].flatMap((offset) => [
    ...(offset > 0 ? [bytes('.')] : []),
    { kind: 'decimal', value: cast('i64', { node: 'byte', address, offset }), scope: 'event' } as const,
  ]);
}

/** A text that lies in one piece in memory; 0 = absent. */
function textValue(derivation: TextDerivation, context: LoweringContext): Value {
  switch (derivation.node) {
    case 'textOf':
    case 'call':
      return memoryText(derivation, (part) => textValue(part, context));
    case 'valueOf':
      return valueFunction(derivation.separator, derivation.key, textValue(derivation.list, context), context);
    case 'nearest':
      return nearestFunction(textValue(derivation.of, context), derivation.generations, context);
    case 'mountPart':
      return mountText(derivation, context);
    case 'orElse':
      if (derivation.otherwise === '') return call('orEmpty', textValue(derivation.of, context));
      return nowhere(derivation);
    case 'text':
    case 'join':
    case 'digits':
    case 'enumeration':
    case 'names':
    case 'character':
    case 'shown':
    case 'ipv4Text':
    case 'ofAncestors':
    case 'pathFrom':
    case 'ipv6Text':
    case 'dateTime':
    case 'accountName':
      return nowhere(derivation);
  }
}

function nowhere({ node }: TextDerivation): never {
  throw new Error(`a text of kind ${node} lies nowhere in memory`);
}

function mountText(derivation: Extract<TextDerivation, { node: 'mountPart' }>, context: LoweringContext): Value {
  const { part, mount } = derivation;
  const mounts = textValue(derivation.mounts, context);
  const index = typeof mount === 'number' ? integer(mount) : mountFinder(mount.by, mount.glob, mounts, context);
  return call('mountPart', mounts, index, integer(part));
}

/** The parts of a text, one after the other; where one of them depends on a condition, so does the whole. */
function joined(parts: readonly Operand[], before: readonly Piece[] = []): Operand {
  const [first, ...rest] = parts;
  if (!first) return { kind: 'pieces', pieces: before };
  return mapCases(first, (part) => {
    const made = piecesOf(part);
    return made ? joined(rest, [...before, ...made]) : ABSENT;
  });
}

function pieces(...made: readonly Piece[]): Operand {
  return { kind: 'pieces', pieces: made };
}

function bytes(value: string): Piece {
  return { kind: 'bytes', bytes: toBytes(value) };
}
