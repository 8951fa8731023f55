// Writes a struct of the schema with its strings after it: container entries for the sandbox, and records of tests and
// replays.

import type { Member, Struct } from './layout.ts';

/** A number for numeric members (an array for those with a count), text or bytes for strings, addresses and comm. */
export type MemberInput = number | bigint | string | Uint8Array | readonly (number | bigint)[];

export type StructInput = Readonly<Record<string, MemberInput | undefined>>;

const ALIGNMENT = 8;

/**
 * Missing members are 0, missing strings are absent; an empty text is present and empty.
 * A `size` member is filled in unless given. Throws on an unknown member.
 */
export function encodeStruct(struct: Struct, input: StructInput): Uint8Array {
  const members = membersOf(struct);
  const strings: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  let size = struct.size;
  for (const [name, value] of Object.entries(input)) {
    const member = members.get(name);
    if (!member) throw new Error(`struct ${struct.name} has no member ${name}`);
    if (member.type !== 'string' || value === undefined) continue;
    const bytes = toBytes(value, name);
    strings.push({ offset: member.offset, bytes });
    size += bytes.length;
  }
  const padded = Math.ceil(size / ALIGNMENT) * ALIGNMENT;
  const encoded = new Uint8Array(padded);
  const view = new DataView(encoded.buffer);
  const values: StructInput = members.has('size') ? { size: padded, ...input } : input;
  for (const [name, value] of Object.entries(values)) {
    const member = members.get(name);
    if (member && value !== undefined && member.type !== 'string') writeMember(view, encoded, member, value);
  }
  let end = struct.size;
  for (const { offset, bytes } of strings) {
    view.setUint32(offset, end, true);
    view.setUint32(offset + 4, bytes.length, true);
    encoded.set(bytes, end);
    end += bytes.length;
  }
  return encoded;
}

const BY_STRUCT = new WeakMap<Struct, ReadonlyMap<string, Member>>();

function membersOf(struct: Struct): ReadonlyMap<string, Member> {
  const known = BY_STRUCT.get(struct) ?? new Map(struct.members.map((member) => [member.name, member]));
  BY_STRUCT.set(struct, known);
  return known;
}

const TEXTS = new TextEncoder();

function toBytes(value: MemberInput, name: string): Uint8Array {
  if (typeof value === 'string') return TEXTS.encode(value);
  if (value instanceof Uint8Array) return value;
  throw new Error(`member ${name} takes a text or bytes`);
}

function writeMember(view: DataView, bytes: Uint8Array, member: Member, value: MemberInput): void {
  if (member.type === 'address' || member.type === 'comm') {
    bytes.set(toBytes(value, member.name).subarray(0, member.size), member.offset);
    return;
  }
  const items = Array.isArray(value) ? value : [value];
  const step = member.size / (member.count ?? 1);
  for (const [index, item] of items.entries()) writeNumber(view, member, member.offset + index * step, BigInt(item));
}

function writeNumber(view: DataView, member: Member, offset: number, value: bigint): void {
  switch (member.type) {
    case 'u8':
      view.setUint8(offset, Number(value));
      return;
    case 'u16':
      view.setUint16(offset, Number(value), true);
      return;
    case 'u32':
      view.setUint32(offset, Number(value), true);
      return;
    case 'i32':
      view.setInt32(offset, Number(value), true);
      return;
    case 'u64':
      view.setBigUint64(offset, BigInt.asUintN(64, value), true);
      return;
    case 'i64':
      view.setBigInt64(offset, value, true);
      return;
    case 'string':
    case 'address':
    case 'comm':
      throw new Error(`member ${member.name} is not a number`);
  }
}
