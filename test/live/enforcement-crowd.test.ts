// What the kernel enforces holds of each process that lives, however many there are: also of those whose images have the same place in the tables,
// which hold one of them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ENFORCED, enforcedParts } from '../../host/schema/enforced.ts';
import { IMAGE } from '../../host/schema/image.ts';
import { member } from '../../host/schema/layout.ts';
import { type RunningAct, type Step, startAct, str } from '../support/live-act.ts';
import { capture, directory, enforce, opening, takeEvents, view } from '../support/live-enforcement.ts';
import { AT_FDCWD, O } from '../support/live-numbers.ts';

/** ENFORCE_PROCESSES of native/bpf/enforce_tables.h. */
const PLACES = 16_384;
const GROUP = 20;
/** Of each process of a group, at least. */
const IMAGES = 3;
const SECRET = `${directory}/secret`;
const ID = member(IMAGE, 'id').offset;
const PID = member(IMAGE, 'pid').offset;
const VPID = member(IMAGE, 'vpid').offset;
const CANDIDATE = BigUint64Array.of(1n);
const OPEN: Step = ['openat', AT_FDCWD, str(SECRET), O.RDONLY];

/** Of each process, that of its last image. */
const places = new Map<number, number>();
/** Numbers in the root namespace, by those of the innermost one. */
const rootPids = new Map<number, number>();
/** What enforcement did, by process. */
const outcomes = new Map<number, number[]>();
let lastId = 0;

before(() => {
  writeFileSync(SECRET, 'secret\n');
  capture.start(['open', 'openat', 'openat2', 'creat']);
});
after(() => capture.close());

/** Takes in what has come: each process is a candidate of the rule. */
function take(): void {
  takeEvents((event) => {
    const { outcome } = enforcedParts(event.number('reserved'));
    const pid = event.image?.number('pid') ?? 0;
    if (outcome !== 0) outcomes.set(pid, [...(outcomes.get(pid) ?? []), outcome]);
  });
  const addresses = new Uint32Array(4096);
  for (let count = capture.takeImages(addresses); count > 0; count = capture.takeImages(addresses)) {
    for (const address of addresses.subarray(0, count)) {
      capture.setCandidates(address, CANDIDATE);
      const id = view.u32(address + ID);
      lastId = Math.max(lastId, id);
      places.set(view.u32(address + PID), id % PLACES);
      rootPids.set(view.u32(address + VPID), view.u32(address + PID));
    }
  }
}

interface Waiting {
  readonly running: RunningAct;
  readonly pid: number;
}

async function startWaiting(...steps: readonly Step[]): Promise<Waiting> {
  const running = startAct([['@wait'], ...steps]);
  const { pid } = await running.place();
  take();
  return { running, pid: rootPids.get(pid) ?? assert.fail(`no image of ${pid}`) };
}

/** Starts programs until little is missing to that id. */
function approach(id: number): void {
  for (let missing = id - lastId; missing > 2 * IMAGES; missing = id - lastId) {
    const count = Math.max(Math.min(Math.floor(missing / (2 * IMAGES)), 500), 1);
    const script = `i=0; while [ $i -lt ${count} ]; do /bin/true; i=$((i+1)); done`;
    assert.equal(spawnSync('/bin/sh', ['-c', script]).status, 0);
    take();
  }
}

test('a rule on what processes are is enforced on all that have one place in its tables', async () => {
  enforce([{ ...opening(SECRET), process: 'candidate' }], 'kill_process', { observes: true });
  const first: Waiting[] = [];
  let later: Waiting | undefined;
  try {
    take();
    const before = lastId;
    for (let index = 0; index < GROUP; index++) first.push(await startWaiting(OPEN));
    const taken = new Set(first.map(({ pid }) => places.get(pid)));
    const most = lastId - before + 4 * GROUP;
    approach(before + PLACES);
    // Each change of its directory makes another image, whose place is the next: it goes past all those that are taken.
    const moves = Array.from({ length: most }, (_, index): Step[] => [
      OPEN,
      ['chdir', str(index % 2 === 0 ? '/tmp' : '/')],
      ['@wait'],
    ]);
    later = await startWaiting(...moves.flat());
    let opened = 0;
    // Once more after it has come to a place that is taken: that open is made there.
    for (let isTaken = false; !isTaken; opened++) {
      assert.ok(opened < most, 'no two processes have one place');
      isTaken = taken.has(places.get(later.pid));
      later.running.goOn();
      await later.running.place();
      take();
    }
    assert.deepEqual(outcomes.get(later.pid), new Array<number>(opened).fill(ENFORCED.OBSERVED));

    for (const { running } of first) await running.end();
    take();
    for (const { pid } of first) assert.deepEqual(outcomes.get(pid), [ENFORCED.OBSERVED]);
  } finally {
    for (const one of [...first, ...(later ? [later] : [])]) one.running.process.kill('SIGKILL');
  }
});
