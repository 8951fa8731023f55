// What is told of alerts that an output lost, and how often.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutputWatch } from '../../host/agent/output-watch.ts';

function watched() {
  const messages: string[] = [];
  const watch = new OutputWatch((message) => messages.push(message));
  const at = (seconds: number, dropped: Readonly<Record<string, number>>, queued?: number): readonly string[] => {
    const outputs = Object.entries(dropped).map(([name, count]) => ({
      name,
      counters: { written: 5, dropped: count, errors: 0, ...(queued !== undefined && { queued }) },
    }));
    watch.update(outputs, seconds * 1000);
    return messages.splice(0);
  };
  return at;
}

test('each output that loses alerts is told of, with what it has lost', () => {
  const at = watched();
  assert.deepEqual(at(0, { stdout: 0, file: 0, program: 0 }), []);
  assert.deepEqual(at(1, { stdout: 0, file: 1, program: 12 }, 8192), [
    '1 alert is lost that was for file, which fails or does not keep up; 8192 more wait for it',
    '12 alerts are lost that were for program, which fails or does not keep up; 8192 more wait for it',
  ]);
});

test('one alert in half a minute, of all that was lost since; nothing when nothing was', () => {
  const at = watched();
  assert.equal(at(10, { file: 3 }).length, 1);
  assert.deepEqual(at(20, { file: 7 }), []);
  assert.deepEqual(at(39.9, { file: 9 }), []);
  assert.deepEqual(at(40, { file: 9 }), [
    '6 alerts are lost that were for file, which fails or does not keep up; 0 more wait for it',
  ]);
  assert.deepEqual(at(90, { file: 9 }), []);
});
