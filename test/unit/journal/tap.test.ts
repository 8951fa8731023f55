// The worker's half of the journal: a segment begins with all processes as they are linked, and what nobody takes is left out and counted.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { JournalTap } from '../../../host/engine/journal/journal-tap.ts';
import { JOURNAL_BLOCKS_IN_FLIGHT } from '../../../host/engine/messages/control.ts';
import type { JournalBlock } from '../../../host/engine/messages/journal-block.ts';
import type { ImageRecord } from '../../../host/fields/record.ts';
import { JOURNAL_KINDS, journalWants } from '../../../host/journal/wants.ts';
import { readPayload } from '../../../host/recording/payload.ts';
import { BuilderCapture } from '../../support/records/builder-capture.ts';
import { text } from '../../support/records/records.ts';

const { selection } = journalWants(JOURNAL_KINDS);
const SIZES = { ringBudget: 1 << 20, imageBudget: 8 << 20, containerBudget: 1 << 20, cpus: 1 };

function tapOf(builder: BuilderCapture) {
  const blocks: JournalBlock[] = [];
  const leftOut: number[] = [];
  const control = { journalBlocks: 0 };
  const inFlight = { keptBlocks: () => control.journalBlocks };
  const tap = new JournalTap(builder.capture, 'journal', inFlight, {
    block: (block) => blocks.push(block),
    leftOut: (events) => leftOut.push(events),
  });
  tap.select(selection);
  const batch = () => {
    const pairs = builder.capture.poll(builder.segments, 0);
    tap.batch(builder.segments, pairs, builder.capture.takeImageLog());
    builder.capture.release();
  };
  return { tap, blocks, leftOut, control, batch };
}

test('blocks hold events in order; the first one begins a segment with all processes', () => {
  using builder = new BuilderCapture(SIZES);
  const { tap, blocks, batch } = tapOf(builder);
  const parent = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'init' });
  const child = builder.image('FORK', { pid: 11, parent, comm_bytes: 'init' });
  builder.event('setuid', { image: child });
  builder.event('dup', { image: child });
  batch();
  builder.event('setgid', { image: child });
  batch();
  tap.flush();
  tap.beginSegment();
  builder.event('setuid', { image: parent });
  batch();
  tap.flush();
  assert.deepEqual(
    blocks.map(({ begins, extent, leftOut }) => [begins, extent.events, [...extent.pids], leftOut]),
    [
      [true, 2, [11], 0],
      [true, 1, [10], 0],
    ],
  );
  for (const { payload } of blocks) {
    const kinds = readPayload(payload).entries.map(({ kind }) => kind);
    assert.deepEqual(kinds.slice(0, 2), ['step', 'images']);
  }
  tap.select(undefined);
  builder.event('setuid', { image: parent });
  batch();
  tap.flush();
  assert.equal(blocks.length, 2);
});

test('what is not taken is left out and counted, and a segment begins when there is room again', () => {
  using builder = new BuilderCapture(SIZES);
  const { tap, blocks, control, batch } = tapOf(builder);
  const image = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'x' });
  const make = (count: number) => {
    for (let event = 0; event < count; event++) builder.event('setuid', { image });
    batch();
    tap.flush();
  };
  make(1);
  control.journalBlocks = JOURNAL_BLOCKS_IN_FLIGHT;
  make(3);
  make(4);
  control.journalBlocks = JOURNAL_BLOCKS_IN_FLIGHT - 1;
  make(5);
  assert.equal(blocks.length, 1);
  control.journalBlocks = 0;
  make(2);
  make(2);
  assert.deepEqual(
    blocks.map(({ begins, extent, leftOut }) => [begins, extent.events, leftOut]),
    [
      [true, 1, 0],
      [true, 2, 12],
      [false, 2, 0],
    ],
  );
});

test('at the end, or with other wishes, the last block and what was left out are passed on, however many blocks are on their way', () => {
  const ends: readonly ((own: ReturnType<typeof tapOf>) => void)[] = [
    ({ tap }) => tap.end(),
    ({ tap }) => tap.select(undefined),
  ];
  for (const end of ends) {
    using builder = new BuilderCapture(SIZES);
    const own = tapOf(builder);
    const { tap, blocks, leftOut, control, batch } = own;
    const image = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'x' });
    const make = (count: number) => {
      for (let event = 0; event < count; event++) builder.event('setuid', { image });
      batch();
    };
    const seen = () => [blocks.map(({ extent, leftOut }) => [extent.events, leftOut]), leftOut];
    make(2);
    control.journalBlocks = JOURNAL_BLOCKS_IN_FLIGHT;
    end(own);
    assert.deepEqual(seen(), [[[2, 0]], []]);
    tap.select(selection);
    control.journalBlocks = 0;
    make(1);
    control.journalBlocks = JOURNAL_BLOCKS_IN_FLIGHT;
    tap.flush();
    make(3);
    end(own);
    assert.deepEqual(seen(), [[[2, 0]], [4]]);
  }
});

test('metadata of containers is in each segment, as long as a process is in them', () => {
  using builder = new BuilderCapture(SIZES);
  const { tap, blocks, batch } = tapOf(builder);
  const id = `${'abcdef'.repeat(10)}abcd`;
  const image = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'x', cgroup: `/docker/${id}` });
  const begin = () => {
    tap.beginSegment();
    builder.event('setuid', { image });
    batch();
    tap.flush();
  };
  batch();
  tap.container(id.slice(0, 12), new Uint8Array(64));
  tap.container('0123456789ab', new Uint8Array(64));
  begin();
  begin();
  const containers = blocks.map(({ payload }) => idsIn(payload));
  assert.deepEqual(containers.slice(1), [[id.slice(0, 12)], [id.slice(0, 12)]]);
});

/** Of containers; their entries in these tests are none. */
function idsIn(payload: Uint8Array): string[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const ids: string[] = [];
  for (let at = 0; at < payload.length; at += 8 + Math.ceil(view.getUint32(at, true) / 8) * 8) {
    if (view.getUint32(at + 4, true) !== 3) continue;
    const length = view.getUint32(at + 8, true);
    ids.push(Buffer.from(payload.subarray(at + 16, at + 16 + length)).toString());
  }
  return ids;
}

/** What happens to processes, by number of the one that it happens to. */
const step = fc.record({
  what: fc.constantFrom('fork', 'fork', 'exec', 'change', 'exit', 'setsid'),
  who: fc.nat(30),
  texts: fc.record({
    cwd: fc.constantFrom('/', '/home', undefined),
    argv: fc.constantFrom('a\0b\0', 'x\0', undefined),
    environment: fc.constantFrom('A=b\0', 'C=d\0E=f\0', 'A=b\0', undefined),
    executable: fc.constantFrom('/bin/a', '/bin/b'),
    uid: fc.constantFrom(0, 1000),
  }),
});

interface Running {
  readonly pid: number;
  image: bigint;
  sid: number;
  name: string;
}

describe('a replay of all processes links them as they are', () => {
  for (const seed of [20_26, 5, 8]) {
    test(`seed ${seed}`, () => {
      const property = fc.property(fc.array(step, { minLength: 5, maxLength: 80 }), (steps) => {
        using builder = new BuilderCapture(SIZES);
        const running = make(builder, steps);
        builder.poll();
        using again = new BuilderCapture(SIZES);
        again.capture.replay(1_000_000_000n, builder.capture.allImages(), new Uint8Array(0), false);
        for (const { image } of running) {
          assert.deepEqual(lineOf(again.imageById(image)), lineOf(builder.imageById(image)));
        }
      });
      fc.assert(property, { seed, numRuns: 100 });
    });
  }
});

function make(builder: BuilderCapture, steps: readonly { what: string; who: number; texts: object }[]): Running[] {
  const start_time = 1_000_000n;
  const first: Running = { pid: 1, image: 0n, sid: 1, name: 'init' };
  const common = { uid: 0, gid: 0, cgroup: '/', cwd: '/', argv: 'init\0', executable: '/sbin/init' };
  first.image = builder.image('SNAPSHOT', { ...common, pid: 1, sid: 1, pgid: 1, start_time, comm_bytes: 'init' });
  const running = [first];
  for (const [number, { what, who, texts }] of steps.entries()) {
    const one = running[who % running.length];
    if (!one) continue;
    const members = { pid: one.pid, sid: one.sid, pgid: one.sid, start_time: start_time + BigInt(one.pid) };
    const previous = one.image;
    switch (what) {
      case 'fork': {
        const child = { pid: 100 + number, image: 0n, sid: one.sid, name: one.name };
        const own = { pid: child.pid, ppid: one.pid, start_time: start_time + BigInt(child.pid), comm_bytes: one.name };
        child.image = builder.image('FORK', { ...members, ...own, parent: one.image });
        running.push(child);
        break;
      }
      case 'exec':
        one.name = `p${number % 5}`;
        one.image = builder.image('EXEC', { ...members, ...texts, previous, comm_bytes: one.name });
        break;
      case 'setsid':
        one.sid = one.pid;
        one.image = builder.image('CHANGE', { ...members, sid: one.sid, previous, comm_bytes: one.name });
        break;
      case 'change':
        one.image = builder.image('CHANGE', {
          ...members,
          ...texts,
          argv: undefined,
          environment: undefined,
          previous,
          comm_bytes: one.name,
        });
        break;
      default:
        if (one.pid === 1) break;
        builder.image('EXIT', { ...members, id: one.image, exit_code: 256 });
        running.splice(running.indexOf(one), 1);
    }
  }
  return running;
}

const TEXTS = [
  'comm',
  'executable',
  'args',
  'cmdline',
  'environment_text',
  'cwd_slash',
  'user_name',
  'cgroup',
] as const;

/** Of a process and its ancestors. */
function lineOf(image: ImageRecord): unknown[] {
  const line: unknown[] = [];
  for (let next: ImageRecord | undefined = image; next && line.length < 50; next = next.parent) {
    const own = next;
    line.push([own.big('id'), own.number('pid'), own.number('uid'), ...TEXTS.map((name) => text(own, name))]);
  }
  return line;
}
