// Struct layout: members with C's natural alignment, so that one description gives the same offsets
// to BPF programs, the addon, AssemblyScript and TypeScript.

/** `string` is a string_ref (u32 offset from the record's start, u32 length); `address` is 16 bytes (IPv4 in the first four). */
export type MemberType = 'u8' | 'u16' | 'u32' | 'u64' | 'i32' | 'i64' | 'string' | 'address' | 'comm';

export interface MemberSpec {
  readonly name: string;
  readonly type: MemberType;
  /** Array length, for u64 and u32 members only. */
  readonly count?: number;
  /**
   * Who writes it, if not the kernel: `annex`, user space's half of an image, or `reader`, which completes what the kernel has left there. For both
   * the capture's reader does, once for a process or event.
   */
  readonly by?: 'annex' | 'reader';
  readonly doc: string;
}

export interface Member extends MemberSpec {
  /** Bytes from the start of the struct. */
  readonly offset: number;
  /** Bytes of the whole member, array included. */
  readonly size: number;
}

type Placed<Spec extends MemberSpec> = Spec extends MemberSpec
  ? Member & { readonly name: Spec['name']; readonly type: Spec['type'] }
  : never;

/** `Spec`: the members as they were written down, so that the type of a struct knows their names. */
export interface Struct<Spec extends MemberSpec = MemberSpec> {
  readonly name: string;
  readonly doc: string;
  readonly members: readonly Placed<Spec>[];
  /** Multiple of 8. */
  readonly size: number;
}

/** Names of a struct's members of these types. */
export type MemberName<S extends Struct, Type extends MemberType = MemberType> = Extract<
  S['members'][number],
  { readonly type: Type }
>['name'];

export type NumberType = Exclude<MemberType, 'string' | 'address' | 'comm'>;

/** In bytes. */
export const MEMBER_SIZES: Readonly<Record<MemberType, { readonly size: number; readonly align: number }>> = {
  u8: { size: 1, align: 1 },
  u16: { size: 2, align: 2 },
  u32: { size: 4, align: 4 },
  u64: { size: 8, align: 8 },
  i32: { size: 4, align: 4 },
  i64: { size: 8, align: 8 },
  string: { size: 8, align: 4 },
  address: { size: 16, align: 4 },
  comm: { size: 16, align: 1 },
};

/**
 * Lays members out one after the other. A hole or a size that is not a multiple of 8 is an error: padding is
 * written down as a member, since the kernel would otherwise leak what the memory held before.
 */
export function defineStruct<const Spec extends MemberSpec>(
  name: string,
  doc: string,
  specs: readonly Spec[],
): Struct<Spec> {
  const members: Member[] = [];
  let offset = 0;
  for (const spec of specs) {
    const { size, align } = MEMBER_SIZES[spec.type];
    if (offset % align !== 0) throw new Error(`struct ${name}: hole before ${spec.name} at ${offset}`);
    const total = size * (spec.count ?? 1);
    members.push({ ...spec, offset, size: total });
    offset += total;
  }
  if (offset % 8 !== 0) throw new Error(`struct ${name}: size ${offset} is not a multiple of 8`);
  return { name, doc, members: members as Placed<Spec>[], size: offset };
}

/** The member of that name. A struct whose members its type does not name may lack it: that throws. */
export function member<Of extends Struct>(struct: Of, name: MemberName<Of>): Member {
  const found = struct.members.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`struct ${struct.name} has no member ${name}`);
  return found;
}
