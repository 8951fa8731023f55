// A capture lets all events of its processes through the kernel filter, and no others': also of processes whose images have the same place in
// the table of the filter, which holds one of them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { filterTables } from '../../host/capture/filter-tables.ts';
import { openCapture } from '../../host/capture/open.ts';
import { EventMemory } from '../../host/fields/memory.ts';
import type { EventRecord } from '../../host/fields/record.ts';
import { CANDIDATE_WORDS, IMAGE } from '../../host/schema/image.ts';
import { member } from '../../host/schema/layout.ts';
import { type RunningAct, type Step, startAct, str } from '../support/live-act.ts';
import { AT_FDCWD } from '../support/live-numbers.ts';
import { polledEvents } from '../support/polled-events.ts';

/** FILTER_PROCESSES of native/bpf/filter_tables.h. */
const PLACES = 16_384;
const GROUP = 60;
/** Of each process of a group, at least. */
const IMAGES = 3;
/** What no rule wants, and what one does, of processes that are candidates. */
const [UNWANTED, WANTED] = ['mkdirat', 'chmod'];
const MISSING = '/nonexistent/captured-places/folder';
const ID = member(IMAGE, 'id').offset;
const PID = member(IMAGE, 'pid').offset;
const VPID = member(IMAGE, 'vpid').offset;

const { capture, memory } = openCapture({ source: 'bpf' });
const view = new EventMemory(memory.buffer);
const segments = new Uint32Array(2 * 4096);
const none = new BigUint64Array(CANDIDATE_WORDS);
/** Of each process, that of its last image. */
const places = new Map<number, number>();
/** Numbers in the root namespace, by those of the innermost one. */
const rootPids = new Map<number, number>();
let lastId = 0;

/** Takes in what has come: no process is a candidate of the rule. */
function take(seen: (event: EventRecord) => void = () => {}): number {
  const pairs = capture.poll(segments, 20);
  const addresses = new Uint32Array(4096);
  for (let count = capture.takeImages(addresses); count > 0; count = capture.takeImages(addresses)) {
    for (const address of addresses.subarray(0, count)) {
      capture.setCandidates(address, none, 0);
      const id = view.u32(address + ID);
      lastId = Math.max(lastId, id);
      places.set(view.u32(address + PID), id % PLACES);
      rootPids.set(view.u32(address + VPID), view.u32(address + PID));
    }
  }
  for (const event of polledEvents(view, segments, pairs)) seen(event);
  capture.release();
  return pairs;
}

interface Waiting {
  readonly running: RunningAct;
  readonly pid: number;
}

/** What no rule wants. */
const DEED: Step = [UNWANTED, AT_FDCWD, str(MISSING), 0o700];

/** A process that waits before it does these. */
async function startWaiting(...steps: readonly Step[]): Promise<Waiting> {
  const running = startAct([['@wait'], ...steps]);
  const { pid } = await running.place();
  while (take() > 0);
  return { running, pid: rootPids.get(pid) ?? assert.fail(`no image of ${pid}`) };
}

/** Starts programs until little is missing to that id. */
function approach(id: number): void {
  for (let missing = id - lastId; missing > 2 * IMAGES; missing = id - lastId) {
    const count = Math.max(Math.min(Math.floor(missing / (2 * IMAGES)), 500), 1);
    const script = `i=0; while [ $i -lt ${count} ]; do /bin/true; i=$((i+1)); done`;
    assert.equal(spawnSync('/bin/sh', ['-c', script]).status, 0);
    while (take() > 0);
  }
}

test('events that no rule wants pass of captured processes alone', async () => {
  capture.start([UNWANTED, WANTED], filterTables([[{ rule: 0, types: [WANTED] }]], [0], true));
  const others: Waiting[] = [];
  let captured: Waiting | undefined;
  try {
    while (take() > 0);
    const first = lastId;
    for (let index = 0; index < GROUP; index++) others.push(await startWaiting(DEED));
    const taken = new Set(others.map(({ pid }) => places.get(pid)));
    const most = lastId - first + 4 * GROUP;
    approach(first + PLACES);
    // Each change of its directory makes another image, whose place is the next: it goes past all those that are taken.
    const moves = Array.from({ length: most }, (_, index): Step[] => [
      DEED,
      ['chdir', str(index % 2 === 0 ? '/tmp' : '/')],
      ['@wait'],
    ]);
    captured = await startWaiting(...moves.flat());
    for (let moved = 0; !taken.has(places.get(captured.pid)); moved++) {
      assert.ok(moved < most, 'no two processes have one place');
      captured.running.goOn();
      await captured.running.place();
      while (take() > 0);
    }

    capture.captureScopes(false, [], Uint32Array.of(captured.pid));
    const unwanted = new Map<number, number>();
    const count = (event: EventRecord): void => {
      const tid = Number(event.number('tid'));
      if (event.type.name === UNWANTED) unwanted.set(tid, (unwanted.get(tid) ?? 0) + 1);
    };
    captured.running.goOn();
    await captured.running.place();
    for (const { running } of others) await running.end();
    while (take(count) > 0);
    assert.deepEqual([...unwanted], [[captured.pid, 1]], 'one event of the captured process, and none of others');
  } finally {
    for (const one of [...others, ...(captured ? [captured] : [])]) one.running.process.kill('SIGKILL');
    capture.close();
  }
});
