// The list of all processes that begins a segment: any user can make it long, and it must neither stop the journal nor keep the worker busy.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { BeginPause } from '../../../host/engine/journal/begin-pause.ts';
import { type JournalSource, JournalTap } from '../../../host/engine/journal/journal-tap.ts';
import { JournalTaps } from '../../../host/engine/journal/journal-taps.ts';
import { JOURNAL_BLOCKS_IN_FLIGHT } from '../../../host/engine/messages/control.ts';
import type { JournalBlock } from '../../../host/engine/messages/journal-block.ts';
import { JOURNAL_KINDS, journalWants } from '../../../host/journal/wants.ts';
import { loggedImages } from '../../../host/recording/logged-images.ts';
import { BuilderCapture } from '../../support/records/builder-capture.ts';
import { process as processImage } from '../../support/records/built-agent.ts';
import { logEntry } from '../../support/records/recordings.ts';
import { text } from '../../support/records/records.ts';

const { selection } = journalWants(JOURNAL_KINDS);
const SIZES = { ringBudget: 1 << 20, imageBudget: 32 << 20, containerBudget: 1 << 20, cpus: 1 };
/** One event. */
const SEGMENTS = Uint32Array.of(0, 64);
const NO_LOG = new Uint8Array(0);
const MB = 1 << 20;

function imagesOf(bytes: number, first = 1): Uint8Array {
  const entries: Uint8Array[] = [];
  for (let id = first, length = 0; length < bytes; id++) {
    const entry = logEntry(processImage(id, { argv: 'x'.repeat(8_000) }), { container: 'host' });
    entries.push(entry);
    length += entry.length;
  }
  return Buffer.concat(entries);
}

/** A capture with one event a batch, and a list of that many bytes. */
function tapOf(t: TestContext, bytes: number) {
  const all = imagesOf(bytes);
  const state = { now: 1_000_000, lists: 0, inFlight: 0, events: 0 };
  t.mock.method(performance, 'now', () => state.now);
  const source: JournalSource = {
    keepJournal: () => {},
    allImages: () => {
      state.lists++;
      return all;
    },
    selectJournal: (_use, into) => {
      into.fill(0, 0, 64);
      state.events++;
      return 64;
    },
    takeJournalExtent: () => {
      const { events } = state;
      state.events = 0;
      return { events, first: 0n, last: 0n, pids: new Uint32Array(0), containers: [] };
    },
  };
  const blocks: JournalBlock[] = [];
  const tap = new JournalTap(
    source,
    'journal',
    { keptBlocks: () => state.inFlight },
    {
      block(block) {
        blocks.push(block);
        state.inFlight++;
      },
      leftOut: () => assert.fail('blocks have the number'),
    },
  );
  tap.select(selection);
  return { tap, state, blocks, all };
}

/** Ids of the images of blocks. */
function listed(blocks: readonly JournalBlock[]): bigint[] {
  return blocks
    .flatMap(({ payload }) => imageEntries(payload))
    .flatMap((log) => [...loggedImages(log)].map(({ id }) => id));
}

/** Logs in a payload; the events of these tests are no records. */
function imageEntries(payload: Uint8Array): Uint8Array[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const logs: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += 8 + Math.ceil(view.getUint32(at, true) / 8) * 8) {
    if (view.getUint32(at + 4, true) === 2) logs.push(payload.subarray(at + 8, at + 8 + view.getUint32(at, true)));
  }
  return logs;
}

describe('journal: the list that begins a segment', () => {
  it('has the strings that many processes share once, and a replay gives them to all', () => {
    using builder = new BuilderCapture(SIZES);
    const common = { uid: 1000, gid: 1000, cgroup: '/', cwd: '/tmp', executable: '/bin/sh', start_time: 1n, sid: 5 };
    const long = { argv: `sh\0${'x'.repeat(4_000)}\0`, environment: `E=${'y'.repeat(4_000)}\0` };
    const parent = builder.image('SNAPSHOT', { ...common, ...long, pid: 5, comm_bytes: 'sh' });
    const parentOnly = { pid: 5, sid: 5, uid: 1000, gid: 1000, start_time: 1n, comm_bytes: 'sh' };
    let previous = parent;
    const made: bigint[] = [];
    for (let number = 0; number < 200; number++) {
      const own = {
        pid: 1000 + number,
        ppid: 5,
        start_time: BigInt(10 + number),
        comm_bytes: 'sh',
        uid: 1000,
        gid: 1000,
      };
      const child = builder.image('FORK', { ...own, sid: 5, parent: previous });
      made.push(child);
      if (number % 4 === 1)
        made.push(builder.image('FORK', { ...own, pid: 3000 + number, ppid: own.pid, parent: child }));
      if (number % 4 === 1) made.push(builder.image('CHANGE', { ...own, sid: own.pid, previous: child }));
      // The images before stay: they have children.
      if (number % 4 === 3) {
        previous = builder.image('CHANGE', { ...parentOnly, pgid: number, previous });
        made.push(previous);
      }
      if (number % 20 === 0) builder.poll();
    }
    builder.poll();
    const all = builder.capture.allImages();
    assert.ok(all.length < made.length * 1_000, `${all.length} bytes for ${made.length} images`);
    using again = new BuilderCapture(SIZES);
    again.capture.replay(1_000_000_000n, all, new Uint8Array(0), false);
    for (const id of made) {
      const [image, original] = [again.imageById(id), builder.imageById(id)];
      for (const name of ['args', 'environment_text', 'cwd_slash', 'cgroup', 'executable'] as const) {
        assert.equal(text(image, name), text(original, name), `${name} of ${id}`);
      }
      assert.deepEqual([image.number('kind') === 1, image.number('sid')], [false, original.number('sid')]);
      assert.equal(image.parent?.big('id'), original.parent?.big('id'));
    }
  });

  it('is spread over batches while there is room, and events begin behind all of it', (t) => {
    const { tap, state, blocks, all } = tapOf(t, 24 * MB);
    for (let batch = 0; batch < 20; batch++) {
      const log = batch === 1 ? imagesOf(1, 1_000_000) : NO_LOG;
      tap.batch(SEGMENTS, 1, log);
      assert.ok(state.inFlight < JOURNAL_BLOCKS_IN_FLIGHT, 'events have room, too');
      state.inFlight = 0;
      state.now += 100;
    }
    tap.flush();
    assert.equal(state.lists, 1);
    assert.deepEqual(
      blocks.map(({ begins }) => begins),
      [true, ...blocks.slice(1).map(() => false)],
    );
    assert.deepEqual(listed(blocks), [...[...loggedImages(all)].map(({ id }) => id), 1_000_000n]);
    const firstWithEvents = blocks.findIndex(({ extent }) => extent.events > 0);
    assert.ok(listed(blocks.slice(0, firstWithEvents)).length > 2_000);
    const events = blocks.reduce((sum, { extent, leftOut }) => sum + extent.events + leftOut, 0);
    assert.equal(events, 20, 'those that came before are counted');
  });

  it('is not begun again at once when it can not be sent', (t) => {
    const { tap, state, blocks } = tapOf(t, 40 * MB);
    const lists: number[] = [];
    for (let second = 0; second < 300; second++) {
      // The disk takes some blocks every half a minute.
      if (second % 30 === 0) state.inFlight = 0;
      const before = state.lists;
      for (let batch = 0; batch < 10; batch++, state.now += 100) tap.batch(SEGMENTS, 1, NO_LOG);
      if (state.lists > before) lists.push(second);
    }
    assert.deepEqual(lists, [0, 40, 80, 120, 170, 240]);
    // As soon as the disk takes it, all are counted.
    for (let batch = 0; batch < 2_000; batch++) {
      state.inFlight = 0;
      tap.batch(SEGMENTS, 1, NO_LOG);
      state.now += 100;
    }
    tap.flush();
    assert.equal(
      blocks.reduce((sum, { extent, leftOut }) => sum + extent.events + leftOut, 0),
      5_000,
    );
  });

  it('costs a pause by its length, and if it was cut, a longer one each time', () => {
    const pause = new BeginPause();
    const lasts = (from: number): number => {
      for (let ms = 0; ; ms += 500) if (pause.isOver(from + ms)) return ms;
    };
    pause.began(MB / 2, 0);
    assert.equal(lasts(0), 0);
    pause.began(3 * MB, 0);
    assert.equal(lasts(0), 3_000);
    const cuts = Array.from({ length: 6 }, (_, cut) => {
      pause.cut(cut * 1e6);
      return lasts(cut * 1e6);
    });
    assert.deepEqual(cuts, [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    pause.whole();
    pause.cut(1e8);
    assert.equal(lasts(1e8), 5_000);
  });
});

it('journal: captures that their disk does not take leave it its room', () => {
  using builder = new BuilderCapture(SIZES);
  const inFlight = { journal: 0, captures: JOURNAL_BLOCKS_IN_FLIGHT };
  const sent: string[] = [];
  const taps = new JournalTaps(
    builder.capture,
    { keptBlocks: (use) => inFlight[use] },
    {
      journal: { block: () => sent.push('journal'), leftOut: () => assert.fail() },
      captures: { block: () => sent.push('captures'), leftOut: () => assert.fail() },
    },
  );
  taps.journal.select(selection);
  taps.captures.select(selection);
  builder.capture.captureScopes(true, [], new Uint32Array(0));
  const image = builder.image('SNAPSHOT', { pid: 10, comm_bytes: 'x' });
  for (let batch = 0; batch < 3; batch++) {
    builder.event('setuid', { image });
    const pairs = builder.capture.poll(builder.segments, 0);
    taps.batch(builder.segments, pairs);
    builder.capture.release();
  }
  taps.journal.flush();
  taps.captures.flush();
  assert.deepEqual(sent, ['journal']);
});
