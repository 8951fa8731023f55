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
import { type RunningAct, startAct, str } from '../support/live-act.ts';
import { AT_FDCWD } from '../support/live-numbers.ts';
import { polledEvents } from '../support/polled-events.ts';
import { TIME_FACTOR } from '../support/time-factor.ts';

/** FILTER_PROCESSES of native/bpf/filter_tables.h. */
const PLACES = 16_384;
const GROUP = 60;
/** Of each process of a group: ids of a group are so far apart. */
const IMAGES = 3;
const MOST_ROUNDS = 8;
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

interface Group {
  readonly running: readonly RunningAct[];
  readonly pids: readonly number[];
}

/** Processes that wait, and then do what no rule wants. */
async function startGroup(): Promise<Group> {
  const running: RunningAct[] = [];
  const pids: number[] = [];
  for (let index = 0; index < GROUP; index++) {
    const one = startAct([['@wait'], [UNWANTED, AT_FDCWD, str(MISSING), 0o700]]);
    running.push(one);
    const { pid } = await one.place();
    while (take() > 0);
    pids.push(rootPids.get(pid) ?? assert.fail(`no image of ${pid}`));
  }
  return { running, pids };
}

/** Starts programs until the next images have the places of those that began at that id. */
function goRound(first: number): void {
  const until = first + PLACES;
  for (; lastId < until; take()) {
    const count = Math.max(Math.min(Math.floor((until - lastId) / 2), 500), 1);
    const script = `i=0; while [ $i -lt ${count} ]; do /bin/true; i=$((i+1)); done`;
    assert.equal(spawnSync('/bin/sh', ['-c', script]).status, 0);
    while (take() > 0);
  }
  // Otherwise the places of the next group would be between those of the first: a program that starts alone has two images.
  for (let tries = 0; (lastId - until) % IMAGES !== 0 && tries < IMAGES; tries++) {
    spawnSync('/bin/true');
    while (take() > 0);
  }
}

test('events that no rule wants pass of captured processes alone', async () => {
  capture.start([UNWANTED, WANTED], filterTables([[{ rule: 0, types: [WANTED] }]], [0], true));
  const groups: Group[] = [];
  try {
    while (take() > 0);
    const first = lastId;
    const others = await startGroup();
    groups.push(others);
    const taken = new Set(others.pids.map((pid) => places.get(pid)));
    let captured = others;
    let shared: readonly number[] = [];
    // Programs that others start meanwhile may have the places.
    for (let round = 0; shared.length === 0; round++) {
      assert.ok(round < MOST_ROUNDS, 'no two processes have one place');
      goRound(first + round * PLACES);
      captured = await startGroup();
      groups.push(captured);
      while (take() > 0);
      shared = captured.pids.filter((pid) => taken.has(places.get(pid)));
    }

    capture.captureScopes(false, [], Uint32Array.from(captured.pids));
    const unwanted = new Map<number, number>();
    const count = (event: EventRecord): void => {
      const tid = Number(event.number('tid'));
      if (event.type.name === UNWANTED) unwanted.set(tid, (unwanted.get(tid) ?? 0) + 1);
    };
    for (const group of groups) for (const one of group.running) one.goOn();
    const isDone = (): boolean => captured.pids.every((pid) => unwanted.has(pid));
    for (const deadline = performance.now() + 5000 * TIME_FACTOR; performance.now() < deadline; take(count)) {
      if (isDone()) break;
    }
    for (const { running } of groups) for (const one of running) await one.end();
    while (take(count) > 0);
    assert.deepEqual(
      captured.pids.filter((pid) => unwanted.get(pid) !== 1),
      [],
      `captured processes lack their event; ${shared.length} share a place`,
    );
    assert.deepEqual(
      others.pids.filter((pid) => unwanted.has(pid)),
      [],
      'events of others pass',
    );
  } finally {
    for (const { running } of groups) for (const one of running) one.process.kill('SIGKILL');
    capture.close();
  }
});
