// A capture lets all events of its processes through the kernel filter, and no others': also of processes whose images have the same place in
// the table of the filter, which holds one of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterTables } from '../../host/capture/filter-tables.ts';
import { openCapture } from '../../host/capture/open.ts';
import { EventMemory } from '../../host/fields/memory.ts';
import type { EventRecord } from '../../host/fields/record.ts';
import { CANDIDATE_WORDS } from '../../host/schema/image.ts';
import { ImagePlaces, type Waiting } from '../support/live/image-places.ts';
import { type Step, str } from '../support/live/live-act.ts';
import { AT_FDCWD } from '../support/live/live-numbers.ts';
import { polledEvents } from '../support/live/polled-events.ts';

const GROUP = 60;
/** What no rule wants, and what one does, of processes that are candidates. */
const [UNWANTED, WANTED] = ['mkdirat', 'chmod'];
const DEED: Step = [UNWANTED, AT_FDCWD, str('/nonexistent/captured-places/folder'), 0o700];

const { capture, memory } = openCapture({ source: 'bpf' });
const view = new EventMemory(memory.buffer);
const segments = new Uint32Array(2 * 4096);
const none = new BigUint64Array(CANDIDATE_WORDS);
const places = new ImagePlaces(capture, view, () => take());

/** No process is a candidate of the rule. */
function take(seen: (event: EventRecord) => void = () => {}): void {
  for (let pairs = capture.poll(segments, 20); ; pairs = capture.poll(segments, 20)) {
    places.takeImages((address) => capture.setCandidates(address, none, 0));
    for (const event of polledEvents(view, segments, pairs)) seen(event);
    capture.release();
    if (pairs === 0) return;
  }
}

test('events that no rule wants pass of captured processes alone', async () => {
  capture.start([UNWANTED, WANTED], filterTables([[{ rule: 0, types: [WANTED] }]], [0], true));
  const started: Waiting[] = [];
  try {
    const [others, captured] = await places.collide(GROUP, DEED, (one) => started.push(one));

    capture.captureScopes(false, [], Uint32Array.of(captured.pid));
    const unwanted = new Map<number, number>();
    const count = (event: EventRecord): void => {
      const tid = Number(event.number('tid'));
      if (event.type.name === UNWANTED) unwanted.set(tid, (unwanted.get(tid) ?? 0) + 1);
    };
    captured.running.goOn();
    await captured.running.place();
    for (const { running } of others) await running.end();
    take(count);
    assert.deepEqual([...unwanted], [[captured.pid, 1]], 'one event of the captured process, and none of others');
  } finally {
    for (const { running } of started) running.process.kill('SIGKILL');
    capture.close();
  }
});
