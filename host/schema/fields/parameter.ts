// The parameters of events (evt.arg.NAME, evt.rawarg.NAME, evt.args): what their rows in ../events/ say becomes derivations, as other fields
// have them. Most parameters have a number or a path, and a text that says what it means: 3 is `<f>/etc/passwd`.

import { EVENT_HEADER, EVENT_STRUCTS, type EventShape } from '../event-structs.ts';
import type { EventType } from '../events/index.ts';
import { integerFormat } from '../integers.ts';
import { type MemberType, member } from '../layout.ts';
import { parameterBase } from '../parameter-base.ts';
import { parameterType } from '../parameter-names.ts';
import type { Parameter, ValueType } from '../types.ts';
import { ACCESSOR_OWNERS } from './accessors.ts';
import {
  ABSENT,
  type Derivation,
  type NumberDerivation,
  type NumberMember,
  type Owner,
  type TextDerivation,
  type TextMember,
} from './derivation.ts';
import { call, compare, decimal, digits, either, isThere, masked, orEmpty } from './derive.ts';
import type { Field } from './field.ts';
import { statDevice } from './of-descriptor.ts';
import {
  accountName,
  descriptor,
  errorName,
  names,
  orNull,
  passedAddress,
  processName,
  renumbered,
} from './parameter-meaning.ts';

/** The values of a parameter. */
export interface ParameterForms {
  /** The type of a raw value that is a number. */
  readonly type: ValueType;
  /** evt.rawarg. */
  readonly raw: Derivation;
  /** In which base outputs write evt.rawarg. */
  readonly rawBase: 8 | 10 | 16;
  /** The raw value in evt.args. */
  readonly shown: Derivation;
  /** evt.arg: what it means. */
  readonly text: Derivation;
  /** The member belongs to the process: without it there is no value. */
  readonly ofImage: boolean;
}

/** Finds a parameter by name or, all digits, by position from 0. */
export function findParameter(type: EventType, argument: string): Parameter | undefined {
  if (/^\d+$/.test(argument)) return type.parameters[Number(argument)];
  return type.parameters.find((parameter) => parameter.name === argument);
}

/** Undefined if the parameter is not captured. */
export function parameterForms(type: EventType, parameter: Parameter): ParameterForms | undefined {
  const located = locate(type.shape, parameter.member);
  if (!located) return undefined;
  const values =
    located.type === 'string' ? textForms(parameter, located, type) : numberForms(parameter, located, type);
  return { type: numberType(parameter), rawBase: 10, ofImage: located.of === 'image', ...values };
}

/** The type of a field's value on an event: of evt.rawarg that of the parameter, which may differ from event to event. */
export function valueTypeOn(type: EventType, field: Field, argument = ''): ValueType {
  if (field.type !== 'DYN') return field.type;
  const parameter = findParameter(type, argument);
  return (parameter && parameterForms(type, parameter)?.type) ?? parameterType(argument) ?? 'INT64';
}

/** Numbers of another type on each call (ptrace's addr and data) are addresses. */
function numberType({ type }: Parameter): ValueType {
  return type === 'DYN' ? 'UINT64' : type;
}

// -- members --

interface Located {
  readonly of: Owner;
  readonly name: string;
  readonly index?: number;
  readonly type: MemberType;
}

/** `numbers[1]`, `image.comm`, or a member of the header or of the event's shape. */
function locate(shape: EventShape, path = ''): Located | undefined {
  const [, onImage, name = '', index] = /^(image\.)?(\w+)(?:\[(\d+)\])?$/.exec(path) ?? [];
  if (name === '') return undefined;
  const isOfHeader = EVENT_HEADER.members.some((each) => each.name === name);
  const of = onImage ? 'image' : isOfHeader ? 'header' : shape;
  const { type } = member(ACCESSOR_OWNERS[of] ?? EVENT_STRUCTS[shape], name);
  return { of, name, type, ...(index !== undefined && { index: Number(index) }) };
}

function textMember({ of, name }: Pick<Located, 'of' | 'name'>): TextDerivation {
  return { node: 'textOf', of, member: name as TextMember };
}

function numberMember({ of, name, index }: Located): NumberDerivation {
  return { node: 'numberOf', of, member: name as NumberMember, ...(index !== undefined && { index }) };
}

const BITS: Readonly<Partial<Record<MemberType, readonly [bits: number, signed: boolean]>>> = {
  u8: [8, false],
  u16: [16, false],
  u32: [32, false],
  i32: [32, true],
  u64: [64, false],
  i64: [64, true],
};

/** The member's number as one of the type: it wraps if the type is smaller, or has a sign and the member none. */
function asType(located: Located, type: ValueType): NumberDerivation {
  const of = numberMember(located);
  const [memberBits, memberSigned] = BITS[located.type] ?? [64, true];
  const { bits, signed } = integerFormat(type);
  const fits = memberSigned === signed ? bits >= memberBits : signed && bits > memberBits;
  return fits ? of : { node: 'asType', of, type };
}

// -- texts --

type Forms = Pick<ParameterForms, 'raw' | 'shown' | 'text'> & Partial<ParameterForms>;

function same(raw: Derivation, shown: Derivation = raw): Forms {
  return { raw, shown, text: shown };
}

function textForms(parameter: Parameter, located: Located, { shape }: EventType): Forms {
  const value = textMember(located);
  switch (parameter.type) {
    case 'SOCKTUPLE':
      // Falco has no comparable form of an address.
      return same(ABSENT, orNull(value));
    case 'BYTEBUF': {
      const bytes = parameter.withoutFirst ? call('withoutFirst', value) : value;
      return same(orEmpty(bytes), orNull({ node: 'shown', of: bytes }, bytes));
    }
    case 'FSPATH':
    case 'FSRELPATH': {
      if (parameter.passed === undefined) return same(value);
      const passed = textMember({ of: shape, name: parameter.passed });
      const raw = either(isThere(passed), passed, value);
      return { raw, shown: raw, text: call('pathArgument', passed, value) };
    }
    default:
      return same(value);
  }
}

// -- numbers --

const MODE_BITS = 0o7777;

function numberForms(parameter: Parameter, located: Located, type: EventType): Forms {
  const value = asType(located, numberType(parameter));
  const shown = decimal(value);
  switch (parameter.type) {
    case 'SOCKADDR':
      return same(ABSENT, passedAddress(parameter.name));
    case 'FLAGS8':
    case 'FLAGS16':
    case 'FLAGS32': {
      const raw = renumbered(parameter, numberMember(located));
      return { raw, rawBase: 16, shown: decimal(raw), text: names(parameter, numberMember(located), '0') };
    }
    case 'ENUMFLAGS8':
    case 'ENUMFLAGS16':
    case 'ENUMFLAGS32': {
      const raw = renumbered(parameter, numberMember(located));
      return { raw, shown: decimal(raw), text: names(parameter, numberMember(located)) };
    }
    case 'MODE': {
      const raw = masked(value, MODE_BITS);
      return { raw, rawBase: 8, shown: digits(raw, 8), text: names(parameter, value, '0') };
    }
    case 'SIGTYPE':
      return { raw: value, shown, text: names(parameter, value) };
    case 'ERRNO':
      return { raw: value, shown, text: either(compare(value, '<', 0), errorName(value), shown) };
    case 'FD': {
      const { directory: name } = parameter;
      const directory = name === undefined ? undefined : textMember({ of: type.shape, name });
      return { raw: value, shown, text: descriptor(value, type.shape, directory) };
    }
    case 'PID':
      return { raw: value, shown, text: processName(parameter, value) };
    case 'UID':
    case 'GID':
      return { raw: value, shown, text: accountName(parameter, value) };
    case 'ABSTIME':
      return same(value, {
        node: 'inOutputs',
        value: { node: 'dateTime', of: value },
        inConditions: ABSENT,
        why: `evt.arg.${parameter.name} is a date in text form; conditions see it as absent`,
      });
    default: {
      const base = parameterBase(type.name, parameter.name);
      const plain = parameter.name === 'dev' ? statDevice(value) : value;
      // In hexadecimal there is no sign.
      const digitsOf = base === 16 && parameter.type === 'INT32' ? asType(located, 'UINT32') : plain;
      return { ...same(plain, digits(digitsOf, base)), rawBase: base };
    }
  }
}
