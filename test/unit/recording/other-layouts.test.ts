// Records of another layout, as another version of Wasprey writes them: read by the names of members and event types.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ENTRY_HEAD } from '../../../host/recording/image-entries.ts';
import { OtherRecords } from '../../../host/recording/other-records.ts';
import { MEMBER_SIZES, type MemberType } from '../../../host/schema/layout.ts';
import {
  type MemberLayout,
  RECORD_LAYOUT,
  type RecordLayout,
  readLayout,
  type StructLayout,
  sizeOf,
  storeLayout,
} from '../../../host/schema/versions/record-layout.ts';
import { hostileLayout, shortRecords } from '../../support/random/hostile-layouts.ts';
import { logEntry } from '../../support/records/recordings.ts';

const ANNEX = 'parent_address';
/** Of a record: they are set by the reader, or they say what the record is. */
const GIVEN = new Set(['size', 'type']);

type Spec = readonly [name: string, type: MemberType, count: number];

/** Members one after the other, with holes where alignment asks for them. */
function laidOut(specs: readonly Spec[]): StructLayout {
  const members = new Map<string, MemberLayout>();
  let end = 0;
  for (const [name, type, count] of specs) {
    const { size, align } = MEMBER_SIZES[type];
    const offset = Math.ceil(end / align) * align;
    members.set(name, { type, offset, count });
    end = offset + size * count;
  }
  return { size: Math.ceil(end / 8) * 8, members };
}

function specsOf({ members }: StructLayout): Spec[] {
  return [...members].map(([name, { type, count }]) => [name, type, count]);
}

const struct = (name: string): StructLayout => RECORD_LAYOUT.structs.get(name) ?? assert.fail(name);

/** The same specs in another order, without some, and with some that nobody knows. */
function changed(specs: readonly Spec[], kept: ReadonlySet<string>): fc.Arbitrary<Spec[]> {
  const type = fc.constantFrom<MemberType>('u8', 'u16', 'u32', 'u64', 'string', 'comm');
  const added = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), type), { maxLength: 3 });
  return fc
    .tuple(fc.shuffledSubarray([...specs]), added)
    .map(([some, more]) => [
      ...specs.filter(([name]) => kept.has(name) && !some.some(([other]) => other === name)),
      ...some,
      ...more.map(([number, of], index): Spec => [`new_${number}_${index}`, of, 1]),
    ]);
}

const HEADER = specsOf(struct('event_header'));
const EVENT_STRUCTS = new Set([...RECORD_LAYOUT.types.values()].map((type) => type.struct));

/** Another layout: every struct is changed, event types have other numbers, and there is one that this version does not have. */
const otherLayout: fc.Arbitrary<RecordLayout> = fc
  .record({
    header: fc.shuffledSubarray(HEADER, { minLength: HEADER.length }),
    bodies: fc.record(
      Object.fromEntries(
        [...EVENT_STRUCTS].map((name) => [
          name,
          changed(
            specsOf(struct(name)).filter(([member]) => !HEADER.some(([of]) => of === member)),
            new Set(),
          ),
        ]),
      ),
    ),
    image: imageSpecs(),
    container: changed(specsOf(struct('container')), GIVEN),
    numbers: fc.shuffledSubarray(
      [...RECORD_LAYOUT.types.keys()].map((_, index) => 2 * index + 1),
      { minLength: RECORD_LAYOUT.types.size },
    ),
  })
  .map(({ header, bodies, image, container, numbers }) => ({
    structs: new Map([
      ['event_header', laidOut(header)],
      ...Object.entries(bodies).map(([name, body]): [string, StructLayout] => [name, laidOut([...header, ...body])]),
      ['image', laidOut(image)],
      ['container', laidOut(container)],
    ]),
    types: new Map([
      ...[...RECORD_LAYOUT.types].map(([name, type], index): [string, typeof type] => [
        name,
        { ...type, number: numbers[index] ?? 0 },
      ]),
      ['of_the_future', { number: 4000, struct: 'event_open' }],
    ]),
  }));

/** The kernel's half changes, the annex is behind it. */
function imageSpecs(): fc.Arbitrary<Spec[]> {
  const specs = specsOf(struct('image'));
  const annex = specs.findIndex(([name]) => name === ANNEX);
  return changed(specs.slice(0, annex), new Set(['size', 'kind', 'id'])).map((half) => [
    ...padded(half),
    ...specs.slice(annex),
  ]);
}

/** The kernel's half of an image ends at a multiple of 8. */
function padded(specs: readonly Spec[]): Spec[] {
  const end = Math.max(...[...laidOut(specs).members.values()].map((member) => member.offset + sizeOf(member)));
  return [...specs, ...Array.from({ length: (8 - (end % 8)) % 8 }, (_, index): Spec => [`hole_${index}`, 'u8', 1])];
}

type Values = ReadonlyMap<string, Uint8Array | string>;

/** A value for each member: text for strings, bytes for others. */
function valuesOf({ members }: StructLayout): fc.Arbitrary<Values> {
  const each = [...members].map(([name, member]): [string, fc.Arbitrary<Uint8Array | string>] => [
    name,
    member.type === 'string'
      ? fc.string({ maxLength: 20 })
      : fc.uint8Array({ minLength: sizeOf(member), maxLength: sizeOf(member) }),
  ]);
  return fc.record(Object.fromEntries(each)).map((values) => new Map(Object.entries(values)));
}

/** A record with these values; `end`: the strings begin there. */
function encode({ members }: StructLayout, end: number, values: Values, multiple: number): Buffer {
  const fixed = Buffer.alloc(end);
  const strings: Buffer[] = [];
  let at = end;
  for (const [name, { type, offset }] of members) {
    const value = values.get(name);
    if (value === undefined || offset >= end) continue;
    if (typeof value === 'string') {
      const text = Buffer.from(value);
      fixed.writeUInt32LE(at, offset);
      fixed.writeUInt32LE(text.length, offset + 4);
      strings.push(text);
      at += text.length;
    } else if (type !== 'string') fixed.set(value, offset);
  }
  const size = Math.ceil(at / multiple) * multiple;
  return Buffer.concat([fixed, ...strings, Buffer.alloc(size - at)]);
}

/** The value of a member, as valuesOf() has it; undefined for an absent string. */
function valueAt(record: Buffer, { type, offset, count }: MemberLayout): Uint8Array | string | undefined {
  if (type !== 'string') return record.subarray(offset, offset + sizeOf({ type, offset, count }));
  const at = record.readUInt32LE(offset);
  return at === 0 ? undefined : record.toString('utf8', at, at + record.readUInt32LE(offset + 4));
}

function assertTranslated(
  record: Buffer,
  now: StructLayout,
  then: StructLayout,
  values: Values,
  nowEnd = now.size,
): void {
  for (const [name, member] of now.members) {
    if (GIVEN.has(name) || member.offset >= nowEnd) continue;
    const value = valueAt(record, member);
    const given = then.members.get(name)?.type === member.type ? values.get(name) : undefined;
    if (given !== undefined) assert.deepEqual(value, typeof given === 'string' ? given : Buffer.from(given), name);
    else if (member.type === 'string') assert.equal(value, undefined, name);
  }
}

test('property: events keep what both layouts name, and get their numbers of today', () => {
  const types = [...RECORD_LAYOUT.types.keys()];
  const events = otherLayout.chain((layout) =>
    fc.constantFrom(...types).chain((type) => {
      const then = layout.structs.get(layout.types.get(type)?.struct ?? '') ?? assert.fail();
      return fc.record({ layout: fc.constant(layout), type: fc.constant(type), values: valuesOf(then) });
    }),
  );
  fc.assert(
    fc.property(events, ({ layout, type, values }) => {
      const { number, struct: name } = layout.types.get(type) ?? assert.fail();
      const then = layout.structs.get(name) ?? assert.fail();
      const record = encode(then, then.size, values, 8);
      const header = layout.structs.get('event_header')?.members ?? assert.fail();
      const put = (bytes: Buffer, member: string, value: number): void => {
        const { offset = 0 } = header.get(member) ?? {};
        if (member === 'size') bytes.writeUInt32LE(value, offset);
        else bytes.writeUInt16LE(value, offset);
      };
      put(record, 'size', record.length);
      put(record, 'type', number);
      const unknown = Buffer.alloc(layout.structs.get('event_open')?.size ?? 0);
      put(unknown, 'size', unknown.length);
      put(unknown, 'type', 4000);
      const other = OtherRecords.of(layout) ?? assert.fail();
      const result = other.events(Buffer.concat([unknown, record]));
      assert.ok(typeof result !== 'string', String(result));
      assert.deepEqual([result.count, result.leftOut], [1, 1]);
      const made = Buffer.from(result.records);
      const now = RECORD_LAYOUT.types.get(type) ?? assert.fail();
      assert.equal(made.readUInt16LE(struct('event_header').members.get('type')?.offset), now.number);
      assert.equal(made.readUInt32LE(struct('event_header').members.get('size')?.offset), made.length);
      assertTranslated(made, struct(now.struct), then, values);
    }),
    { numRuns: 200 },
  );
});

test('property: process images and containers keep what both layouts name', () => {
  const cases = otherLayout.chain((layout) =>
    fc.record({
      layout: fc.constant(layout),
      image: valuesOf(layout.structs.get('image') ?? assert.fail()),
      container: valuesOf(layout.structs.get('container') ?? assert.fail()),
    }),
  );
  fc.assert(
    fc.property(cases, ({ layout, image, container }) => {
      const other = OtherRecords.of(layout) ?? assert.fail();
      const then = layout.structs.get('image') ?? assert.fail();
      const half = then.members.get(ANNEX)?.offset ?? 0;
      const record = encode(then, half, image, 1);
      const { size, kind, id } = Object.fromEntries(then.members);
      record.writeUInt32LE(record.length, size?.offset);
      record.writeUInt16LE(2, kind?.offset);
      record.writeBigUInt64LE(7n, id?.offset);
      const entry = logEntry(record, { user: 'alice' });
      const images = other.images(Buffer.concat([entry, entry]));
      assert.ok(typeof images !== 'string', String(images));
      const log = Buffer.from(images.log);
      const made = log.subarray(ENTRY_HEAD, ENTRY_HEAD + log.readUInt32LE(0));
      assert.match(log.toString('latin1'), /aliceroot.*aliceroot/s);
      const now = struct('image');
      const values = new Map([...image].filter(([name]) => !['kind', 'id'].includes(name)));
      assertTranslated(
        made,
        { ...now, members: without(now, ['kind', 'id']) },
        then,
        values,
        now.members.get(ANNEX)?.offset,
      );

      const thenContainer = layout.structs.get('container') ?? assert.fail();
      const stored = encode(thenContainer, thenContainer.size, container, 1);
      stored.writeUInt32LE(stored.length, thenContainer.members.get('size')?.offset);
      const translated = other.container(stored);
      assert.ok(typeof translated !== 'string', String(translated));
      assertTranslated(Buffer.from(translated.entry), struct('container'), thenContainer, container);
    }),
    { numRuns: 100 },
  );
});

function without({ members }: StructLayout, names: readonly string[]): Map<string, MemberLayout> {
  return new Map([...members].filter(([name]) => !names.includes(name)));
}

test('numbers that have become wider keep their values', () => {
  const members = new Map(struct('image').members);
  const offset = members.get('fd_limit')?.offset ?? 0;
  members.set('fd_limit', { type: 'u32', offset, count: 1 });
  const layout: RecordLayout = {
    ...RECORD_LAYOUT,
    structs: new Map([...RECORD_LAYOUT.structs, ['image', { ...struct('image'), members }]]),
  };
  const end = members.get(ANNEX)?.offset ?? 0;
  const record = Buffer.alloc(end);
  record.writeUInt32LE(end, 0);
  record.writeUInt16LE(2, members.get('kind')?.offset);
  record.writeBigUInt64LE(7n, members.get('id')?.offset);
  record.fill(0xff, offset, offset + 4);
  const images = OtherRecords.of(layout)?.images(logEntry(record));
  assert.ok(images !== undefined && typeof images !== 'string');
  const made = Buffer.from(images.log).subarray(ENTRY_HEAD);
  assert.equal(made.readBigUInt64LE(offset), 0xffff_ffffn);
});

test('a layout is the same when it is read again', () => {
  const read = readLayout(JSON.parse(JSON.stringify(storeLayout(RECORD_LAYOUT))));
  assert.deepEqual(read, RECORD_LAYOUT);
});

test('property: a layout that is not one is refused, and no bytes of any layout do harm', () => {
  const junk = fc.oneof(
    fc.json().map((text) => JSON.parse(text) as unknown),
    fc.constant(storeLayout(RECORD_LAYOUT)),
  );
  fc.assert(
    fc.property(junk, fc.string(), fc.string(), (json, name, text) => {
      readLayout(json);
      const { structs, types } = storeLayout(RECORD_LAYOUT);
      readLayout({ structs: { ...structs, [name]: [8, { [text]: text }] }, types });
      readLayout({ structs, types: { ...types, [name]: [text.length, text] } });
    }),
  );
  for (const member of ['u32@4093', 'u32*9999@0', 'u128@0', 'u32@-1', 'u32', '', 'string@4092', 'u32*0@8']) {
    assert.equal(readLayout({ structs: { a: [4096, { member }] }, types: {} }), undefined, member);
  }
  fc.assert(
    fc.property(otherLayout, fc.uint8Array({ maxLength: 300 }), (layout, bytes) => {
      const other = OtherRecords.of(layout) ?? assert.fail();
      other.events(bytes);
      other.images(bytes);
      other.container(bytes);
    }),
    { numRuns: 100 },
  );
});

test('a layout that gives one number to two event types is refused', () => {
  const { structs, types } = storeLayout(RECORD_LAYOUT);
  const [number = 0] = types.open ?? [];
  assert.equal(readLayout({ structs, types: { ...types, new_type: [number, 'event_header'] } }), undefined);
});

test('a layout needs each size, type, kind and id once, where a shortest record has it', () => {
  const { structs, types } = storeLayout(RECORD_LAYOUT);
  const [imageSize, image] = structs.image ?? assert.fail();
  const [, annex = ''] = image[ANNEX]?.split('@') ?? [];
  const headerSize = structs.event_header?.[0] ?? 0;
  const wrong = [
    ['image', 'size', `u32@${annex}`],
    ['image', 'size', `u32@${Number(annex) - 2}`],
    ['image', 'kind', `u16@${imageSize - 2}`],
    ['image', 'id', `u64@${Number(annex) - 4}`],
    ['image', 'kind', 'u16*2@0'],
    ['event_header', 'size', 'u32*2@8'],
    ['event_header', 'type', `u16*0@${headerSize}`],
    ['container', 'size', 'u32*2@0'],
  ] as const;
  for (const [name, member, text] of wrong) {
    const [size, members] = structs[name] ?? assert.fail();
    const changed = { ...structs, [name]: [size, { ...members, [member]: text }] };
    const layout = readLayout({ structs: changed, types });
    assert.equal(layout && OtherRecords.of(layout), undefined, `${name}.${member}: ${text}`);
  }
});

test('a text across the end of the kernel half of an image is not read', () => {
  const { structs, types } = storeLayout(RECORD_LAYOUT);
  const [size, members] = structs.image ?? assert.fail();
  const [, annex = ''] = members[ANNEX]?.split('@') ?? [];
  for (const name of ['executable', 'new_text']) {
    for (let before = 1; before < 8; before++) {
      const image = [size, { ...members, [name]: `string@${Number(annex) - before}` }];
      const layout = readLayout({ structs: { ...structs, image }, types }) ?? assert.fail();
      const images = OtherRecords.of(layout)?.images(shortRecords(layout).images);
      assert.ok(typeof images === 'object', `${name}: ${images}`);
    }
  }
});

test('property: records of hostile layouts are translated or refused', () => {
  let translated = 0;
  let refused = 0;
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(hostileLayout, bytes, (stored, junk) => {
      const layout = readLayout(JSON.parse(JSON.stringify(stored)));
      const other = layout && OtherRecords.of(layout);
      if (!other) {
        refused++;
        return;
      }
      const { events, images, container } = shortRecords(layout);
      const results = [
        ...[...events, junk].map((each) => other.events(each)),
        ...[images, junk].map((each) => other.images(each)),
        ...[container, junk].map((each) => other.container(each)),
      ];
      translated += results.filter((result) => typeof result !== 'string').length;
    }),
    { numRuns: 2000 },
  );
  assert.ok(translated > 1000 && refused > 100, `${translated} translated, ${refused} refused`);
});
