// Random events and processes for property tests, from small pools of values, so that conditions are often true of them.

import fc from 'fast-check';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { EVENT_TYPES, type EventType } from '../../../host/schema/events/index.ts';
import type { Struct } from '../../../host/schema/layout.ts';
import type { RecordMemory } from '../records/records.ts';

export const NAMES = ['cat', 'bash', 'sh', 'sshd', 'Python3', 'a', '', 'averyverylongname'];
export const PATHS = [
  '/etc/shadow',
  '/etc/passwd',
  '/etc',
  '/etc/ssh/sshd_config',
  '/ETC/Shadow',
  '/',
  '/usr/bin/cat',
  '//usr//bin/cat',
  'relative/path',
  '/proc/12/mem',
  '/tmp/a b',
  '/tmp/\xff\xfe',
  '/tmp/é',
  '',
];
const WORDS = ['-c', '-kK', '-cKey', 'echo aGVsbG8=', 'aGVsbG8=', '--flag', '', 'x=1', '/etc/shadow', '-x'];
const ADDRESSES = ['0.0.0.0', '10.0.0.1', '10.1.2.3', '192.168.1.7', '127.0.0.1'].map((text) =>
  Uint8Array.from([...text.split('.').map(Number), ...new Array<number>(12).fill(0)]),
);
const ADDRESSES_6 = [
  new Uint8Array(16),
  Uint8Array.from([...new Array<number>(15).fill(0), 1]),
  Uint8Array.from([0xfe, 0x80, ...new Array<number>(13).fill(0), 9]),
];

/** A process with its ancestors, nearest first. */
export interface RandomProcess {
  readonly members: StructInput;
  readonly words: readonly string[];
}

export interface RandomEvent {
  readonly type: string;
  readonly members: StructInput;
  readonly chain: readonly RandomProcess[];
  readonly container: boolean;
}

const path = fc.constantFrom(...PATHS);
const absentPath = fc.option(path, { nil: undefined });
const small = fc.constantFrom(0, 1, 2, 3, 4, 7, 16, 0x40, 0x41, 0x241, 0x8000, 0x410002, 0x80000, 0xffffffff);
/** Ids that no machine has a name for, but for 0. */
const id = fc.constantFrom(0, 4_000_000, 0xffffffff);
const result = fc.constantFrom(0n, 1n, 3n, -1n, -2n, -13n, -115n, -999n);

const process: fc.Arbitrary<RandomProcess> = fc.record({
  members: fc.record({
    comm: fc.constantFrom(...NAMES),
    executable: path,
    uid: fc.constantFrom(0, 1, 1000),
    gid: fc.constantFrom(0, 5),
    user_name: fc.constantFrom('root', 'user', '<NA>'),
    user_home: fc.constantFrom('/root', '', undefined),
    user_shell: fc.constantFrom('/bin/sh', '', undefined),
    login_uid: fc.constantFrom(0, 1000, 0xffffffff),
    pid: fc.integer({ min: 1, max: 4 }),
    ppid: fc.integer({ min: 0, max: 4 }),
    vpid: fc.integer({ min: 1, max: 3 }),
    pgid: fc.integer({ min: 1, max: 4 }),
    vpgid: fc.integer({ min: 1, max: 3 }),
    sid: fc.integer({ min: 1, max: 4 }),
    tty: fc.constantFrom(0, 34816),
    flags: fc.integer({ min: 0, max: 31 }),
    cap_effective: fc.constantFrom(0n, 1n, 0x3ffffffffn, 1n << 40n, (1n << 21n) | 1n),
    start_time: fc.constantFrom(0n, 500n, 5000n),
    exe_inode: fc.constantFrom(0n, 77n),
    exe_ctime: fc.constantFrom(0n, 100n, 9000n),
    environment: fc.constantFrom('', 'PATH=/bin\0', 'A=1\0PATH=\0HOME=/root\0'),
  }),
  words: fc.array(fc.constantFrom(...WORDS), { maxLength: 4 }),
});

function membersOf({ shape, category }: EventType): fc.Arbitrary<StructInput> {
  const fields: Record<string, fc.Arbitrary<StructInput[string]>> = {};
  const v6 = fc.boolean();
  const struct: Struct = EVENT_STRUCTS[shape];
  for (const { name, type, count } of struct.members) {
    if (['commit', 'size', 'type', 'image', 'image_address', 'reserved', 'cpu', 'flags'].includes(name)) continue;
    if (name === 'result') fields[name] = result;
    // Events are numbered from 1.
    else if (name === 'sequence') fields[name] = fc.constantFrom(1n, 2n, 1000n);
    else if (name === 'time') fields[name] = fc.constantFrom(0n, 1000n, 10_000n);
    else if (name === 'kind')
      fields[name] = fc.constantFrom(...[...'fd46u4f4p\0X'].map((character) => character.charCodeAt(0)));
    else if (name === 'role') fields[name] = fc.integer({ min: 0, max: 2 });
    else if (name === 'l4') fields[name] = fc.constantFrom(0, 6, 17, 1, 255);
    else if (name.endsWith('_port')) fields[name] = fc.constantFrom(0, 22, 80, 443, 40000);
    else if (name === 'dirfd' || name.endsWith('fd')) fields[name] = fc.constantFrom(-100, -1, -9, 0, 3, 5);
    else if (name === 'passed_family') fields[name] = fc.constantFrom(0, 1, 2);
    else if (name === 'state') fields[name] = fc.integer({ min: 0, max: 127 });
    // Where a path was passed the reader has made its absolute form too.
    else if (shape === 'paths' && name.endsWith('_name')) fields[name] = path;
    else if (type === 'string') fields[name] = absentPath;
    else if (type === 'address') fields[name] = v6.chain((six) => fc.constantFrom(...(six ? ADDRESSES_6 : ADDRESSES)));
    else if (count !== undefined)
      fields[name] = fc.tuple(...Array.from({ length: count }, () => (category === 'user' ? id : small)));
    else if (type === 'u8') fields[name] = fc.integer({ min: 0, max: 255 });
    else if (type === 'u16') fields[name] = fc.integer({ min: 0, max: 0xffff });
    else if (type === 'i32') fields[name] = fc.integer({ min: -3, max: 5 });
    else fields[name] = small;
  }
  return fc.record(fields);
}

export const randomEvent: fc.Arbitrary<RandomEvent> = fc.constantFrom(...EVENT_TYPES).chain((type) =>
  fc.record({
    type: fc.constant(type.name),
    members: membersOf(type),
    chain: fc.array(process, { minLength: 1, maxLength: 4 }),
    container: fc.boolean(),
  }),
);

/** Puts an event and its processes into memory; yields their addresses. */
export function putEvent(records: RecordMemory, event: RandomEvent): { image: number; event: number; end: number } {
  const container = event.container
    ? records.container({ id: 'f00dcafe0123', image_repository: 'nginx', labels: 'app=web\0tier=\0', privileged: 1 })
    : records.host;
  let parent = 0;
  for (const { members, words } of [...event.chain].reverse()) {
    parent = records.image(
      { ...members, parent_address: parent, container_address: container, session_address: parent },
      words,
    );
  }
  const record = records.event(event.type, parent, { flags: 0, ...event.members });
  return { image: parent, event: record.address, end: record.address + record.number('size') };
}
