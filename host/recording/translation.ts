// Records of another layout, as a recording of another version has them, rewritten to the layout of this version. Members and event types
// are found by their names: what this version does not know is left out, what the other did not have is 0.
//
//   then: size 16: | size u32@0 | flags u16@4 | uid u32@8 | name string@... |     now: size 24: | size u32@0 | uid u64@8 | name ... |
//
// Strings lie behind the fixed part, and their places move with its size.

import { liesWithin, type MemberLayout, type StructLayout, sizeOf } from '../schema/versions/record-layout.ts';

interface Copy {
  readonly from: number;
  readonly to: number;
  readonly size: number;
}

/** How a struct is rewritten. */
export interface StructTranslation {
  /** Bytes of the fixed part, then and now. */
  readonly from: number;
  readonly to: number;
  readonly copies: readonly Copy[];
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
  const copies: Copy[] = [];
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
  return { from: thenEnd, to: nowEnd, copies: joined(copies), widened, strings };
}

/** Copies of members that lie side by side in both layouts are one. */
function joined(copies: readonly Copy[]): Copy[] {
  const all: Copy[] = [];
  for (const copy of [...copies].sort((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last && last.from + last.size === copy.from && last.to + last.size === copy.to) {
      all[all.length - 1] = { ...last, size: last.size + copy.size };
    } else all.push(copy);
  }
  return all;
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

/** Bytes that records are read from or written to. */
export interface RecordBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Undefined if they are not aligned. */
  readonly words: Uint32Array | undefined;
}

export function recordBytes(bytes: Uint8Array): RecordBytes {
  const { buffer, byteOffset, byteLength } = bytes;
  const words = byteOffset % 4 === 0 ? new Uint32Array(buffer, byteOffset, byteLength >> 2) : undefined;
  return { bytes, view: new DataView(buffer, byteOffset, byteLength), words };
}

/**
 * Rewrites the record of `size` bytes at `at`, which was checked against its own layout.
 * @param to where it comes in `into`: zeros, of translatedLength() bytes
 */
export function translate(
  struct: StructTranslation,
  source: RecordBytes,
  at: number,
  size: number,
  into: RecordBytes,
  to: number,
): void {
  for (const each of struct.copies) copy(source, at + each.from, into, to + each.to, each.size);
  for (const each of struct.widened) {
    writeInteger(into.view, to + each.to.offset, each.to, readInteger(source.view, at + each.from.offset, each.from));
  }
  for (const each of struct.strings) {
    const offset = source.view.getUint32(at + each.from, true);
    if (offset === 0) continue;
    into.view.setUint32(to + each.to, offset - struct.from + struct.to, true);
    into.view.setUint32(to + each.to + 4, source.view.getUint32(at + each.from + 4, true), true);
  }
  copy(source, at + struct.from, into, to + struct.to, size - struct.from);
}

/** Up to here a loop is faster than a view of the bytes. */
const LONGEST_LOOP = 128;

function copy(source: RecordBytes, at: number, into: RecordBytes, to: number, size: number): void {
  const [from, made] = [source.words, into.words];
  if (size > LONGEST_LOOP) into.bytes.set(source.bytes.subarray(at, at + size), to);
  else if (from && made && ((at | to | size) & 3) === 0) {
    for (let word = 0; word < size >> 2; word++) made[(to >> 2) + word] = from[(at >> 2) + word] ?? 0;
  } else {
    for (let byte = 0; byte < size; byte++) into.bytes[to + byte] = source.bytes[at + byte] ?? 0;
  }
}

function readInteger(view: DataView, offset: number, { type }: MemberLayout): bigint {
  const { bits = 64, signed = false } = INTEGERS[type] ?? {};
  const low =
    bits === 8 ? BigInt(view.getUint8(offset)) : bits === 16 ? BigInt(view.getUint16(offset, true)) : undefined;
  const value = low ?? (bits === 32 ? BigInt(view.getUint32(offset, true)) : view.getBigUint64(offset, true));
  return signed ? BigInt.asIntN(bits, value) : value;
}

function writeInteger(view: DataView, offset: number, { type }: MemberLayout, value: bigint): void {
  const { bits = 64 } = INTEGERS[type] ?? {};
  if (bits === 16) view.setUint16(offset, Number(value), true);
  else if (bits === 32) view.setUint32(offset, Number(BigInt.asUintN(32, value)), true);
  else view.setBigUint64(offset, BigInt.asUintN(64, value), true);
}
