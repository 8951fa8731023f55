// Events of several CPUs' rings, which a recording has out of order, in a savefile.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockReader, isEvent } from '../../../host/scap/format/blocks.ts';
import { PartStream } from '../../../host/scap/format/byte-stream.ts';
import { EventVersions } from '../../../host/scap/read/event.ts';
import { type RawEvent, readRawEvent } from '../../../host/scap/read/raw-event.ts';
import { event, process as processImage } from '../../support/records/built-agent.ts';
import { logEntry, payloadOf, writeBlocks } from '../../support/records/recordings.ts';
import { exportedBytes } from '../../support/records/scap-files.ts';

const START = 1_795_528_388_000_000_000n;
const MILLISECOND = 1_000_000n;
const [FORK, SNAPSHOT] = [1, 5];
/** libs takes a thread that was made longer ago for another one. */
const STALE = 2_000_000_000n;

/** Clones that returned in the child. */
function births(savefile: Uint8Array): RawEvent[] {
  let rest: Uint8Array | undefined = savefile;
  const parts = {
    next() {
      const part = rest;
      rest = undefined;
      return part;
    },
  };
  const blocks = new BlockReader(new PartStream(parts), () => false);
  const versions = new EventVersions();
  const found: RawEvent[] = [];
  for (let block = blocks.next(); block; block = blocks.next()) {
    if (!isEvent(block.type)) continue;
    const one = versions.next(readRawEvent(block));
    if (one?.name === 'clone' && one.result === 0n) found.push(one.raw);
  }
  return found;
}

for (const [age, startTime] of [
  ['known', START + 5n * MILLISECOND],
  ['not known', 0n],
  ['after its first event', START + 100_000n * MILLISECOND],
] as const) {
  test(`a child's event comes before its parent's clone, whose start is ${age}`, async () => {
    const image = (id: number, pid: number, parent: number, kind: number, start_time: bigint) =>
      logEntry(
        processImage(id, {
          kind,
          comm_bytes: 'bash',
          pid,
          ppid: 9 + parent,
          parent: BigInt(parent),
          vpid: pid,
          start_time,
        }),
      );
    const images = [
      image(1, 10, 0, SNAPSHOT, START - 1_000_000n * MILLISECOND),
      image(2, 11, 1, FORK, startTime),
      image(3, 12, 2, FORK, startTime),
    ];
    const ownTime = START + 6n * MILLISECOND;
    const events = [
      event('clone', 3, { tid: 12, result: 0, time: START + 9n * MILLISECOND }),
      event('clone', 2, { tid: 11, result: 0, time: ownTime }),
    ];
    const all = births(await exportedBytes(writeBlocks([{ payload: payloadOf(images, events), events: 2 }]).bytes));
    const ofParent = all.filter(({ tid }) => tid === 11);
    assert.deepEqual(
      ofParent.map(({ stateOnly }) => stateOnly),
      [true, false],
    );
    const [made, own] = ofParent.map(({ time }) => time);
    assert.equal(own, ownTime);
    const before = ownTime - (made ?? 0n);
    assert.ok(before >= 0n && before < STALE, `${before} ns`);
  });
}
