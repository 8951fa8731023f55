// The value of a derivation on an event that matched, read from the sandbox's memory. host/compiler/lower/derived.ts makes conditions of
// the same derivations.

import {
  type AddressDerivation,
  type Arithmetic,
  type BooleanDerivation,
  type Derivation,
  flagValue,
  type NumberDerivation,
  type Single,
  type TextDerivation,
} from '../schema/fields/derivation.ts';
import { isUnsigned } from '../schema/fields/number-range.ts';
import { isBoolean, isNumber, isText } from '../schema/fields/sorts.ts';
import { asInteger, compareIntegers } from '../schema/integers.ts';
import { groupName, userName } from './account-names.ts';
import { addressText, isMapped } from './address.ts';
import type { AddressNames } from './address-names.ts';
import { numberMember, processOf, textMember } from './derived-members.ts';
import { mountText } from './mounts.ts';
import { addressBytes, eventOf, FUNCTIONS, type Scope } from './operators.ts';
import { joinPath } from './path.ts';
import { integerText, valueText } from './text.ts';
import { dateTime } from './time.ts';
import {
  type Absent,
  boolean,
  buffer,
  concatenate,
  encode,
  type FieldValue,
  findByKey,
  integer,
  type SingleValue,
  splitAtNul,
  text,
} from './value.ts';

const EMPTY = new Uint8Array(0);
const NO_ADDRESS = new Uint8Array(16);

/** The value as plain data; `names`: names of addresses. */
export function readDerivation(derivation: Derivation, scope: Scope, names?: AddressNames): FieldValue | Absent {
  switch (derivation.node) {
    case 'absent':
      return undefined;
    case 'ends': {
      const [local, remote] = [readSingle(derivation.local, scope), readSingle(derivation.remote, scope)];
      return local && remote && { kind: 'ends', local, remote };
    }
    case 'either': {
      const holds = evaluateBoolean(derivation.condition, scope);
      return readDerivation(holds ? derivation.value : derivation.otherwise, scope, names);
    }
    case 'unlessNegative': {
      const value = evaluateNumber(derivation.of, scope);
      return value < 0n ? undefined : integer(value);
    }
    case 'items': {
      const list = evaluateText(derivation.of, scope);
      return list && { kind: 'list', items: splitAtNul(list).map((item) => item.slice()) };
    }
    case 'ancestors':
      return readDerivation(derivation.shown, scope, names);
    case 'inOutputs':
      return readSingle(derivation.value, scope);
    case 'nameOf': {
      const address = evaluateAddress(derivation.of, scope);
      const name = address && names?.nameOf(address);
      return name === undefined ? undefined : text(name);
    }
    default:
      return readSingle(derivation, scope);
  }
}

function readSingle(derivation: Single, scope: Scope): SingleValue | Absent {
  if (isNumber(derivation)) return integer(evaluateNumber(derivation, scope));
  if (isBoolean(derivation)) return boolean(evaluateBoolean(derivation, scope));
  if (isText(derivation)) {
    const bytes = evaluateText(derivation, scope);
    return bytes && text(bytes);
  }
  const bytes = evaluateAddress(derivation, scope);
  return bytes && { kind: 'address', bytes };
}

function evaluateNumber(derivation: NumberDerivation, scope: Scope): bigint {
  switch (derivation.node) {
    case 'number':
      return derivation.value;
    case 'flag':
      return flagValue(derivation);
    case 'numberOf':
      return numberMember(derivation, scope);
    case 'arithmetic': {
      const [left, right] = [evaluateNumber(derivation.left, scope), evaluateNumber(derivation.right, scope)];
      const result = calculate(derivation.operator, left, right);
      return isUnsigned(derivation) ? BigInt.asUintN(64, result) : BigInt.asIntN(64, result);
    }
    case 'numberIf': {
      const holds = evaluateBoolean(derivation.condition, scope);
      return evaluateNumber(holds ? derivation.value : derivation.otherwise, scope);
    }
    case 'lengthOf':
      return BigInt(evaluateText(derivation.of, scope)?.length ?? 0);
    case 'asType':
      return asInteger(evaluateNumber(derivation.of, scope), derivation.type);
    case 'renumbered':
      return renumbered(derivation, scope);
    case 'call':
      return callOperator(derivation, scope) as bigint;
  }
}

function renumbered({ of, names, flags }: Extract<NumberDerivation, { node: 'renumbered' }>, scope: Scope): bigint {
  const number = BigInt.asUintN(32, evaluateNumber(of, scope));
  const applying = names.filter(({ mask, equals }) => (number & mask) === equals);
  if (flags) return applying.reduce((sum, { value }) => sum | value, 0n);
  return applying[0]?.value ?? number;
}

function calculate(operator: Arithmetic, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '-':
      return left - right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '<<':
      return left << right;
    case '>>':
      return left >> right;
  }
}

function evaluateBoolean(derivation: BooleanDerivation, scope: Scope): boolean {
  switch (derivation.node) {
    case 'boolean':
      return derivation.value;
    case 'compare':
      return compareIntegers(
        evaluateNumber(derivation.left, scope),
        derivation.operator,
        evaluateNumber(derivation.right, scope),
      );
    case 'all':
      return derivation.of.every((each) => evaluateBoolean(each, scope));
    case 'any':
      return derivation.of.some((each) => evaluateBoolean(each, scope));
    case 'not':
      return !evaluateBoolean(derivation.of, scope);
    case 'isThere':
      return evaluateText(derivation.of, scope) !== undefined;
    case 'isKnown':
      return processOf(derivation.process, scope) !== undefined;
    case 'call':
      return callOperator(derivation, scope) as boolean;
  }
}

function evaluateText(derivation: TextDerivation, scope: Scope): Uint8Array | undefined {
  switch (derivation.node) {
    case 'text':
      return encode(derivation.value);
    case 'textOf':
      return textMember(derivation, scope);
    case 'orElse':
      return evaluateText(derivation.of, scope) ?? encode(derivation.otherwise);
    case 'join': {
      const parts: Uint8Array[] = [];
      for (const part of derivation.parts) {
        const bytes = evaluateText(part, scope);
        if (bytes === undefined) return undefined;
        parts.push(bytes);
      }
      return concatenate(parts);
    }
    case 'digits':
      return encode(digits(evaluateNumber(derivation.of, scope), derivation.base));
    case 'character': {
      const code = evaluateNumber(derivation.of, scope);
      return code === 0n ? EMPTY : Uint8Array.of(Number(code));
    }
    case 'shown': {
      const bytes = evaluateText(derivation.of, scope);
      return bytes && valueText(buffer(bytes, scope.base64Buffers));
    }
    case 'ipv4Text':
      return encode(addressText((eventOf(scope).bytes(derivation.member) ?? NO_ADDRESS).subarray(0, 4)));
    case 'ipv6Text': {
      const address = eventOf(scope).bytes(derivation.member) ?? NO_ADDRESS;
      return encode(addressText(isMapped(address) ? address.subarray(12) : address));
    }
    case 'dateTime':
      return encode(dateTime(evaluateNumber(derivation.of, scope)));
    case 'accountName': {
      const id = Number(evaluateNumber(derivation.of, scope));
      const name = derivation.account === 'user' ? userName(id) : groupName(id);
      return name === undefined ? undefined : encode(name);
    }
    case 'enumeration': {
      const value = evaluateNumber(derivation.of, scope);
      const name = derivation.names.find(([number]) => BigInt(number) === value)?.[1] ?? derivation.none;
      return encode(name ?? String(value));
    }
    case 'names': {
      const value = evaluateNumber(derivation.of, scope);
      const names = derivation.names.filter(({ mask, equals }) => (value & mask) === equals);
      if (names.length === 0) return encode(derivation.none ?? String(BigInt.asIntN(64, value)));
      return encode(names.map(({ name }) => name).join(derivation.separator));
    }
    case 'valueOf':
      return findByKey(evaluateText(derivation.list, scope) ?? EMPTY, derivation.key, derivation.separator);
    case 'nearest': {
      let generation = 0;
      for (const image of scope.image?.ancestors() ?? []) {
        const found = evaluateText(derivation.of, { ...scope, image });
        if (found) return found;
        if (++generation === derivation.generations) break;
      }
      return undefined;
    }
    case 'ofAncestors': {
      const ancestors = [...(scope.image?.ancestors() ?? [])];
      return concatenate(
        ancestors.map((image) => evaluateText(derivation.of, { ...scope, image }) ?? EMPTY),
        ' ',
      );
    }
    case 'mountPart':
      return mountText(evaluateText(derivation.mounts, scope) ?? EMPTY, derivation.mount, derivation.part);
    case 'pathFrom': {
      const [directory, path] = [evaluateText(derivation.directory, scope), evaluateText(derivation.path, scope)];
      return directory && path && joinPath(directory, path);
    }
    case 'call':
      return callOperator(derivation, scope) as Uint8Array | undefined;
  }
}

function digits(value: bigint, base: 8 | 10 | 16): string {
  if (base === 10) return String(value);
  const shown = integerText(BigInt.asUintN(64, value), base);
  return base === 8 && value !== 0n ? `0${shown}` : shown;
}

/** 4 bytes or 16. */
function evaluateAddress(derivation: AddressDerivation, scope: Scope): Uint8Array | undefined {
  if (derivation.node === 'call') return callOperator(derivation, scope) as Uint8Array | undefined;
  return addressBytes(eventOf(scope), derivation.member);
}

function callOperator({ operator, arguments: values }: Extract<Derivation, { node: 'call' }>, scope: Scope) {
  const run = FUNCTIONS[operator] as (scope: Scope, ...values: readonly unknown[]) => unknown;
  return run(
    scope,
    ...values.map((value) => (isNumber(value) ? evaluateNumber(value, scope) : evaluateText(value, scope))),
  );
}
