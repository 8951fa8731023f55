// Random events, processes and containers whose members are at their limits, each independent of the others: what a derivation reads,
// not what a kernel would write.

import fc from 'fast-check';
import { CONTAINER, CONTAINER_STATE } from '../../../host/schema/container.ts';
import type { MemberInput, StructInput } from '../../../host/schema/encode-struct.ts';
import { EVENT_FLAGS, EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { IMAGE } from '../../../host/schema/image.ts';
import type { Member, MemberType, Struct } from '../../../host/schema/layout.ts';
import type { RecordMemory } from '../records/records.ts';

const UINT32 = 0xffff_ffff;
const UINT64 = 0xffff_ffff_ffff_ffffn;
const INT64 = 0x7fff_ffff_ffff_ffffn;

const NUMBERS: Readonly<Record<Exclude<MemberType, 'string' | 'address' | 'comm'>, readonly (number | bigint)[]>> = {
  u8: [0, 1, 2, 3, 6, 17, 58, 0x7f, 0xff],
  u16: [0, 1, 2, 22, 0x7fff, 0x8000, 0xffff],
  u32: [0, 1, 2, 3, 0xff, 0x41, 0x410000, 0x7fff_ffff, 0x8000_0000, UINT32 - 1, UINT32, 0xeffffffc, 3_000_000_000],
  i32: [0, 1, -1, -100, 3, 0x7fff_ffff, -0x8000_0000],
  u64: [0n, 1n, 1000n, 4096n, INT64, INT64 + 1n, UINT64 - 1n, UINT64],
  i64: [0n, 1n, -1n, -2n, -13n, -999n, INT64, -INT64 - 1n],
};

const TEXTS = [
  '',
  'a',
  'sh',
  'bash',
  '/',
  '//',
  '/etc/shadow',
  '/etc/',
  'relative/path',
  '..',
  '../../../x/y',
  '/a/../../b//c/',
  '..',
  'é/ü',
  'x="y" \\ z',
];
/** Strings that are each ended by a NUL. */
const LISTS = [
  '',
  'one\0',
  'one\0two\0',
  'cut\0sh',
  '\0\0',
  'app=web\0tier=\0',
  'app:web\0tier:\0a b:c\0',
  'PATH=/bin:/usr/bin\0A=1\0',
  'PATH=\0PATH=second\0',
];
const MOUNTS = [
  '',
  '/etc/x\0/data\0rw\0true\0rprivate\0',
  ']x\0/data\0\0false\0\0/data\0/etc/é\0ro\0false\0rslave\0',
  '-\0/\0m\0w\0p\0ab\0]x\0m2\0w2\0p2\0\0\0\0\0\0',
  'cut\0/data\0rw\0',
];
const LISTED = /^(argv|environment|labels|env_names|pod_annotations|\w+_labels)$/;

const ADDRESSES = [
  new Uint8Array(16),
  Uint8Array.from([127, 0, 0, 1, ...new Array<number>(12).fill(0)]),
  new Uint8Array(16).fill(0xff),
  Uint8Array.from([0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 1]),
  // IPv4 in IPv6.
  Uint8Array.from([...new Array<number>(10).fill(0), 0xff, 0xff, 10, 0, 0, 1]),
];
const KINDS = [...'fd46u46psltnbrPXo\0\x01'].map((character) => character.charCodeAt(0));

function randomValue({ name, type }: Member): fc.Arbitrary<MemberInput | undefined> {
  if (name === 'kind') return fc.constantFrom(...KINDS);
  if (name === 'role') return fc.constantFrom(0, 1, 2, 3);
  if (name === 'privileged') return fc.constantFrom(0, 1, 255);
  switch (type) {
    case 'string': {
      const texts = name === 'mounts' ? MOUNTS : LISTED.test(name) ? LISTS : TEXTS;
      return fc.oneof(
        { weight: 1, arbitrary: fc.constant(undefined) },
        { weight: 5, arbitrary: fc.constantFrom(...texts) },
      );
    }
    case 'address':
      return fc.constantFrom(...ADDRESSES);
    case 'comm':
      return fc.constant('comm');
    default:
      return fc.constantFrom(...NUMBERS[type]);
  }
}

/** Random values of all members but some. */
function membersOf(struct: Struct, without: readonly string[]): fc.Arbitrary<StructInput> {
  const fields: Record<string, fc.Arbitrary<MemberInput | undefined>> = {};
  for (const member of struct.members) {
    if (without.includes(member.name)) continue;
    const value = randomValue(member);
    if (member.count === undefined) fields[member.name] = value;
    else fields[member.name] = fc.tuple(...new Array(member.count).fill(value)) as fc.Arbitrary<MemberInput>;
  }
  return fc.record(fields);
}

/** What the reader fills in: it links records. */
const LINKS = ['parent_address', 'session_address', 'group_leader_address', 'container_address', 'candidates'];
const HEADER = ['commit', 'size', 'type', 'flags', 'image_address', 'other_view', 'sequence'];

const image = membersOf(IMAGE, ['size', ...LINKS]);
const container = fc.record({
  state: fc.constantFrom(...Object.values(CONTAINER_STATE)),
  members: membersOf(CONTAINER, ['size', 'state']),
});

export interface RandomRecords {
  readonly type: string;
  readonly event: StructInput;
  /** The process and its ancestors, nearest first. */
  readonly chain: readonly StructInput[];
  /** Which of the chain lead the session and the group; none if beyond its end. */
  readonly leaders: readonly [session: number, group: number];
  readonly container: { readonly state: number; readonly members: StructInput } | undefined;
}

export const randomRecords: fc.Arbitrary<RandomRecords> = fc.constantFrom(...EVENT_TYPES).chain(({ name, shape }) =>
  fc.record({
    type: fc.constant(name),
    event: fc
      .tuple(
        membersOf(EVENT_STRUCTS[shape], HEADER),
        fc.constantFrom(0, EVENT_FLAGS.THREAD, EVENT_FLAGS.IO_URING, EVENT_FLAGS.COMPAT | EVENT_FLAGS.THREAD),
        // Events are numbered from 1.
        fc.constantFrom(1n, 2n, INT64, UINT64),
      )
      .map(([members, flags, sequence]) => ({ ...members, flags, sequence })),
    chain: fc.array(image, { minLength: 1, maxLength: 4 }),
    leaders: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })),
    container: fc.option(container, { nil: undefined }),
  }),
);

/** Puts the records into memory; yields the addresses of the process image and of the event, and where that ends. */
export function putRecords(
  memory: RecordMemory,
  records: RandomRecords,
): { image: number; event: number; end: number } {
  const entry = records.container
    ? memory.container({ ...records.container.members, state: records.container.state })
    : memory.host;
  const addresses: number[] = [];
  let address = 0;
  for (const [index, members] of [...records.chain].reverse().entries()) {
    const isProcess = index === records.chain.length - 1;
    const [session = 0, group = 0] = isProcess ? records.leaders.map((leader) => addresses[leader] ?? 0) : [];
    address = memory.image({
      ...members,
      parent_address: address,
      container_address: entry,
      session_address: session,
      group_leader_address: group,
    });
    addresses.push(address);
  }
  const event = memory.event(records.type, address, records.event);
  return { image: address, event: event.address, end: event.address + event.number('size') };
}
