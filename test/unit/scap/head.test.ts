// What a savefile that is written says of processes: the lists at its head, and before events.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf } from '../../../host/scap/format/blocks.ts';
import { readThreads } from '../../../host/scap/read/metadata.ts';
import { processesBlocks } from '../../../host/scap/write/head.ts';
import type { ProcessImage } from '../../../host/scap/write/process-image.ts';
import { ReaderState } from '../../../host/scap/write/reader-state.ts';

const TEXT = new Uint8Array(1000);

function image(pid: number): ProcessImage {
  return {
    ...{ id: BigInt(pid), pid, process: '', startTime: 0n, parent: undefined, ppid: 0, vpid: pid, program: '' },
    ...{ comm: TEXT, exe: TEXT, exepath: TEXT, args: TEXT, environment: TEXT, cwd: TEXT, cgroups: TEXT },
    ...{ uid: 0, gid: 0, loginUid: 0, tty: 0, sid: 0, pgid: 0, vpgid: 0, fdLimit: 0n, capabilities: [0n, 0n, 0n] },
    ...{ flags: 0, exeInode: 0n, exeCtime: 0n, exeMtime: 0n, pidnsStart: 0n, memory: [0, 0, 0], faults: [0n, 0n] },
    stream: undefined,
  };
}

test('many processes take several lists, none of them long', () => {
  const images = Array.from({ length: 100 }, (_, index) => image(index + 1));
  const blocks = processesBlocks(images, 50_000);
  assert.ok(blocks.length > 10, `${blocks.length} lists`);
  for (const { length } of blocks) assert.ok(length < 51_000, `${length} bytes`);
  const pids = blocks.flatMap((block) => {
    const total = viewOf(block).getUint32(4, true);
    assert.equal(total, block.length);
    return readThreads(block.subarray(8, total - 4), 9).map(({ pid }) => pid);
  });
  assert.deepEqual(
    pids,
    images.map(({ pid }) => pid),
  );
  assert.equal(processesBlocks([]).length, 1);
  assert.equal(processesBlocks(images).length, 1);
});

test('of a line of 3,000 processes an event brings the last 1,024', () => {
  const line: ProcessImage[] = [];
  for (let pid = 1; pid <= 3000; pid++) line.push({ ...image(pid), parent: line.at(-1) });
  const state = new ReaderState(() => {});
  state.bring(line.at(-1) ?? image(0), 3000, 0n);
  assert.deepEqual(
    line.map(({ pid }) => pid).filter((pid) => state.find(pid) !== undefined),
    Array.from({ length: 1024 }, (_, index) => 1977 + index),
  );
});
