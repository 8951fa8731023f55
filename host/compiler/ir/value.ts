// What a check reads of an event and of its process, as nodes: a member of a record, an operator of rules-wasm on other values, a number.
// print-value.ts makes AssemblyScript of them; plan/ reads from them what the kernel may drop and what can be looked up. Names of members,
// flags and operators are those of the schema and of rules-wasm: a wrong one fails the type check.

import type { AUDIT_EVENT } from '../../schema/audit/record.ts';
import type { CONTAINER } from '../../schema/container.ts';
import type { EVENT_HEADER, EVENT_STRUCTS, EventShape } from '../../schema/event-structs.ts';
import { ACCESSOR_OWNERS } from '../../schema/fields/accessors.ts';
import type { Arithmetic as DerivedArithmetic, Flag } from '../../schema/fields/derivation.ts';
import type { IMAGE } from '../../schema/image.ts';
import type { Comparison } from '../../schema/integers.ts';
import type { MemberName, MemberType } from '../../schema/layout.ts';
import type { OPERATORS } from './generated/operators.ts';

/** The structs by the name that their accessors begin with: `header` is what all events have, then the shapes of events. */
type Structs = { readonly header: typeof EVENT_HEADER } & typeof EVENT_STRUCTS & {
    readonly audit: typeof AUDIT_EVENT;
    readonly image: typeof IMAGE;
    readonly container: typeof CONTAINER;
  };

export type MemberOwner = keyof Structs;

/** Names of a struct's members, or of those of one type. What all shapes of events have is read as the header's. */
export type MemberOf<Owner extends MemberOwner, Type extends MemberType = MemberType> = Owner extends EventShape
  ? Exclude<MemberName<Structs[Owner], Type>, MemberName<Structs['header']>>
  : MemberName<Structs[Owner], Type>;

export type OperatorName = keyof typeof OPERATORS;

/** Arguments of an operator, as many as it takes. */
type Arguments<Name extends OperatorName> = ValueOfEach<(typeof OPERATORS)[Name]['parameters']>;
type ValueOfEach<Types extends readonly string[]> = { readonly [Index in keyof Types]: Value };

export type NumberType = 'i8' | 'i16' | 'i32' | 'i64' | 'u8' | 'u16' | 'u32' | 'u64';

/** What derivations have, and sums: those are of addresses. */
export type Arithmetic = DerivedArithmetic | '+';

/** In the comments: what it is printed as. */
export type Value =
  /** `event`, `image`: what a function of the module is given, the addresses of the event and of the process image. */
  | { readonly node: 'variable'; readonly name: VariableName }
  /** `-1`, or `0x41`. */
  | { readonly node: 'integer'; readonly value: bigint; readonly hexadecimal?: true }
  /** `true` */
  | { readonly node: 'boolean'; readonly value: boolean }
  | MemberValue
  /** `EVENT_FLAG_IO_URING` */
  | Flag
  | OperatorCall
  /** `anyAmong_721ed915eb60(event, image)`: a call of a function that lowering made for this module. */
  | { readonly node: 'function'; readonly name: string; readonly arguments: readonly Value[] }
  /** `i64(headerFd(event))` */
  | { readonly node: 'cast'; readonly to: NumberType; readonly value: Value }
  /** `openOpenFlags(event) & 3` */
  | { readonly node: 'arithmetic'; readonly operator: Arithmetic; readonly left: Value; readonly right: Value }
  /** `load<u8>(networkPassedAddress(event), 3)`: a byte of what lies at an address. */
  | { readonly node: 'byte'; readonly address: Value; readonly offset: number }
  /** `imageSessionAddress(image) != 0 ? imageSessionAddress(image) : oldestOfSid(image)` */
  | { readonly node: 'choice'; readonly condition: Value; readonly then: Value; readonly otherwise: Value }
  /** `headerResult(event) < 0` */
  | { readonly node: 'comparison'; readonly operator: Comparison; readonly left: Value; readonly right: Value }
  /** `x < 64 && ((u64(0x3e) >> x) & 1) != 0`: the number (u64) is one of those below 64 whose bits are set. */
  | { readonly node: 'oneOf'; readonly value: Value; readonly set: bigint };

/**
 * `event`: the record. `image`: the process image, or the ancestor's that is looked at. `item`, `index`: within a function that goes over a
 * list. `key`: within one that looks for a key. `valuesOffset`: of an audit event, where the values of this module begin (emit/module.ts).
 */
export type VariableName = 'event' | 'image' | 'item' | 'index' | 'key' | 'list' | 'valuesOffset';

/**
 * `imageComm(imageParentAddress(image))`: a member of the struct at the address `of`; of an array the element `index`. Texts are u64
 * (rules-wasm/text.ts), 0 = absent.
 */
export type MemberValue = {
  [Owner in MemberOwner]: {
    readonly node: 'member';
    readonly owner: Owner;
    readonly name: MemberOf<Owner>;
    readonly of: Value;
    readonly index?: number;
  };
}[MemberOwner];

/** `itemOf(imageArgv(image), 1)`: a call of a function of rules-wasm. */
export interface OperatorCall {
  readonly node: 'call';
  readonly operator: OperatorName;
  readonly arguments: readonly Value[];
}

export function isValue(thing: unknown): thing is Value {
  return typeof thing === 'object' && thing !== null && 'node' in thing;
}

/** The value and all that it is made of. */
export function partsOf(value: Value): readonly Value[] {
  const children = Object.values(value).flatMap((member: unknown) => (Array.isArray(member) ? member : [member]));
  return [value, ...children.filter(isValue).flatMap(partsOf)];
}

/** The first argument, if the value is a call of the operator. */
export function argumentOf(value: Value, operator: OperatorName): Value | undefined {
  return value.node === 'call' && value.operator === operator ? value.arguments[0] : undefined;
}

export function truth(value: boolean): Value {
  return { node: 'boolean', value };
}

export const NEVER = truth(false);

const variable = (name: VariableName): Value => ({ node: 'variable', name });

export const EVENT_ADDRESS = variable('event');
export const IMAGE_ADDRESS = variable('image');
export const ITEM_TEXT = variable('item');
export const ITEM_INDEX = variable('index');
export const KEY_TEXT = variable('key');
export const LIST_TEXT = variable('list');
export const FIRST_VALUE = variable('valuesOffset');

export function integer(value: bigint | number): Value {
  return { node: 'integer', value: BigInt(value) };
}

export function hexadecimal(value: bigint | number): Value {
  return { node: 'integer', value: BigInt(value), hexadecimal: true };
}

export const ZERO = integer(0);

/** A member of the record: `ofEvent('header', 'result')`, `ofEvent('open', 'mode')`. */
export function ofEvent<Owner extends 'header' | EventShape>(owner: Owner, name: MemberOf<Owner>): Value {
  return { node: 'member', owner, name, of: EVENT_ADDRESS } as MemberValue;
}

/** A member of the process image, or of the image at another address. */
export function ofImage(name: MemberOf<'image'>, image: Value = IMAGE_ADDRESS): Value {
  return { node: 'member', owner: 'image', name, of: image };
}

/** The table entry of the container of the process. */
export const CONTAINER_ADDRESS = ofImage('container_address');

/** A member whose name is known at run time only; undefined if the struct lacks it. */
export function memberNamed(owner: MemberOwner, name: string, of: Value, index?: number): Value | undefined {
  if (!ACCESSOR_OWNERS[owner]?.members.some((member) => member.name === name)) return undefined;
  return { node: 'member', owner, name, of, ...(index !== undefined && { index }) } as MemberValue;
}

export function flag<Table extends Flag['table']>(
  table: Table,
  name: Extract<Flag, { readonly table: Table }>['name'],
): Value {
  return { node: 'flag', table, name } as Flag;
}

export function call<Name extends OperatorName>(operator: Name, ...values: Arguments<Name>): Value {
  return { node: 'call', operator, arguments: values };
}

export function callFunction(name: string, ...values: readonly Value[]): Value {
  return { node: 'function', name, arguments: values };
}

export function cast(to: NumberType, value: Value): Value {
  return { node: 'cast', to, value };
}

export function arithmetic(left: Value, operator: Arithmetic, right: Value): Value {
  return { node: 'arithmetic', operator, left, right };
}

export function compare(left: Value, operator: Comparison, right: Value): Value {
  return { node: 'comparison', operator, left, right };
}

export function choose(condition: Value, then: Value, otherwise: Value): Value {
  return { node: 'choice', condition, then, otherwise };
}

export function isZero(value: Value): boolean {
  return value.node === 'integer' && value.value === 0n;
}

/** Texts, addresses and numbers whose 0 means that they are absent. */
export function isThere(value: Value): Value {
  return compare(value, '!=', ZERO);
}

export function isAbsent(value: Value): Value {
  return compare(value, '==', ZERO);
}

const OPPOSITES = { '==': '!=', '!=': '==' } as const;

/** The negation of a value that is a bool; undefined if it is not a comparison with == or !=. */
export function opposite(value: Value): Value | undefined {
  if (value.node === 'boolean') return truth(!value.value);
  if (value.node !== 'comparison' || (value.operator !== '==' && value.operator !== '!=')) return undefined;
  return { ...value, operator: OPPOSITES[value.operator] };
}
