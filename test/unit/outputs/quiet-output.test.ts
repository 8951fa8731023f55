// Outputs that are spared repetition: the first of a kind is always written, and what is held back is always told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { text } from '../../../host/fields/value.ts';
import type { Alert } from '../../../host/outputs/alert.ts';
import type { Output } from '../../../host/outputs/output.ts';
import { type NoiseLimits, QuietOutput } from '../../../host/outputs/quiet-output.ts';

function alert(rule: string, process: string, milliseconds: number): Alert {
  return {
    time: 1_700_000_000_000_000_000n + BigInt(milliseconds) * 1_000_000n,
    rule,
    priority: 'Notice',
    source: 'syscall',
    tags: [],
    hostname: 'h',
    message: `${rule} by ${process}`,
    fields: [{ key: 'proc.name', value: text(process) }],
  };
}

function quiet(limits: Partial<NoiseLimits>) {
  const written: Alert[] = [];
  const inner: Output = {
    name: 'inner',
    write: (each) => void written.push(each),
    close: async () => {},
    counters: { written: 0, dropped: 0, errors: 0 },
  };
  const clock = { now: 0 };
  const all: NoiseLimits = { repeatMs: 0, rate: 0, burst: 10, kindFields: ['proc.name'], ...limits };
  const output = new QuietOutput(inner, all, () => clock.now);
  const write = (rule: string, process: string, at: number): void => {
    clock.now = at;
    output.write(alert(rule, process, at));
  };
  return { written, output, write, messages: () => written.map(({ message }) => message) };
}

test('what repeats is held back and reported together, with since when', async () => {
  const { output, write, written, messages } = quiet({ repeatMs: 1000 });
  write('Read', 'cat', 0);
  write('Read', 'cat', 100);
  write('Read', 'less', 150);
  write('Read', 'cat', 200);
  assert.deepEqual(messages(), ['Read by cat', 'Read by less']);
  write('Other', 'cat', 1100);
  assert.deepEqual(messages().slice(2), [
    'Read by cat (seen 2 times since 2023-11-14T22:13:20.100000000+0000)',
    'Other by cat',
  ]);
  assert.deepEqual(
    written[2]?.fields.map(({ key }) => key),
    ['proc.name', 'wasprey.seen', 'wasprey.since'],
  );
  write('Read', 'cat', 1200);
  await output.close(0);
  assert.match(messages().at(-1) ?? '', /seen 1 time since/);
  assert.equal(output.counters.heldBack, 3);
});

test("the agent's own alerts are never held back: each reports its own time", () => {
  const { output, messages } = quiet({ repeatMs: 1000, rate: 1, burst: 1 });
  for (const number of [1, 2, 3])
    output.write({ ...alert('Drops', `window ${number}`, 0), source: 'internal', fields: [] });
  assert.deepEqual(messages(), ['Drops by window 1', 'Drops by window 2', 'Drops by window 3']);
});

test('a rule that raises too many is held to its rate, but each kind is reported at once', async () => {
  const { output, write, messages } = quiet({ rate: 1, burst: 2 });
  for (let at = 0; at < 10; at++) write('Read', 'cat', at);
  write('Read', 'less', 11);
  write('Quiet', 'cat', 12);
  assert.deepEqual(messages(), ['Read by cat', 'Read by cat', 'Read by less', 'Quiet by cat']);
  write('Read', 'cat', 3000);
  assert.equal(messages().at(-1), 'Read by cat', 'after a while there is room again');
  await output.close(0);
  assert.match(messages().at(-1) ?? '', /^Read by cat \(seen 8 times since/);
});

test('whatever comes: each kind is written at first sight, and written plus told is all that came', async () => {
  const event = fc.record({
    rule: fc.constantFrom('a', 'b'),
    process: fc.constantFrom('p', 'q', 'r'),
    wait: fc.integer({ min: 0, max: 900 }),
  });
  const limits = fc.record({
    repeatMs: fc.constantFrom(0, 500),
    rate: fc.constantFrom(0, 2),
    burst: fc.constantFrom(1, 3),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), limits, async (events, given) => {
      const { output, write, written } = quiet(given);
      const seen = new Set<string>();
      let now = 0;
      for (const { rule, process, wait } of events) {
        now += wait;
        const before = written.length;
        write(rule, process, now);
        const kind = `${rule} by ${process}`;
        if (!seen.has(kind))
          assert.ok(
            written.slice(before).some(({ message }) => message === kind),
            'a first was held back',
          );
        seen.add(kind);
      }
      await output.close(0);
      const told = written.reduce((sum, { fields }) => {
        const count = fields.find(({ key }) => key === 'wasprey.seen')?.value;
        return sum + (count?.kind === 'integer' ? Number(count.value) : 1);
      }, 0);
      assert.equal(told, events.length);
    }),
  );
});

test('however long repetition is held back, the clock is not looked at all the time', async () => {
  let looks = 0;
  const inner: Output = {
    name: 'inner',
    write: () => {},
    close: async () => {},
    counters: { written: 0, dropped: 0, errors: 0 },
  };
  const year = 365 * 86_400_000;
  const output = new QuietOutput(inner, { repeatMs: year, rate: 0, burst: 10, kindFields: [] }, () => ++looks);
  output.write(alert('Read', 'cat', 0));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await output.close(0);
  assert.ok(looks < 5, `${looks} looks in 50 ms`);
});
