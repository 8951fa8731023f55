// The last moments of the journal in memory: whole segments, as far back as is asked, within a bound.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalBlock } from '../../../host/engine/messages/journal-block.ts';
import { RecentBlocks } from '../../../host/journal/recent-blocks.ts';
import { unpackBlock } from '../../../host/recording/block.ts';

const EXTENT = { events: 1, first: 0n, last: 0n, pids: new Uint32Array(), containers: [] };

/** Bytes that do not pack. */
function noise(bytes: number, seed: number): Uint8Array<ArrayBuffer> {
  let state = seed;
  return Uint8Array.from({ length: bytes }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

const block = (payload: Uint8Array<ArrayBuffer>, begins = false): JournalBlock => ({
  payload,
  extent: EXTENT,
  begins,
  leftOut: 0,
});

test('blocks come back as they were, by segment; those before the first segment are left out', async () => {
  const recent = new RecentBlocks({ milliseconds: 60_000, mostBytes: 1 << 20 }, () => {});
  const payloads = [1, 2, 3].map((seed) => noise(1000, seed));
  await recent.add(block(noise(10, 9)));
  for (const [index, payload] of payloads.entries()) await recent.add(block(payload, index !== 1));
  const segments = await recent.recent();
  const unpacked = segments.map((blocks) =>
    blocks.map(({ stored, payloadLength, eventsAt }) => unpackBlock(stored, payloadLength, eventsAt)),
  );
  assert.deepEqual(
    unpacked.map((blocks) => blocks.map((bytes) => bytes && Uint8Array.from(bytes))),
    [[payloads[0], payloads[1]], [payloads[2]]],
  );
});

test('a new segment is asked for once when one is half of the memory, and whole segments give way', async () => {
  let asked = 0;
  const recent = new RecentBlocks({ milliseconds: 60_000, mostBytes: 10_000 }, () => void asked++);
  await recent.add(block(noise(3000, 1), true));
  assert.equal(asked, 0);
  await recent.add(block(noise(3000, 2)));
  await recent.add(block(noise(100, 3)));
  assert.equal(asked, 1);
  await recent.add(block(noise(3000, 4), true));
  await recent.add(block(noise(3000, 5)));
  const segments = await recent.recent();
  assert.deepEqual(
    segments.map((blocks) => blocks.map(({ payloadLength }) => payloadLength)),
    [[3000, 3000]],
  );
  assert.equal(asked, 2);
});

test('what is older than the time gives way when another segment covers it', async () => {
  const recent = new RecentBlocks({ milliseconds: 0, mostBytes: 1 << 20 }, () => {});
  for (const seed of [1, 2, 3]) await recent.add(block(noise(100, seed), true));
  assert.equal((await recent.recent()).length, 1);
});
