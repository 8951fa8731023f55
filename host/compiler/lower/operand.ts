// A field on events of one type: where its value is read, and whether it can be present.
//
//   fd.name               text        orEmpty(descriptorName(event))
//   fd.num                number      i64(headerFd(event))
//   fd.l4proto            either      absent if descriptorKind(event) == 0, else names of u64(descriptorL4(event)): 0x6 is tcp
//   evt.failed            boolean     headerResult(event) < 0
//   fd.sip                address     fdSip(event), of IPv6 if descriptorKind(event) == 54
//   fd.port               ends        i64(descriptorLocalPort(event)) and i64(fdOtherPort(event))
//   proc.aname            ancestors   imageComm(image) of each
//   container.env_names   texts       itemOf(containerEnvNames(imageContainerAddress(image)), index)

import type { EventType } from '../../schema/events/index.ts';
import type { Field } from '../../schema/fields/field.ts';
import type { Condition } from '../ir/condition.ts';
import type { RuntimeName } from '../ir/runtime-names.ts';
import type { Bytes, Mark, NamedNumber, Piece, Scope, TextMatch, TextValue } from '../ir/text.ts';
import { cast, ITEM_TEXT, type Value } from '../ir/value.ts';

export type Operand =
  /** Never there on these events: every operator is false. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'constant'; readonly bytes: Bytes }
  /** `orElse`: what it reads where the text is absent. */
  | { readonly kind: 'text'; readonly text: TextValue; readonly orElse?: Bytes }
  /** Text that nowhere lies in one piece; there if all its pieces are. */
  | { readonly kind: 'pieces'; readonly pieces: readonly Piece[] }
  | ({ readonly kind: 'names' } & NamedNumber)
  /** `value` is of type i64, or u64 if unsigned. */
  | {
      readonly kind: 'number';
      readonly value: Value;
      readonly unsigned?: true;
      readonly scope: Scope;
      /** A negative value means absent. */
      readonly negativeIsAbsent?: true;
      /** It is never less. */
      readonly least?: bigint;
    }
  | { readonly kind: 'boolean'; readonly condition: Condition }
  /** `value` is the address of 16 bytes, 0 = absent; `v6`: whether they are an IPv6 address. */
  | { readonly kind: 'address'; readonly value: Value; readonly v6: Value; readonly scope: Scope }
  /** Either end of a connection. */
  | { readonly kind: 'ends'; readonly local: Operand; readonly remote: Operand }
  /** The ancestors, of which any may satisfy the check: in the operand, `image` is the ancestor. */
  | { readonly kind: 'ancestors'; readonly each: Operand }
  /** The elements of a list. */
  | { readonly kind: 'list'; readonly items: readonly Operand[] }
  /**
   * The elements of a list of which only the event knows how many there are: `item` yields the text of number `index`, 0 past the end.
   * `marks`: numbers that it yields in place of texts which lie nowhere, with what these read. `each`: how any other text is read, from
   * the variable `item`.
   */
  | {
      readonly kind: 'texts';
      readonly there: Condition;
      readonly item: Value;
      readonly marks: readonly Mark[];
      readonly each: ItemPiece;
      readonly scope: Scope;
    }
  | { readonly kind: 'either'; readonly condition: Condition; readonly value: Operand; readonly otherwise: Operand };

/** A text that reads the variable `item`. */
export type ItemPiece = Extract<Piece, { kind: 'text' | 'base64' }>;

/** The text as it is. */
export const ITEM: ItemPiece = { kind: 'text', value: ITEM_TEXT, scope: 'event' };

export const ABSENT: Operand = { kind: 'absent' };

/** Makes the functions of the module that values call, and the tests within them. */
export interface FunctionMaker {
  /** A function that a value calls; `source` declares it, `names` is what this names of rules-wasm besides printed values. */
  define(name: string, source: string, names?: readonly RuntimeName[]): void;
  /** The code of a value, for such a function. */
  print(value: Value): string;
  /** The test of a text, for such a function. */
  textTest(match: TextMatch, text: Value): Value;
  /** The test of an element of a list, which the variable `item` holds. */
  itemTest(match: TextMatch, item: ItemPiece): Value;
  /** Whether an element of a list, or a constant in its place, is the text in pieces. */
  itemEquals(item: ItemPiece | Extract<Piece, { kind: 'bytes' }>, text: readonly Piece[]): Value;
  /** The function `index -> byte` of a constant. */
  constantBytes(bytes: Bytes): string;
  /** The length of a text in pieces (i32): -1 if it is absent. */
  textLength(pieces: readonly Piece[]): Value;
}

/** What lowering a condition needs to know, and where it reports what it could not do. */
export interface LoweringContext extends FunctionMaker {
  readonly type: EventType;
  /** Where fields are read if events are given by their fields; by default in the record. */
  readonly given?: { operand(field: Field, argument: string | undefined): Operand };
  /** Numbers the values of audit events that lie in no member. */
  readonly auditValues: { numberOf(name: string): number };
  /** Something about a field that the rule's author should know; said once per rule and text. */
  warn(code: LoweringWarningCode, message: string): void;
  /** A check that can't be compiled: it counts as false. Throws what is not the fault of the rule. */
  fail(error: unknown): void;
}

export type LoweringWarningCode =
  /** No event captures it; the loader warns of it too, with the place. */
  | 'field-not-captured'
  | 'field-not-in-conditions'
  /** Some events do not capture it; the loader, which doesn't look at each of them, does not know. */
  | 'argument-not-captured'
  | 'field-not-exact'
  /** Falco compares with less than what is written, and so does Wasprey. */
  | 'values-ignored'
  | 'condition-not-supported';

export function text(value: Value, scope: Scope): Operand {
  return { kind: 'text', text: { value, scope } };
}

export function constantText(value: string): Operand {
  return { kind: 'constant', bytes: toBytes(value) };
}

/** A number of type i64, or u64 if unsigned. */
export function number(value: Value, scope: Scope, unsigned = false): Operand {
  return unsigned ? { kind: 'number', value, unsigned: true, scope } : { kind: 'number', value, scope };
}

export function boolean(condition: Condition): Operand {
  return { kind: 'boolean', condition };
}

/** `operand` if the condition holds, else absent. */
export function present(condition: Condition, operand: Operand): Operand {
  return either(condition, operand, ABSENT);
}

export function either(condition: Condition, value: Operand, otherwise: Operand): Operand {
  if (condition.kind === 'constant') return condition.value ? value : otherwise;
  return { kind: 'either', condition, value, otherwise };
}

const WHOLE = 0xffffffffffffffffn;

/** Names of single numbers: each stands for exactly its value. */
export function enumeration(
  value: Value,
  scope: Scope,
  names: readonly (readonly [number: number, name: string])[],
  none?: string,
): Operand {
  const bits = names.map(([number, name]) => ({
    name: toBytes(name),
    mask: WHOLE,
    equals: BigInt.asUintN(64, BigInt(number)),
  }));
  const base = { kind: 'names', value: cast('u64', value), scope, names: bits, separator: '|' } as const;
  return none === undefined ? base : { ...base, none: toBytes(none) };
}

/** UTF-8 as characters 0-255. */
export function toBytes(value: string): Bytes {
  return Buffer.from(value, 'utf8').toString('latin1');
}
