// The layout of all records as data: what a recording carries to be read by later versions, and what a module was compiled for.
//
// Numbers of event types are never given to another type, and members keep their names, so layouts are compared by names.

import { AUDIT_EVENT, AUDIT_EVENT_TYPE } from '../audit/record.ts';
import { CONTAINER } from '../container.ts';
import { EVENT_HEADER, EVENT_STRUCTS } from '../event-structs.ts';
import { EVENT_TYPES } from '../events/index.ts';
import { IMAGE } from '../image.ts';
import { MEMBER_SIZES, type MemberType, type Struct } from '../layout.ts';

export interface MemberLayout {
  readonly type: MemberType;
  readonly offset: number;
  /** Length of an array; 1 for others. */
  readonly count: number;
}

export interface StructLayout {
  /** Bytes of the fixed part. */
  readonly size: number;
  readonly members: ReadonlyMap<string, MemberLayout>;
}

export interface RecordLayout {
  /** Structs by name: `event_header`, the structs of events, `image`, `container`. */
  readonly structs: ReadonlyMap<string, StructLayout>;
  /** Event types, by name. */
  readonly types: ReadonlyMap<string, { readonly number: number; readonly struct: string }>;
}

/** A layout as JSON has it: `{"structs": {"image": [704, {"size": "u32@0", "candidates": "u64*64@192"}]}, "types": {"open": [1, "event_open"]}}`. */
export interface StoredLayout {
  readonly structs: Readonly<Record<string, readonly [number, Readonly<Record<string, string>>]>>;
  readonly types: Readonly<Record<string, readonly [number, string]>>;
}

/** More than any version needs; a layout in a file is not trusted. */
const MOST = { structs: 64, members: 512, types: 4096, size: 4096 } as const;
const MEMBER = /^(\w{2,8})(?:\*(\d{1,4}))?@(\d{1,4})$/;

/** The layout of this version. */
export const RECORD_LAYOUT: RecordLayout = {
  structs: new Map(
    [EVENT_HEADER, ...Object.values(EVENT_STRUCTS), IMAGE, CONTAINER].map((struct) => [struct.name, layoutOf(struct)]),
  ),
  types: new Map(EVENT_TYPES.map(({ name, number, shape }) => [name, { number, struct: EVENT_STRUCTS[shape].name }])),
};

/** The layout with audit events, which no recording has: what modules may read. */
export const MODULE_LAYOUT: RecordLayout = {
  structs: new Map([...RECORD_LAYOUT.structs, [AUDIT_EVENT.name, layoutOf(AUDIT_EVENT)]]),
  types: new Map([
    ...RECORD_LAYOUT.types,
    [AUDIT_EVENT_TYPE.name, { number: AUDIT_EVENT_TYPE.number, struct: AUDIT_EVENT.name }],
  ]),
};

function layoutOf({ size, members }: Struct): StructLayout {
  return {
    size,
    members: new Map(members.map(({ name, type, offset, count = 1 }) => [name, { type, offset, count }])),
  };
}

/** @param of event types that count, with the structs that they need; default: all */
export function storeLayout(layout: RecordLayout, of?: readonly string[]): StoredLayout {
  const { structs, types } = of ? needed(layout, of) : layout;
  return {
    structs: Object.fromEntries(
      [...structs].map(([name, { size, members }]) => [
        name,
        [size, Object.fromEntries([...members].map(([member, layout]) => [member, memberText(layout)]))],
      ]),
    ),
    types: Object.fromEntries([...types].map(([name, { number, struct }]) => [name, [number, struct]])),
  };
}

/** A layout of these event types alone. */
function needed({ structs, types }: RecordLayout, of: readonly string[]): RecordLayout {
  const some = new Map([...types].filter(([name]) => of.includes(name)));
  const names = new Set([...EVERY_MODULE_READS, ...[...some.values()].map(({ struct }) => struct)]);
  return { structs: new Map([...structs].filter(([name]) => names.has(name))), types: some };
}

const EVERY_MODULE_READS = ['event_header', IMAGE.name, CONTAINER.name];

/** `u32@8`; `u64*64@192` for an array. */
export function memberText({ type, offset, count }: MemberLayout): string {
  return `${type}${count === 1 ? '' : `*${count}`}@${offset}`;
}

/** Undefined for an invalid layout: members outside of their struct, or two event types of one number. */
export function readLayout(json: unknown): RecordLayout | undefined {
  if (!isObject(json) || !isObject(json.structs) || !isObject(json.types)) return undefined;
  const structs = new Map<string, StructLayout>();
  for (const [name, stored] of entriesUpTo(json.structs, MOST.structs)) {
    const struct = readStruct(stored);
    if (!struct) return undefined;
    structs.set(name, struct);
  }
  const types = new Map<string, { number: number; struct: string }>();
  const numbers = new Set<number>();
  for (const [name, stored] of entriesUpTo(json.types, MOST.types)) {
    const [number, struct]: readonly unknown[] = Array.isArray(stored) ? stored : [];
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 0xffff) return undefined;
    if (typeof struct !== 'string' || !structs.has(struct) || numbers.has(number)) return undefined;
    numbers.add(number);
    types.set(name, { number, struct });
  }
  return { structs, types };
}

function readStruct(stored: unknown): StructLayout | undefined {
  const [size, texts]: readonly unknown[] = Array.isArray(stored) ? stored : [];
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > MOST.size || size % 8 !== 0)
    return undefined;
  if (!isObject(texts)) return undefined;
  const members = new Map<string, MemberLayout>();
  for (const [name, text] of entriesUpTo(texts, MOST.members)) {
    const [, type = '', count = '1', offset = ''] = typeof text === 'string' ? (MEMBER.exec(text) ?? []) : [];
    if (!isMemberType(type)) return undefined;
    const member = { type, offset: Number(offset), count: Number(count) };
    if (member.count < 1 || !liesWithin(member, size)) return undefined;
    members.set(name, member);
  }
  return { size, members };
}

/** Whether all of a member lies in the first bytes of its struct. */
export function liesWithin(member: MemberLayout, bytes: number): boolean {
  return member.offset + sizeOf(member) <= bytes;
}

/** Where a struct has that member: undefined if it has none that is one value of that type in its first bytes. */
export function offsetOf(
  { size, members }: StructLayout,
  name: string,
  type: MemberType,
  within = size,
): number | undefined {
  const found = members.get(name);
  return found?.type === type && found.count === 1 && liesWithin(found, within) ? found.offset : undefined;
}

/** Bytes of a member, array included. */
export function sizeOf({ type, count }: MemberLayout): number {
  return MEMBER_SIZES[type].size * count;
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function isMemberType(type: string): type is MemberType {
  return Object.hasOwn(MEMBER_SIZES, type);
}

/** The entries; of more than `most`, one that can't be read, in the place of the others. */
function entriesUpTo(json: Readonly<Record<string, unknown>>, most: number): (readonly [string, unknown])[] {
  const entries = Object.entries(json);
  return entries.length > most ? [['', undefined]] : entries;
}

/**
 * What keeps code that was compiled for one layout from reading records of another, for people; undefined if it can. Members may have been
 * added at the ends of structs, and event types; everything else has to be where it was.
 * @param types names of the event types that the code evaluates
 */
export function incompatibility(
  compiled: RecordLayout,
  current: RecordLayout,
  types: readonly string[],
): string | undefined {
  const structs = new Set(EVERY_MODULE_READS);
  for (const name of types) {
    const [then, now] = [compiled.types.get(name), current.types.get(name)];
    if (!then) return `it does not say how events of ${name} were laid out`;
    if (now?.number !== then.number || now.struct !== then.struct) return `events of ${name} are other records now`;
    structs.add(then.struct);
  }
  for (const struct of structs) {
    const [then, now] = [compiled.structs.get(struct), current.structs.get(struct)];
    if (!then || !now) return `${struct} is missing`;
    for (const [name, member] of then.members) {
      const found = now.members.get(name);
      const [before, after] = [memberText(member), found ? memberText(found) : 'missing'];
      if (before !== after) return `${struct}.${name} was ${before} and is ${after}`;
    }
  }
  return undefined;
}
