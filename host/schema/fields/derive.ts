// Short forms of the nodes that derivations are made of, and of the sources that carry them.

import type { Comparison } from '../integers.ts';
import {
  ABSENT,
  type Arithmetic,
  type BooleanDerivation,
  type Call,
  type Compare,
  type Derivation,
  type FLAGS,
  type Flag,
  type NumberDerivation,
  type NumberMember,
  type Owner,
  type Process,
  type TextDerivation,
  type TextMember,
} from './derivation.ts';
import type { FieldSource, KnownFrom } from './field.ts';
import type { OPERATORS, OperatorName } from './operators.ts';

// -- sources --

type RecordSource = Extract<FieldSource, { readonly from: 'record' }>;

/** A field whose derivation is the same on all events. */
export function always(derivation: Derivation): RecordSource {
  return { from: 'record', derive: () => derivation };
}

/** A field whose derivation depends on the type of the event, or on the field's argument. */
export function derived(derive: RecordSource['derive']): RecordSource {
  return { from: 'record', derive };
}

/** A field of the container table. It may be read after the event is gone, when only the event's time is kept. */
export function ofContainer(derive: (argument: string) => Derivation, knownFrom: KnownFrom): FieldSource {
  return { from: 'container', derive: (argument = '') => derive(argument), knownFrom };
}

// -- members --

/** The members of one kind of record, numbers and texts. */
function membersOf<O extends Owner>(of: O) {
  return {
    number: (member: NumberMember<O>): NumberDerivation => ({ node: 'numberOf', of, member }),
    text: (member: TextMember<O>): TextDerivation => ({ node: 'textOf', of, member }),
  };
}

export const HEADER = membersOf('header');
/** The members of a descriptor, of the shapes open, network and descriptor. */
export const DESCRIPTOR = membersOf('descriptor');
export const OPEN = membersOf('open');
export const PATH = membersOf('path');
export const PATHS = membersOf('paths');
export const NETWORK = membersOf('network');
export const CONTAINER = membersOf('container');

export const SELF: Process = { kind: 'ancestor', generations: 0 };
export const PARENT: Process = { kind: 'ancestor', generations: 1 };

export const IMAGE = {
  number: (member: NumberMember<'image'>, process: Process = SELF): NumberDerivation => ({
    node: 'numberOf',
    of: 'image',
    member,
    process,
  }),
  text: (member: TextMember<'image'>, process: Process = SELF): TextDerivation => ({
    node: 'textOf',
    of: 'image',
    member,
    process,
  }),
};

// -- values --

export function number(value: number | bigint): NumberDerivation {
  return { node: 'number', value: BigInt(value) };
}

export function text(value: string): TextDerivation {
  return { node: 'text', value };
}

export function boolean(value: boolean): BooleanDerivation {
  return { node: 'boolean', value };
}

/** One of two values; either may be absent. */
export function either(condition: BooleanDerivation, value: Derivation, otherwise: Derivation): Derivation {
  return { node: 'either', condition, value, otherwise };
}

/** Absent if the condition does not hold. */
export function present(condition: BooleanDerivation, value: Derivation): Derivation {
  return either(condition, value, ABSENT);
}

export function orElse(of: TextDerivation, otherwise: string): TextDerivation {
  return { node: 'orElse', of, otherwise };
}

export function orEmpty(of: TextDerivation): TextDerivation {
  return orElse(of, '');
}

export function join(...parts: readonly TextDerivation[]): TextDerivation {
  return { node: 'join', parts };
}

export function digits(of: NumberDerivation, base: 8 | 10 | 16): TextDerivation {
  return { node: 'digits', of, base };
}

export function decimal(of: NumberDerivation): TextDerivation {
  return digits(of, 10);
}

// -- numbers --

function arithmetic(operator: Arithmetic) {
  return (left: NumberDerivation, right: NumberDerivation | number): NumberDerivation => ({
    node: 'arithmetic',
    operator,
    left,
    right: typeof right === 'number' ? number(right) : right,
  });
}

export const minus = arithmetic('-');
export const quotient = arithmetic('/');
export const remainder = arithmetic('%');
export const masked = arithmetic('&');
export const joinedBits = arithmetic('|');
export const shiftedUp = arithmetic('<<');
export const shifted = arithmetic('>>');

export function lengthOf(of: TextDerivation): NumberDerivation {
  return { node: 'lengthOf', of };
}

/** One of two numbers. */
export function numberIf(condition: Compare, value: NumberDerivation, otherwise: NumberDerivation): NumberDerivation {
  return { node: 'numberIf', condition, value, otherwise };
}

// -- conditions --

export function compare(left: NumberDerivation, operator: Comparison, right: NumberDerivation | number): Compare {
  return { node: 'compare', operator, left, right: typeof right === 'number' ? number(right) : right };
}

export function hasBit(of: NumberDerivation, bit: NumberDerivation | number): BooleanDerivation {
  return compare(masked(of, bit), '!=', 0);
}

export function flag<Table extends keyof typeof FLAGS>(
  table: Table,
  name: keyof (typeof FLAGS)[Table],
): NumberDerivation {
  return { node: 'flag', table, name } as Flag;
}

export function all(...of: readonly BooleanDerivation[]): BooleanDerivation {
  return { node: 'all', of };
}

export function any(...of: readonly BooleanDerivation[]): BooleanDerivation {
  return { node: 'any', of };
}

export function not(of: BooleanDerivation): BooleanDerivation {
  return { node: 'not', of };
}

export function isThere(of: TextDerivation): BooleanDerivation {
  return { node: 'isThere', of };
}

export function isKnown(process: Process): BooleanDerivation {
  return { node: 'isKnown', process };
}

// -- operators --

type ValuesOf<Types extends readonly ('number' | 'text')[]> = {
  readonly [At in keyof Types]: Types[At] extends 'number' ? NumberDerivation : TextDerivation;
};

/** An operator's result for its records and these values. */
export function call<Name extends OperatorName>(
  operator: Name,
  ...values: ValuesOf<(typeof OPERATORS)[Name]['values']>
): Call<(typeof OPERATORS)[Name]['gives']> {
  return { node: 'call', operator, arguments: values } as unknown as Call<(typeof OPERATORS)[Name]['gives']>;
}
