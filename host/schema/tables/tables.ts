// Structs of tables that the host writes for BPF programs: beside members they have rows, each of which is a struct itself.

import { MEMBER_SIZES, type MemberSpec, type Struct } from '../layout.ts';

export interface RowsSpec {
  readonly name: string;
  readonly rows: Struct;
  /** How many. Default: 1. */
  readonly count?: number;
  readonly by?: MemberSpec['by'];
  readonly doc: string;
}

export type TableSpec = MemberSpec | RowsSpec;

interface Place {
  /** Bytes from the start of the struct. */
  readonly offset: number;
  /** Bytes of all of it. */
  readonly size: number;
}

export interface Tables {
  readonly name: string;
  readonly doc: string;
  readonly members: readonly (TableSpec & Place)[];
  readonly size: number;
}

/** Has the exact types of its members, so that code that writes the tables must give each of them. */
export interface TablesOf<Spec extends TableSpec> extends Tables {
  readonly specs: readonly Spec[];
}

/** Lays members out as defineStruct() does: a hole is an error. */
export function defineTables<const Spec extends TableSpec>(
  name: string,
  doc: string,
  specs: readonly Spec[],
): TablesOf<Spec> {
  const members: (TableSpec & Place)[] = [];
  let offset = 0;
  for (const spec of specs as readonly TableSpec[]) {
    const { size, align } = 'rows' in spec ? { size: spec.rows.size, align: 8 } : MEMBER_SIZES[spec.type];
    if (offset % align !== 0) throw new Error(`struct ${name}: hole before ${spec.name} at ${offset}`);
    const total = size * (spec.count ?? 1);
    members.push({ ...spec, offset, size: total });
    offset += total;
  }
  if (offset % 8 !== 0) throw new Error(`struct ${name}: size ${offset} is not a multiple of 8`);
  return { name, doc, specs, members, size: offset };
}

type MemberValue<Type> = Type extends 'u64'
  ? bigint | readonly bigint[]
  : Type extends 'u16'
    ? Uint16Array
    : Type extends 'u8'
      ? Uint8Array
      : never;

type RowValue<Row extends Struct> = {
  readonly [Column in Row['members'][number] as Column['name']]: MemberValue<Column['type']>;
};

/** All members but those that the reader writes. What a member or the rows have too few of is 0. */
export type TablesInput<Spec extends TableSpec> = {
  readonly [Each in Exclude<Spec, { readonly by: 'reader' }> as Each['name']]: Each extends {
    readonly rows: infer Row extends Struct;
  }
    ? readonly RowValue<Row>[]
    : Each extends { readonly type: infer Type }
      ? MemberValue<Type>
      : never;
};

export type InputOf<Of> = Of extends TablesOf<infer Spec> ? TablesInput<Spec> : never;

type Value = bigint | readonly bigint[] | Uint8Array | Uint16Array;
type Row = Readonly<Record<string, Value>>;

/** The bytes up to the last member that is not the reader's. They are little-endian, as all processors that the agent runs on. */
export function encodeTables<Spec extends TableSpec>(tables: TablesOf<Spec>, input: TablesInput<Spec>): Uint8Array {
  const written = tables.members.filter(({ by }) => by !== 'reader');
  const bytes = new Uint8Array(Math.max(0, ...written.map(({ offset, size }) => offset + size)));
  const values = input as Readonly<Record<string, Value | readonly Row[]>>;
  for (const member of written) {
    const value = values[member.name] ?? [];
    if ('rows' in member) encodeRows(bytes, member, value as readonly Row[]);
    else encodeMember(bytes, member, member.offset, value as Value);
  }
  return bytes;
}

function encodeRows(bytes: Uint8Array, { name, rows, offset, size }: RowsSpec & Place, values: readonly Row[]): void {
  if (values.length * rows.size > size) throw new RangeError(`${name} has no room for ${values.length} rows`);
  for (const [index, row] of values.entries()) {
    const start = offset + index * rows.size;
    for (const member of rows.members) encodeMember(bytes, member, start + member.offset, row[member.name] ?? 0n);
  }
}

function encodeMember(bytes: Uint8Array, member: MemberSpec & Place, at: number, value: Value): void {
  const items = typeof value === 'bigint' ? [value] : value;
  const words = items instanceof Uint8Array || items instanceof Uint16Array ? items : BigUint64Array.from(items);
  if (words.byteLength > member.size) throw new RangeError(`${member.name} has no room for ${words.length} values`);
  bytes.set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength), at);
}
