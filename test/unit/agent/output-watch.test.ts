// What is reported of an output that fails or loses alerts, and how often.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutputWatch } from '../../../host/agent/watches/output-watch.ts';

function watched() {
  const messages: string[] = [];
  const logged: string[] = [];
  const watch = new OutputWatch({
    alert: (message) => messages.push(message),
    log: (message) => logged.push(message),
  });
  const at = (seconds: number, dropped: Readonly<Record<string, number>>, queued?: number): readonly string[] => {
    const outputs = Object.entries(dropped).map(([name, count]) => ({
      name,
      counters: { written: 5, dropped: count, errors: 0, ...(queued !== undefined && { queued }) },
    }));
    watch.update(outputs, seconds * 1000);
    assert.deepEqual(logged.splice(0), messages);
    return messages.splice(0);
  };
  return at;
}

test('each output that loses alerts is reported, with what it has lost', () => {
  const at = watched();
  assert.deepEqual(at(0, { stdout: 0, file: 0, program: 0 }), []);
  assert.deepEqual(at(1, { stdout: 0, file: 1, program: 12 }, 8192), [
    '1 alert was lost: the output file fails or does not keep up; 8192 more are waiting for it',
    '12 alerts were lost: the output program fails or does not keep up; 8192 more are waiting for it',
  ]);
});

test('one alert in half a minute, of all that was lost since; nothing when nothing was', () => {
  const at = watched();
  assert.equal(at(10, { file: 3 }).length, 1);
  assert.deepEqual(at(20, { file: 7 }), []);
  assert.deepEqual(at(39.9, { file: 9 }), []);
  assert.deepEqual(at(40, { file: 9 }), [
    '6 alerts were lost: the output file fails or does not keep up; 0 more are waiting for it',
  ]);
  assert.deepEqual(at(200, { file: 9 }), []);
  // It was well for long: as the first time.
  assert.equal(at(201, { file: 10 }).length, 1);
  assert.equal(at(231, { file: 11 }).length, 1);
});

test('an output that loses each of these alerts too is reported ever more rarely, at last once an hour', () => {
  const at = watched();
  const day = 24 * 60 * 60;
  let dropped = 1;
  let told = 0;
  const pauses: number[] = [];
  for (let second = 0, last = 0; second <= day; second++) {
    const messages = at(second, { syslog: dropped }).length;
    dropped += messages;
    told += messages;
    if (messages > 0 && second > 0) pauses.push(second - last);
    if (messages > 0) last = second;
  }
  assert.deepEqual(pauses.slice(0, 9), [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
  assert.ok(told < 32, `${told} in a day`);
});

test('outputs of one name count as one', () => {
  const alerts: string[] = [];
  const watch = new OutputWatch({ alert: (message) => alerts.push(message), log: () => {} });
  const update = (seconds: number, ...dropped: number[]) =>
    watch.update(
      dropped.map((count) => ({ name: 'file', counters: { written: 0, dropped: count, errors: 0, queued: 1 } })),
      seconds * 1000,
    );
  update(0, 5, 0);
  update(100, 5, 3);
  assert.deepEqual(alerts, [
    '5 alerts were lost: the output file fails or does not keep up; 2 more are waiting for it',
    '3 alerts were lost: the output file fails or does not keep up; 2 more are waiting for it',
  ]);
});

test('why an output fails is reported at once, and what it has lost with the next alert about it', () => {
  const alerts: string[] = [];
  const logged: string[] = [];
  const watch = new OutputWatch({
    alert: (message) => alerts.push(message),
    log: (message) => logged.push(message),
  });
  const update = (seconds: number, dropped: number) =>
    watch.update([{ name: 'http', counters: { written: 0, dropped, errors: 0 } }], seconds * 1000);
  watch.failed('http', 'http refuses alerts', 0);
  update(1, 1);
  watch.failed('http', 'http refuses alerts', 2000);
  watch.failed('file', 'the disk is full', 2000);
  assert.deepEqual(alerts.splice(0), ['http refuses alerts', 'the disk is full']);
  assert.deepEqual(logged, [], 'it has said so itself');
  update(31, 2);
  assert.deepEqual(alerts, [
    '2 alerts were lost: the output http fails or does not keep up; 0 more are waiting for it',
  ]);
  watch.failed('http', 'http refuses alerts', 62_000);
  assert.equal(alerts.length, 1, 'ever more rarely');
});
