// Records of another layout, as a recording of another version has them, rewritten to the layout of this version. Members and event types
// are found by their names: what this version does not know is left out, what the other did not have is 0.
//
//   then: size 16: | size u32@0 | flags u16@4 | uid u32@8 | name string@... |     now: size 24: | size u32@0 | uid u64@8 | name ... |
//
// Strings lie behind the fixed part, and their places move with its size.

import { liesWithin, type MemberLayout, type StructLayout, sizeOf } from '../schema/versions/record-layout.ts';

/** How a struct is rewritten. */
export interface StructTranslation {
  /** Bytes of the fixed part, then and now. */
  readonly from: number;
  readonly to: number;
  readonly copies: readonly { readonly from: number; readonly to: number; readonly size: number }[];
  /** Numbers that have become wider. */
  readonly widened: readonly { readonly from: MemberLayout; readonly to: MemberLayout }[];
  readonly strings: readonly { readonly from: number; readonly to: number }[];
}

const INTEGERS: Readonly<Partial<Record<MemberLayout['type'], { readonly bits: number; readonly signed: boolean }>>> = {
  u8: { bits: 8, signed: false },
  u16: { bits: 16, signed: false },
  u32: { bits: 32, signed: false },
  u64: { bits: 64, signed: false },
  i32: { bits: 32, signed: true },
  i64: { bits: 64, signed: true },
};

/** @param ends members that do not lie before these offsets are left out, then and now; default: all are translated */
export function translationOf(
  then: StructLayout,
  now: StructLayout,
  ends: readonly [number, number] = [then.size, now.size],
): StructTranslation {
  const [thenEnd, nowEnd] = ends;
  const copies: StructTranslation['copies'][number][] = [];
  const widened: StructTranslation['widened'][number][] = [];
  const strings: StructTranslation['strings'][number][] = [];
  for (const [name, to] of now.members) {
    const from = then.members.get(name);
    if (!from || !liesWithin(from, thenEnd) || !liesWithin(to, nowEnd)) continue;
    if (from.type === 'string' && to.type === 'string') strings.push({ from: from.offset, to: to.offset });
    else if (from.type === to.type)
      copies.push({ from: from.offset, to: to.offset, size: Math.min(sizeOf(from), sizeOf(to)) });
    else if (isWider(from, to)) widened.push({ from, to });
  }
  return { from: thenEnd, to: nowEnd, copies, widened, strings };
}

/** Whether every value of one type is a value of the other. */
function isWider(from: MemberLayout, to: MemberLayout): boolean {
  const [then, now] = [INTEGERS[from.type], INTEGERS[to.type]];
  if (!then || !now || from.count !== 1 || to.count !== 1) return false;
  return then.signed === now.signed ? now.bits > then.bits : now.signed && now.bits > then.bits;
}

/** Bytes that a record of that length takes when it is translated. */
export function translatedLength({ from, to }: StructTranslation, length: number): number {
  return Math.ceil((length - from + to) / 8) * 8;
}

/**
 * Rewrites one record. `record` was checked against its own layout.
 * @param into zeros, of translatedLength() bytes
 */
export function translate(struct: StructTranslation, record: Uint8Array, into: Uint8Array): void {
  const { from, to, copies, widened, strings } = struct;
  const [old, made] = [record, into].map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as [
    DataView,
    DataView,
  ];
  for (const copy of copies) into.set(record.subarray(copy.from, copy.from + copy.size), copy.to);
  for (const each of widened) writeInteger(made, each.to, readInteger(old, each.from));
  for (const each of strings) {
    const offset = old.getUint32(each.from, true);
    if (offset === 0) continue;
    made.setUint32(each.to, offset - from + to, true);
    made.setUint32(each.to + 4, old.getUint32(each.from + 4, true), true);
  }
  into.set(record.subarray(from), to);
}

function readInteger(view: DataView, { type, offset }: MemberLayout): bigint {
  const { bits = 64, signed = false } = INTEGERS[type] ?? {};
  const low =
    bits === 8 ? BigInt(view.getUint8(offset)) : bits === 16 ? BigInt(view.getUint16(offset, true)) : undefined;
  const value = low ?? (bits === 32 ? BigInt(view.getUint32(offset, true)) : view.getBigUint64(offset, true));
  return signed ? BigInt.asIntN(bits, value) : value;
}

function writeInteger(view: DataView, { type, offset }: MemberLayout, value: bigint): void {
  const { bits = 64 } = INTEGERS[type] ?? {};
  if (bits === 16) view.setUint16(offset, Number(value), true);
  else if (bits === 32) view.setUint32(offset, Number(BigInt.asUintN(32, value)), true);
  else view.setBigUint64(offset, BigInt.asUintN(64, value), true);
}
