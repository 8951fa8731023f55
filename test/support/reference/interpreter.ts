// A plain interpreter of conditions, written after the rule language's description and independent of the compiler: what a compiled
// module's verdicts are held against. It is as slow as it is simple.

import { parseAddress, parseNetwork } from '../../../host/compiler/conditions/address.ts';
import type {
  Check,
  Expression,
  Literal,
  Operand,
  TransformerArgument,
} from '../../../host/compiler/conditions/ast.ts';
import { literalBytes } from '../../../host/compiler/conditions/literal-bytes.ts';
import { portOf } from '../../../host/compiler/conditions/services.ts';
import { resolveNamed } from '../../../host/schema/fields/index.ts';
import { parameterType } from '../../../host/schema/parameter-names.ts';
import type { PlainValue as Value } from './derivation-value.ts';
import { fieldValue } from './field-value.ts';
import { fnmatch } from './fnmatch.ts';
import { readOptions } from './getopt.ts';
import { ipAddress } from './operator-values.ts';
import { ancestorsOf, type RawEvent } from './raw-record.ts';

/** Whether the condition, macros expanded, is true of the event. */
export function interpret(expression: Expression, event: RawEvent): boolean {
  switch (expression.kind) {
    case 'and':
      return expression.children.every((child) => interpret(child, event));
    case 'or':
      return expression.children.some((child) => interpret(child, event));
    case 'not':
      return !interpret(expression.child, event);
    case 'check':
      return checkHolds(expression, event);
    case 'macro':
      throw new Error('macros come expanded');
  }
}

/** Fields that Falco compares on its own see the first value of a modifier, and numbers of them are never in a list. */
function limited(check: Check): Check | undefined {
  const { left, operator, modifier, right } = check;
  const ofEnds = left.kind === 'field' && /^fd\.(ip|port|net)$/.test(left.name);
  if (!ofEnds && !isAnyAncestor(left) && !isRawArgument(left)) return check;
  const listed = isListOperator(check);
  if (ofEnds ? operator === 'intersects' : listed && left.kind === 'field' && left.name === 'proc.apid')
    return undefined;
  if (modifier === undefined || right.kind !== 'values') return check;
  return { ...check, right: { ...right, values: right.values.slice(0, 1) } };
}

function checkHolds(written: Check, event: RawEvent): boolean {
  const check = limited(written);
  if (!check) return false;
  const ends = endsOf(check.left, event);
  if (ends) return endsHold(check, ends);
  if (isAnyAncestor(check.left)) {
    const values = ancestorValues(check.left.name, event);
    return values.some((value) => valueHolds(check, value, event));
  }
  const value = operandValue(check.left, event);
  if (isRawArgument(check.left) && value?.kind === 'integer' && isListOperator(check)) return false;
  return value !== undefined && valueHolds(check, value, event);
}

function isListOperator({ operator }: Check): boolean {
  return operator === 'in' || operator === 'intersects';
}

function isRawArgument(operand: Operand): boolean {
  return operand.kind === 'field' && operand.name.startsWith('evt.rawarg');
}

function isAnyAncestor(operand: Operand): operand is Operand & { readonly kind: 'field' } {
  if (operand.kind !== 'field') return false;
  const resolved = resolveNamed(operand.name, operand.argument);
  return resolved.ok && resolved.field.anyAncestor === true && resolved.argument === undefined;
}

function ancestorValues(name: string, event: RawEvent): readonly Value[] {
  return ancestorsOf(event.image).flatMap((_, index) => fieldValue(name, `${index + 1}`, event) ?? []);
}

function literal(value: Literal): string {
  return Buffer.from(literalBytes(value.text)).toString('latin1');
}

/** Both ends of a socket, whatever its role; its own alone of one that is a server's and has no peer. */
function endsOf(operand: Operand, event: RawEvent): readonly { address: Uint8Array; port: bigint }[] | undefined {
  if (operand.kind !== 'field' || !/^fd\.(ip|port|net)$/.test(operand.name)) return undefined;
  const { type, event: record } = event;
  if ((!type.createsFd && !type.usesFd) || !record.has('kind')) return [];
  const kind = String.fromCharCode(Number(record.number('kind')));
  if (kind !== '4' && kind !== '6') return [];
  const [local, remote] = ['local', 'remote'].map((side) => ({
    address: ipAddress(record, `${side}_address`),
    port: record.number(`${side}_port`),
  }));
  if (!local || !remote) return [];
  const alone = record.number('role') === 2n && remote.port === 0n && remote.address.every((byte) => byte === 0);
  return alone ? [local] : [local, remote];
}

function endsHold(check: Check, ends: readonly { address: Uint8Array; port: bigint }[]): boolean {
  if (ends.length === 0 || check.left.kind !== 'field') return false;
  if (check.operator === 'exists') return true;
  const { name } = check.left;
  const values = name === 'fd.net' && check.operator === 'in' ? literals(check).slice(0, 1) : literals(check);
  const holds = (end: { address: Uint8Array; port: bigint }, value: string): boolean => {
    if (name === 'fd.port') return compareIntegers(check.operator, end.port, BigInt(portOf(value) ?? -1));
    const inside = name === 'fd.net' ? inNetwork(end.address, value) : sameAddress(end.address, value);
    return check.operator === '!=' ? !inside : inside;
  };
  return values.some((value) =>
    check.operator === '!=' ? ends.every((end) => holds(end, value)) : ends.some((end) => holds(end, value)),
  );
}

function sameAddress(address: Uint8Array, text: string): boolean {
  return Buffer.from(address).equals(parseAddress(text) ?? Buffer.of());
}

function inNetwork(address: Uint8Array, text: string): boolean {
  const network = parseNetwork(text);
  if (!network || network.bytes.length !== address.length) return false;
  for (let bit = 0; bit < network.length; bit++) {
    const mask = 0x80 >> (bit & 7);
    if (((address[bit >> 3] ?? 0) & mask) !== ((network.bytes[bit >> 3] ?? 0) & mask)) return false;
  }
  return true;
}

function literals({ right }: Check): readonly string[] {
  if (right.kind === 'value') return [literal(right.value)];
  return right.kind === 'values' ? right.values.map(literal) : [];
}

function operandValue(operand: Operand, event: RawEvent): Value | undefined {
  // Networks are never shown, so that output has no value for them: it is the address's.
  if (operand.kind === 'field')
    return fieldValue(operand.name.replace(/^(fd\..)net$/, '$1ip'), operand.argument, event);
  const text = (item: TransformerArgument | undefined): string | undefined => {
    if (item?.kind === 'literal') return literal(item);
    const value = item && item.kind !== 'list' ? operandValue(item, event) : undefined;
    return value?.kind === 'text' ? value.bytes : undefined;
  };
  const [first, second] = operand.arguments;
  const made = (bytes: string | undefined): Value | undefined =>
    bytes === undefined ? bytes : { kind: 'text', bytes };
  const listOf = (item: TransformerArgument | undefined): readonly string[] | undefined => {
    if (item?.kind === 'list') return allPresent(item.items.map(text));
    const value = item && item.kind !== 'literal' ? operandValue(item, event) : undefined;
    return value?.kind === 'list' ? value.items : undefined;
  };
  /** Of a text, or of each element of a list. */
  const each = (map: (bytes: string) => string | undefined): Value | undefined => {
    const items = listOf(first);
    if (items === undefined) {
      const bytes = text(first);
      return bytes === undefined ? undefined : made(map(bytes));
    }
    const mapped = allPresent(items.map(map));
    return mapped && { kind: 'list', items: mapped };
  };
  switch (operand.name) {
    case 'tolower':
      return each((bytes) => bytes.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
    case 'toupper':
      return each((bytes) => bytes.replace(/[a-z]/g, (letter) => letter.toUpperCase()));
    case 'basename':
      return each((bytes) => bytes.replace(/^.*\//s, ''));
    case 'len': {
      const length = (listOf(first) ?? text(first))?.length;
      return length === undefined ? undefined : { kind: 'integer', value: BigInt(length) };
    }
    case 'b64':
      return each(decodedBase64);
    case 'concat':
      return made(allPresent(operand.arguments.map(text))?.join(''));
    case 'join': {
      const [separator, items] = [text(first), listOf(second)];
      return separator === undefined ? undefined : made(items?.join(separator));
    }
    case 'getopt': {
      const [words, known] = [listOf(first), text(second)];
      if (words === undefined || known === undefined) return undefined;
      const found = readOptions(words, known);
      if (operand.argument === undefined) {
        const items = found.flatMap(({ name, value }) => (value === undefined ? [name] : [name, value]));
        return { kind: 'list', items };
      }
      const last = found.findLast(({ letter }) => letter === operand.argument);
      return made(last && (last.value ?? last.name));
    }
  }
}

function allPresent(items: readonly (string | undefined)[]): readonly string[] | undefined {
  const present = items.filter((item) => item !== undefined);
  return present.length === items.length ? present : undefined;
}

function decodedBase64(bytes: string): string | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(bytes)) return undefined;
  const digits = bytes.replace(/=+$/, '');
  const decoded = Buffer.from(digits, 'base64');
  // Bits that make no whole byte have to be 0: then the text is what encoding gives.
  return decoded.toString('base64').replace(/=+$/, '') === digits ? decoded.toString('latin1') : undefined;
}

function valueHolds(check: Check, value: Value, event: RawEvent): boolean {
  const { operator, right, modifier } = check;
  if (operator === 'exists') return true;
  if (right.kind === 'operand') {
    const other = operandValue(right.operand, event);
    if (!other) return false;
    const [items, among] = [textsOf(value), textsOf(other)];
    if (items && among && (operator === 'in' || operator === 'intersects')) return listHolds(operator, items, among);
    if (other.kind !== value.kind) return false;
    if (value.kind === 'text' && other.kind === 'text') return textHolds(operator, value.bytes, [other.bytes]);
    if (value.kind === 'integer' && other.kind === 'integer')
      return compareIntegers(operator, value.value, other.value);
    if (value.kind === 'boolean' && other.kind === 'boolean')
      return (value.value === other.value) !== (operator === '!=');
    if (value.kind === 'address' && other.kind === 'address')
      return Buffer.from(value.bytes).equals(other.bytes) !== (operator === '!=');
    return false;
  }
  const values = literals(check);
  if (modifier === undefined) return constantsHold(check, value, values);
  const count = values.filter((each) => constantsHold(check, value, [each])).length;
  return modifier === 'oneof' ? count === 1 : modifier === 'anyof' ? count > 0 : count > 0 && count === values.length;
}

function textsOf(value: Value): readonly string[] | undefined {
  return value.kind === 'list' ? value.items : value.kind === 'text' ? [value.bytes] : undefined;
}

/** `in`: all of them are among the values; `intersects`: any is. */
function listHolds(operator: Check['operator'], items: readonly string[], values: readonly string[]): boolean {
  const isAmong = (item: string): boolean => values.includes(item);
  return operator === 'in' ? items.every(isAmong) : items.some(isAmong);
}

function constantsHold({ operator, left }: Check, value: Value, values: readonly string[]): boolean {
  switch (value.kind) {
    case 'text':
      return textHolds(operator, value.bytes, values);
    case 'list':
      return listHolds(operator, value.items, values);
    case 'integer': {
      const isPort = left.kind === 'field' && /port$/.test(left.name);
      const numbers = values.map((text) => BigInt(isPort ? (portOf(text) ?? -1) : text));
      // Constants beyond the field's size wrap.
      const wrap = wrapping(left);
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

function wrapping(operand: Operand): (value: bigint) => bigint {
  if (operand.kind === 'transformer') return (value) => BigInt.asUintN(64, value);
  const resolved = resolveNamed(operand.name, operand.argument);
  if (!resolved.ok) throw new Error(`${operand.name}: ${resolved.reason}`);
  const type = resolved.field.type === 'DYN' ? parameterType(resolved.argument ?? '') : resolved.field.type;
  if (type === undefined) return (value) => value;
  if (/TIME$/.test(type)) return (value) => BigInt.asUintN(64, value);
  const bits = Number(/\d+$/.exec(type)?.[0] ?? 64);
  return /^(UINT|FLAGS|ENUMFLAGS)|^(MODE|UID|GID)$/.test(type)
    ? (value) => BigInt.asUintN(/\d$/.test(type) ? bits : 32, value)
    : (value) => BigInt.asIntN(bits, value);
}

function compareIntegers(operator: Check['operator'], left: bigint, right: bigint): boolean {
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

function textHolds(operator: Check['operator'], text: string, values: readonly string[]): boolean {
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
