// Structs and constants as C declares them.

import type { Member, Struct } from '../layout.ts';
import type { Tables } from '../tables/tables.ts';

const C_TYPES: Record<Member['type'], string> = {
  u8: '__u8',
  u16: '__u16',
  u32: '__u32',
  u64: '__u64',
  i32: '__s32',
  i64: '__s64',
  string: 'struct string_ref',
  address: '__u8',
  comm: 'char',
};

function declare(member: Member): string {
  const array = member.type === 'address' || member.type === 'comm' ? '[16]' : member.count ? `[${member.count}]` : '';
  return `  ${C_TYPES[member.type]} ${member.name}${array}; /* ${member.offset}: ${member.doc} */`;
}

/** @param header what it begins with, as a member of that name */
export function declareStruct(struct: Struct, header?: Struct): string {
  const head = header ? [`  struct ${header.name} header;`] : [];
  const members = struct.members.filter((member) => member.offset >= (header?.size ?? 0)).map(declare);
  return declaration(struct, [...head, ...members]);
}

export function declareTables(tables: Tables): string {
  const members = tables.members.map((member) => {
    if (!('rows' in member)) return declare(member);
    const array = member.count ? `[${member.count}]` : '';
    return `  struct ${member.rows.name} ${member.name}${array}; /* ${member.offset}: ${member.doc} */`;
  });
  return declaration(tables, members);
}

function declaration({ name, doc, size }: Omit<Struct, 'members'>, lines: readonly string[]): string {
  return [
    `/* ${doc} */`,
    `struct ${name} {`,
    ...lines,
    '};',
    `_Static_assert(sizeof(struct ${name}) == ${size}, "struct ${name}: layout");`,
  ].join('\n');
}

/** A macro for each value: `PREFIX_NAME`, in capitals. */
export function constants(prefix: string, values: Readonly<Record<string, number | bigint>>): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        `#define ${prefix}_${name.toUpperCase()} ${typeof value === 'bigint' ? `0x${value.toString(16)}ull` : value}`,
    )
    .join('\n');
}
