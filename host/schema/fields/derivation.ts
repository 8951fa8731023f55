// A field's derivation: how its value follows from the members of records. It is data, read twice: host/compiler/lower/derived.ts turns it
// into what conditions test, host/fields/derived.ts into what alerts print. Both read the same tree, so they agree.
//
// A number is never absent: members of an unknown process read 0. A text, an address or a list may be absent. `either` with ABSENT on one
// side makes any value absent. A text is absent if one of its parts is.

import type { CONTAINER } from '../container.ts';
import {
  DESCRIPTOR_STATE,
  EVENT_FLAGS,
  type EVENT_HEADER,
  type EVENT_STRUCTS,
  type EventShape,
} from '../event-structs.ts';
import type { CallEffect } from '../events/event-type.ts';
import { type IMAGE, IMAGE_FLAGS } from '../image.ts';
import type { Comparison } from '../integers.ts';
import type { MemberName, NumberType, Struct } from '../layout.ts';
import type { ValueType } from '../types.ts';
import type { OperatorOf } from './operators.ts';

/** The record whose members are read. `descriptor` serves all shapes that have a descriptor: its members lie at the same place in each. */
export type Records = {
  readonly header: typeof EVENT_HEADER;
  readonly image: typeof IMAGE;
  readonly container: typeof CONTAINER;
} & typeof EVENT_STRUCTS;
export type Owner = keyof Records;
export type NumberMember<O extends Owner = Owner> = O extends Owner ? NamesOf<Records[O], NumberType> : never;
export type TextMember<O extends Owner = Owner> = O extends Owner ? NamesOf<Records[O], 'string'> : never;
type AddressMember<O extends Owner = Owner> = O extends Owner ? NamesOf<Records[O], 'address'> : never;
type NamesOf<S, Type extends NumberType | 'string' | 'address'> = S extends Struct ? MemberName<S, Type> : never;

/** The properties of the event's type that a derivation may depend on. */
export interface EventKind {
  readonly name: string;
  readonly shape: EventShape;
  readonly category: string;
  readonly createsFd?: true;
  readonly usesFd?: true;
  readonly io?: 'read' | 'write';
  readonly does?: CallEffect;
}

/**
 * The process whose image is read: the event's own, its n-th ancestor, or the leader of its session or process group; if the leader is
 * gone, the oldest known ancestor of the same group, which is searched for where there is an `id`.
 */
export type Process =
  | { readonly kind: 'ancestor'; readonly generations: number }
  | {
      readonly kind: 'leader';
      readonly link: 'session_address' | 'group_leader_address';
      readonly id?: 'sid' | 'pgid' | 'vpgid';
    };

/** A member of a record. `process` applies to images only. */
interface Member<Names extends string> {
  readonly of: Owner;
  readonly member: Names;
  readonly process?: Process;
  /** For an array: which element. */
  readonly index?: number;
}

/** A bit by its name. */
export type Flag = {
  [Table in keyof typeof FLAGS]: {
    readonly node: 'flag';
    readonly table: Table;
    readonly name: keyof (typeof FLAGS)[Table];
  };
}[keyof typeof FLAGS];

/** The tables of bits, as rules-wasm/ names them. */
export const FLAGS = { EVENT_FLAG: EVENT_FLAGS, DESCRIPTOR: DESCRIPTOR_STATE, IMAGE_FLAG: IMAGE_FLAGS } as const;

export function flagValue({ table, name }: Flag): bigint {
  const bits: Readonly<Record<string, number>> = FLAGS[table];
  return BigInt(bits[name] ?? 0);
}

export type NumberDerivation =
  | { readonly node: 'number'; readonly value: bigint }
  | Flag
  /** `least`: the smallest possible value. */
  | ({ readonly node: 'numberOf'; readonly least?: bigint } & Member<NumberMember>)
  /** Unsigned 64-bit if both numbers are unsigned, else signed. */
  | {
      readonly node: 'arithmetic';
      readonly operator: Arithmetic;
      readonly left: NumberDerivation;
      readonly right: NumberDerivation;
    }
  /** One of two numbers. */
  | {
      readonly node: 'numberIf';
      readonly condition: Compare;
      readonly value: NumberDerivation;
      readonly otherwise: NumberDerivation;
    }
  /** Bytes of a text; 0 if it is absent. */
  | { readonly node: 'lengthOf'; readonly of: TextDerivation }
  /** The number as a field of that type has it: it wraps at the type's size. */
  | { readonly node: 'asType'; readonly of: NumberDerivation; readonly type: ValueType }
  /**
   * The number in Falco's numbering, by the names that apply: of flags those of all, joined; otherwise that of the first, or the number
   * itself if none applies. Only 32 bits of the number count.
   */
  | {
      readonly node: 'renumbered';
      readonly of: NumberDerivation;
      readonly names: readonly NumberedBits[];
      readonly flags: boolean;
    }
  | Call<'number'>;

export type Arithmetic = '-' | '/' | '%' | '&' | '|' | '<<' | '>>';

export interface Compare {
  readonly node: 'compare';
  readonly operator: Comparison;
  readonly left: NumberDerivation;
  readonly right: NumberDerivation;
}

export type BooleanDerivation =
  | { readonly node: 'boolean'; readonly value: boolean }
  | Compare
  | { readonly node: 'all' | 'any'; readonly of: readonly BooleanDerivation[] }
  | { readonly node: 'not'; readonly of: BooleanDerivation }
  /** Whether a text is present. */
  | { readonly node: 'isThere'; readonly of: TextDerivation }
  /** Whether the image of a process is known. */
  | { readonly node: 'isKnown'; readonly process: Process }
  | Call<'boolean'>;

/** A name that stands for `(number & mask) == equals`. */
export interface NamedBits {
  readonly name: string;
  readonly mask: bigint;
  readonly equals: bigint;
}

export interface NumberedBits extends NamedBits {
  readonly value: bigint;
}

export type TextDerivation =
  | { readonly node: 'text'; readonly value: string }
  | ({ readonly node: 'textOf' } & Member<TextMember>)
  /** The text, or a constant where it is absent. */
  | { readonly node: 'orElse'; readonly of: TextDerivation; readonly otherwise: string }
  /** Its parts, one after the other. */
  | { readonly node: 'join'; readonly parts: readonly TextDerivation[] }
  /** A number. Octal with a zero in front, hexadecimal in capitals. */
  | { readonly node: 'digits'; readonly of: NumberDerivation; readonly base: 8 | 10 | 16 }
  /** The name of a number; `none`: the name of all others, which are otherwise shown in decimal. */
  | {
      readonly node: 'enumeration';
      readonly of: NumberDerivation;
      readonly names: readonly (readonly [value: number, name: string])[];
      readonly none?: string;
    }
  /** The names that apply, in order. `none`: what it reads where none does; the number in decimal if undefined. */
  | {
      readonly node: 'names';
      readonly of: NumberDerivation;
      readonly names: readonly NamedBits[];
      readonly separator: string;
      readonly none?: string;
    }
  /** The character of that code; nothing for 0. */
  | { readonly node: 'character'; readonly of: NumberDerivation }
  /** Bytes as they are shown: a dot for each that is not printable. */
  | { readonly node: 'shown'; readonly of: TextDerivation }
  /** An IPv4 address, the first 4 bytes of the member. */
  | { readonly node: 'ipv4Text'; readonly of: 'network'; readonly member: AddressMember<'network'> }
  /** The value of a key in a list of `key=value` (or with another separator), each ended by a NUL. */
  | { readonly node: 'valueOf'; readonly list: TextDerivation; readonly key: string; readonly separator: '=' | ':' }
  /** The text of the nearest ancestor that has it, at most that many generations up. */
  | { readonly node: 'nearest'; readonly of: TextDerivation; readonly generations: number }
  /** The text of every ancestor, nearest first, with a blank between them; empty ones in place of absent ones. */
  | { readonly node: 'ofAncestors'; readonly of: TextDerivation }
  /** A part of one of a container's mounts: by its number, or of the first whose part `by` matches a glob. */
  | {
      readonly node: 'mountPart';
      readonly mounts: TextDerivation;
      readonly part: MountPart;
      readonly mount: number | { readonly by: MountPart; readonly glob: string };
    }
  /** A path seen from a directory, with `.`, `..` and repeated slashes resolved lexically. */
  | { readonly node: 'pathFrom'; readonly directory: TextDerivation; readonly path: TextDerivation }
  | OutputText
  | Call<'text'>;

/** Texts that outputs alone can make: they stand within `inOutputs`. */
type OutputText =
  /** An IPv6 address; one of IPv4 within it is shown as such. */
  | { readonly node: 'ipv6Text'; readonly of: 'network'; readonly member: AddressMember<'network'> }
  /** Date and time in the local time zone, of ns since the epoch. */
  | { readonly node: 'dateTime'; readonly of: NumberDerivation }
  /** The name that the machine's files have for an id; absent if they have none. */
  | { readonly node: 'accountName'; readonly of: NumberDerivation; readonly account: 'user' | 'group' };

/** Source, destination, mode, whether it is writable, propagation. */
export type MountPart = 0 | 1 | 2 | 3 | 4;
export const MOUNT_PARTS = 5;

/** 4 bytes or 16: an IPv6 address where the descriptor is of kind `6`. */
export type AddressDerivation =
  | { readonly node: 'addressOf'; readonly of: 'descriptor'; readonly member: AddressMember<'descriptor'> }
  | Call<'address'>;

/** A function of rules-wasm/, and of the same name in host/fields/operators.ts. `beginningOf`: the text is the beginning of that one. */
export type Call<Result extends 'number' | 'boolean' | 'text' | 'address'> = {
  readonly node: 'call';
  readonly operator: OperatorOf<Result>;
  readonly arguments: readonly (NumberDerivation | TextDerivation)[];
  readonly beginningOf?: TextDerivation;
};

/** Always absent. */
export interface Absent {
  readonly node: 'absent';
}
export const ABSENT: Absent = { node: 'absent' };

/** Derivations of a single value. */
export type Single = NumberDerivation | BooleanDerivation | TextDerivation | AddressDerivation;

export type Derivation =
  | Single
  | Absent
  /** One of two values, by a condition. */
  | {
      readonly node: 'either';
      readonly condition: BooleanDerivation;
      readonly value: Derivation;
      readonly otherwise: Derivation;
    }
  /** What conditions can't know, and what they take for it. `why`: what to say to the author of a condition that reads it. */
  | {
      readonly node: 'inOutputs';
      readonly value: TextDerivation;
      readonly inConditions: Derivation;
      readonly why?: string;
    }
  /** A number that is absent if negative. */
  | { readonly node: 'unlessNegative'; readonly of: NumberDerivation }
  /** The strings of a list that are each ended by a NUL. */
  | { readonly node: 'items'; readonly of: TextDerivation }
  /** Conditions hold if they hold for either. Outputs print neither. */
  | { readonly node: 'ends'; readonly local: Single; readonly remote: Single }
  /** Conditions hold if they hold for any ancestor, whose image `each` reads as its own; `shown` is the output's value. */
  | { readonly node: 'ancestors'; readonly each: Derivation; readonly shown: Derivation }
  /** The name of an address, among those that rules give. Conditions look it up (host/compiler/lower/host-name-check.ts). */
  | { readonly node: 'nameOf'; readonly of: AddressDerivation };

type MemberNode = Extract<Single, { readonly member: string }>;
type CallNode = Extract<Single, { readonly node: 'call' }>;

/** The members of records that a derivation reads, without those that its operators read, and the calls of operators. */
function* readsOf(part: unknown): Generator<MemberNode | CallNode> {
  if (typeof part !== 'object' || part === null) return;
  if ('node' in part && ('member' in part || part.node === 'call')) yield part as MemberNode | CallNode;
  for (const inner of Object.values(part)) yield* readsOf(inner);
}

export function membersRead(derivation: Derivation): readonly MemberNode[] {
  return [...readsOf(derivation)].filter((read) => read.node !== 'call');
}

export function callsIn(derivation: Derivation): readonly CallNode[] {
  return [...readsOf(derivation)].filter((read) => read.node === 'call');
}
