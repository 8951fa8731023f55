// Outputs that are replaced while alerts come: each alert goes to the old or to the new one, in order, and nothing that was counted is forgotten.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from '../../../host/outputs/alert.ts';
import type { Output } from '../../../host/outputs/output.ts';
import { OutputSet } from '../../../host/outputs/output-set.ts';

const alert = (message: string): Alert => ({
  time: 0n,
  rule: 'R',
  priority: 'Notice',
  source: 'syscall',
  tags: [],
  hostname: 'h',
  message,
  fields: [],
});

/** An output that writes to a place that others may write to as well, and takes a while to end. */
function output(name: string, place: string[], closing: Promise<void> = Promise.resolve()): Output {
  let written = 0;
  return {
    name,
    write({ message }) {
      place.push(message);
      written++;
    },
    async close() {
      await closing;
      place.push(`end of ${name}`);
    },
    get counters() {
      return { written, dropped: 1, errors: 0, queued: 5 };
    },
  };
}

test('the new output writes when the old one has ended; others go on', async () => {
  const [place, other]: [string[], string[]] = [[], []];
  const ending = Promise.withResolvers<void>();
  const set = new OutputSet([output('file', place, ending.promise), output('stdout', other)]);
  set.write(alert('1'));
  const replaced = set.replace(new Set(['file']), [output('file', place)]);
  await Promise.resolve();
  set.write(alert('2'));
  assert.deepEqual(place, ['1']);
  assert.deepEqual(
    set.counters.map(({ name }) => name),
    ['stdout', 'file'],
  );
  assert.equal(set.counters[1]?.counters.written, 1, 'what the old one has written is counted while it ends');
  const end = set.close(100);
  ending.resolve();
  assert.equal(await replaced, 2);
  await end;
  assert.deepEqual(place, ['1', 'end of file', '2', 'end of file']);
  assert.deepEqual(other, ['1', '2', 'end of stdout']);
  assert.deepEqual(set.counters, [
    { name: 'stdout', counters: { written: 2, dropped: 1, errors: 0, queued: 5 } },
    { name: 'file', counters: { written: 2, dropped: 2, errors: 0, queued: 5 } },
  ]);
});

test('an output that is turned off is still reported, and can come again', async () => {
  const place: string[] = [];
  const set = new OutputSet([output('file', place)]);
  set.write(alert('1'));
  assert.equal(await set.replace(new Set(['file']), []), 0);
  set.write(alert('lost'));
  assert.deepEqual(set.counters, [{ name: 'file', counters: { written: 1, dropped: 1, errors: 0 } }]);
  await set.replace(new Set(), [output('file', place)]);
  set.write(alert('2'));
  assert.deepEqual(place, ['1', 'end of file', '2']);
  assert.equal(set.counters[0]?.counters.written, 2);
});
