// Layouts of records as a hostile recording may store them, and records that such a layout itself would accept.

import fc from 'fast-check';
import { ENTRY_HEAD, padded } from '../../../host/recording/image-entries.ts';
import { MEMBER_SIZES, type MemberType } from '../../../host/schema/layout.ts';
import {
  RECORD_LAYOUT,
  type RecordLayout,
  type StoredLayout,
  storeLayout,
} from '../../../host/schema/versions/record-layout.ts';

const OWN = storeLayout(RECORD_LAYOUT);
const MEMBER_TYPES = Object.keys(MEMBER_SIZES) as MemberType[];
/** Members that the reader looks at in each record, with the types that it expects; texts of any name are among them. */
const CHECKED = [
  ['event_header', 'size', 'u32'],
  ['event_header', 'type', 'u16'],
  ['image', 'size', 'u32'],
  ['image', 'kind', 'u16'],
  ['image', 'id', 'u64'],
  ['image', 'parent_address', 'u32'],
  ['container', 'size', 'u32'],
  ['image', 'new_text', 'string'],
  ['container', 'new_text', 'string'],
  ['event_open', 'new_text', 'string'],
] as const;
/** All members that this version has. */
const MEMBERS = Object.entries(OWN.structs).flatMap(([struct, [, members]]) =>
  Object.keys(members).map((name) => [struct, name] as const),
);

type Change = (layout: Stored) => void;
/** A StoredLayout that is being changed. */
interface Stored {
  readonly structs: Record<string, [number, Record<string, string>]>;
  readonly types: Record<string, [number, string]>;
}

const COUNT = fc.constantFrom('', '', '*0', '*1', '*2', '*9');

/** A place in a struct: its beginning, its end or where its annex begins most of all. */
function placed(struct: string, name: string, type: string, count: string): fc.Arbitrary<Change> {
  const [size, members] = OWN.structs[struct] ?? [0, {}];
  const annex = Number(members.parent_address?.split('@')[1] ?? size);
  const around = (end: number): fc.Arbitrary<number> => fc.integer({ min: Math.max(end - 9, 0), max: end });
  return fc.oneof(fc.nat(8), around(annex), around(size), fc.nat(size)).map((offset) => (layout) => {
    const found = layout.structs[struct];
    if (found) found[1][name] = `${type}${count}@${offset}`;
  });
}

const checkedMoved = fc
  .tuple(fc.constantFrom(...CHECKED), COUNT)
  .chain(([[struct, name, type], count]) => placed(struct, name, type, count));

const anyMoved = fc
  .tuple(fc.constantFrom(...MEMBERS), fc.constantFrom(...MEMBER_TYPES), COUNT)
  .chain(([[struct, name], type, count]) => placed(struct, name, type, count));

const resized = fc.tuple(fc.constantFrom(...Object.keys(OWN.structs)), fc.nat(128)).map(
  ([struct, words]): Change =>
    (layout) => {
      const found = layout.structs[struct];
      if (found) found[0] = 8 * words;
    },
);

/** An event type, or one that this version does not have, with another struct and the number of some type. */
const retyped = fc
  .tuple(
    fc.oneof(fc.constantFrom(...Object.keys(OWN.types)), fc.constant('new_type')),
    fc.constantFrom(...Object.values(OWN.types).map(([number]) => number)),
    fc.constantFrom(...Object.keys(OWN.structs)),
  )
  .map(
    ([name, number, struct]): Change =>
      (layout) => {
        layout.types[name] = [number, struct];
      },
  );

/** The layout of this version with members anywhere, in any number and of any type, and with numbers given twice. */
export const hostileLayout: fc.Arbitrary<StoredLayout> = fc
  .array(fc.oneof(checkedMoved, anyMoved, resized, retyped), { minLength: 1, maxLength: 3 })
  .map((changes) => {
    const layout = structuredClone(OWN) as unknown as Stored;
    for (const change of changes) change(layout);
    return layout;
  });

/** Records of a layout, as short as they may be: each has its size, type, kind and id, and zeros. */
export interface ShortRecords {
  readonly events: readonly Uint8Array[];
  readonly images: Uint8Array;
  readonly container: Uint8Array;
}

export function shortRecords({ structs, types }: RecordLayout): ShortRecords {
  const bytesOf = (struct: string): number => structs.get(struct)?.size ?? 0;
  const offset = (struct: string, name: string): number => structs.get(struct)?.members.get(name)?.offset ?? 0;
  const header = { bytes: bytesOf('event_header'), size: offset('event_header', 'size') };
  const events = [...types.values()].map(({ number, struct }) => {
    const event = Buffer.alloc(Math.max(bytesOf(struct), header.bytes));
    put(event, header.size, 4, event.length);
    put(event, offset('event_header', 'type'), 2, number);
    return event;
  });
  const half = offset('image', 'parent_address');
  const image = Buffer.alloc(padded(half));
  put(image, offset('image', 'size'), 4, half);
  put(image, offset('image', 'kind'), 2, 2);
  put(image, offset('image', 'id'), 4, 7);
  const head = Buffer.alloc(ENTRY_HEAD);
  head.writeUInt32LE(half);
  const container = Buffer.alloc(bytesOf('container'));
  put(container, offset('container', 'size'), 4, container.length);
  return { events, images: Buffer.concat([head, image]), container };
}

/** As far as it has room. */
function put(bytes: Buffer, offset: number, length: number, value: number): void {
  if (offset + length <= bytes.length) bytes.writeUIntLE(value, offset, length);
}
