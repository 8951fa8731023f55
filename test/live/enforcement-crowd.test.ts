// What the kernel enforces holds of each process that lives, however many there are: also of those whose images have the same place in the tables,
// which hold one of them.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ENFORCED, enforcedParts } from '../../host/schema/enforced.ts';
import { ImagePlaces, type Waiting } from '../support/live/image-places.ts';
import { type Step, str } from '../support/live/live-act.ts';
import { capture, directory, enforce, opening, takeEvents, view } from '../support/live/live-enforcement.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';

const GROUP = 20;
const SECRET = `${directory}/secret`;
const CANDIDATE = BigUint64Array.of(1n);
const OPEN: Step = ['openat', AT_FDCWD, str(SECRET), O.RDONLY];

/** What enforcement did, by process. */
const outcomes = new Map<number, number[]>();
const places = new ImagePlaces(capture, view, take);

before(() => {
  writeFileSync(SECRET, 'secret\n');
  capture.start(['open', 'openat', 'openat2', 'creat']);
});
after(() => capture.close());

/** Each process is a candidate of the rule. */
function take(): void {
  takeEvents((event) => {
    const { outcome } = enforcedParts(event.number('reserved'));
    const pid = event.image?.number('pid') ?? 0;
    if (outcome !== 0) outcomes.set(pid, [...(outcomes.get(pid) ?? []), outcome]);
  });
  places.takeImages((address) => capture.setCandidates(address, CANDIDATE));
}

test('a rule on what processes are is enforced on all that have one place in its tables', async () => {
  enforce([{ ...opening(SECRET), process: 'candidate' }], 'kill_process', { observes: true });
  const started: Waiting[] = [];
  try {
    const [group, later, opened] = await places.collide(GROUP, OPEN, (one) => started.push(one));
    // Once more, now that it is at a place that is taken.
    later.running.goOn();
    await later.running.place();
    take();
    assert.deepEqual(outcomes.get(later.pid), new Array<number>(opened + 1).fill(ENFORCED.OBSERVED));

    for (const { running } of group) await running.end();
    take();
    for (const { pid } of group) assert.deepEqual(outcomes.get(pid), [ENFORCED.OBSERVED]);
  } finally {
    for (const { running } of started) running.process.kill('SIGKILL');
  }
});
