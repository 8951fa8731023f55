// What operators say of a value and constants.

import type { Check, Operand } from '../../../host/compiler/conditions/ast.ts';
import type { EventType } from '../../../host/schema/events/index.ts';
import { resolveNamed } from '../../../host/schema/fields/index.ts';
import { inNetwork, sameAddress } from './addresses.ts';
import { portOf } from './check-constants.ts';
import type { PlainValue as Value } from './derivation-value.ts';
import { fnmatch } from './fnmatch.ts';
import { asType } from './signedness.ts';

export function textsOf(value: Value): readonly string[] | undefined {
  return value.kind === 'list' ? value.items : value.kind === 'text' ? [value.bytes] : undefined;
}

/** `in`: all of them are among the values; `intersects`: any is. */
export function listHolds(operator: Check['operator'], items: readonly string[], values: readonly string[]): boolean {
  const isAmong = (item: string): boolean => values.includes(item);
  return operator === 'in' ? items.every(isAmong) : items.some(isAmong);
}

export function constantsHold(
  { operator, left }: Check,
  value: Value,
  values: readonly string[],
  on: EventType,
): boolean {
  switch (value.kind) {
    case 'text':
      return textHolds(operator, value.bytes, values);
    case 'list':
      return listHolds(operator, value.items, values);
    case 'integer': {
      const isPort = left.kind === 'field' && /port$/.test(left.name);
      const numbers = values.map((text) => (isPort ? portOf(text) : BigInt(text)));
      // Constants beyond the field's size wrap.
      const wrap = wrapping(left, on);
      return numbers.some((each) => compareIntegers(operator, value.value, wrap(each)));
    }
    case 'boolean':
      return values.some((text) => (value.value === (text === 'true')) !== (operator === '!='));
    case 'address': {
      const isNet = left.kind === 'field' && /net$/.test(left.name);
      const any = values.some((text) => (isNet ? inNetwork(value.bytes, text) : sameAddress(value.bytes, text)));
      return any !== (operator === '!=');
    }
  }
}

function wrapping(operand: Operand, on: EventType): (value: bigint) => bigint {
  if (operand.kind === 'transformer') return (value) => BigInt.asUintN(64, value);
  const resolved = resolveNamed(operand.name, operand.argument);
  if (!resolved.ok) throw new Error(`${operand.name}: ${resolved.reason}`);
  const row = on.parameters.find(({ name }) => name === resolved.argument);
  const type = resolved.field.type === 'DYN' ? row?.type : resolved.field.type;
  return (value) => (type === undefined ? value : asType(value, type));
}

export function compareIntegers(operator: Check['operator'], left: bigint, right: bigint): boolean {
  switch (operator) {
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    default:
      return left === right;
  }
}

export function textHolds(operator: Check['operator'], text: string, values: readonly string[]): boolean {
  const fold = (bytes: string): string => bytes.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return values.some((value) => {
    switch (operator) {
      case '=':
      case '==':
      case 'in':
      case 'intersects':
        return text === value;
      case '!=':
        return text !== value;
      case 'contains':
        return text.includes(value);
      case 'icontains':
        return fold(text).includes(fold(value));
      case 'startswith':
        return text.startsWith(value);
      case 'endswith':
        return text.endsWith(value);
      case 'glob':
        return fnmatch(value, text);
      case 'iglob':
        return fnmatch(fold(value), fold(text));
      case 'pmatch':
        return isPathPrefix(value, text);
      case 'regex':
        // Only patterns that mean the same in both languages are tried.
        return new RegExp(`^(?:${value})$`, 'u').test(Buffer.from(text, 'latin1').toString('utf8'));
      case '<':
        return text < value;
      case '<=':
        return text <= value;
      case '>':
        return text > value;
      case '>=':
        return text >= value;
      default:
        throw new Error(`${operator} is not interpreted`);
    }
  });
}

function isPathPrefix(prefix: string, path: string): boolean {
  const split = (text: string): string[] => text.split('/').filter((component) => component !== '');
  const components = split(path);
  return split(prefix).every((component, index) => {
    const other = components[index];
    if (other === undefined) return false;
    return /[*?[]/.test(component) ? fnmatch(component, other) : component === other;
  });
}
