// The frame of the tests: the one summary of several runs must not hide a failure; containers need a root that is a mount point.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { rootIsMountPoint } from '../../own-root.ts';
import { type TestEvent, Totals } from '../../totals.ts';

const summary = (counts: Record<string, number>, success = true): TestEvent => ({
  type: 'test:summary',
  data: { success, counts, duration_ms: 10 },
});

async function* events(...list: TestEvent[]) {
  yield* list;
}

async function take(totals: Totals, ...list: TestEvent[]): Promise<TestEvent[]> {
  const handedOn: TestEvent[] = [];
  for await (const event of totals.count(events(...list))) handedOn.push(event);
  return handedOn;
}

test('summaries of runs are added up; those of files are handed on', async () => {
  const totals = new Totals();
  const ofFile = { type: 'test:summary', data: { file: 'a.test.ts', counts: { tests: 5, passed: 5 }, success: true } };
  const diagnostic = { type: 'test:diagnostic', data: { file: 'a.test.ts', message: 'tests 99' } };
  const own = { type: 'test:diagnostic', data: { message: 'tests 5' } };
  assert.deepEqual(await take(totals, ofFile, diagnostic, own, summary({ tests: 5, passed: 5 })), [ofFile, diagnostic]);
  const unjudged = [{ skip: true }, { todo: true }].map((why) => ({
    type: 'test:pass',
    data: { file: 'a.test.ts', ...why },
  }));
  await take(totals, ...unjudged, summary({ tests: 4, passed: 2, skipped: 1, todo: 1 }));
  assert.equal(totals.closingLine(), '7 passed, 0 failed, 2 skipped');
  assert.equal(totals.success, true);
  assert.deepEqual([...totals.summary()].map(({ data }) => data.message).slice(0, 4), [
    'tests 9',
    'suites 0',
    'pass 7',
    'fail 0',
  ]);
});

test('the files that took longest are named, the longest first', async () => {
  const totals = new Totals();
  const ofFile = (name: string, seconds: number): TestEvent => ({
    type: 'test:summary',
    data: { file: `${PROJECT}test/${name}.test.ts`, duration_ms: 1000 * seconds },
  });
  await take(totals, ofFile('short', 1), ofFile('long', 90), ofFile('middle', 30));
  const lines = [...totals.summary()].map(({ data }) => data.message).slice(-4);
  assert.deepEqual(lines, ['files that took longest: 3', '    90 s  long', '    30 s  middle', '     1 s  short']);
});

test('what was skipped is named, with the reason if there is one', async () => {
  const file = `${PROJECT}test/unit/a.test.ts`;
  const pass = (name: string, more: object = {}): TestEvent => ({ type: 'test:pass', data: { file, name, ...more } });
  const judged = [pass('judged'), pass('judged too', { skip: false })];
  const totals = new Totals();
  await take(totals, pass('later', { todo: true }));
  await take(totals, ...judged, pass('lacks', { skip: 'no runc' }), pass('silent', { skip: true }));
  assert.equal(totals.skippedList(), 'Skipped here: 3\n  unit/a: later\n  unit/a: lacks: no runc\n  unit/a: silent\n');
  assert.equal(totals.skippedCount, 3);
  assert.equal(totals.closingLine(), '0 passed, 0 failed, 3 skipped');
});

test('suites that the machine can not run are listed with the reason, once, and the command; they fail nothing', async () => {
  const totals = new Totals();
  await take(totals, summary({ tests: 1, passed: 1 }));
  totals.addLeftOut('main', 12, 'this root has no CAP_BPF\n  give it\n');
  totals.addLeftOut('page', 3, 'this root has no CAP_BPF\n  give it\n');
  assert.equal(
    totals.skippedList(),
    [
      'Skipped here: 15',
      '  main: 12 files; where it can: npm run test:main',
      '  page: 3 files; where it can: npm run test:page',
      '    this root has no CAP_BPF',
      '      give it',
      '',
    ].join('\n'),
  );
  assert.equal(totals.closingLine(), '1 passed, 0 failed, 15 skipped');
  assert.equal(totals.success, true);
});

test('what need not run again is no failure, and listed with its pass', () => {
  const totals = new Totals();
  totals.addUnchanged('cluster: passed on a day');
  assert.equal(totals.success, true);
  assert.match(totals.skippedList(), /^Not run again, .*:\n {2}cluster: passed on a day\n$/);
});

test('a suite is clean if no test of it has failed or was skipped', async () => {
  const totals = new Totals();
  await take(totals, summary({ tests: 2, passed: 1, failed: 1 }));
  const before = totals.tally();
  await take(totals, summary({ tests: 3, passed: 3 }));
  assert.deepEqual(totals.since(before), { tests: 3, clean: true });
  await take(totals, { type: 'test:pass', data: { file: 'a.test.ts', name: 'lacks', skip: true } });
  assert.equal(totals.since(before).clean, false);
});

test('failed, cancelled and unrunnable all fail the whole', async () => {
  for (const counts of [
    { tests: 2, passed: 1, failed: 1 },
    { tests: 2, passed: 1, cancelled: 1 },
  ]) {
    const totals = new Totals();
    await take(totals, summary(counts));
    assert.equal(totals.closingLine(), '1 passed, 1 failed, 0 skipped');
    assert.equal(totals.success, false);
  }
  const unrunnable = new Totals();
  await take(unrunnable, summary({ tests: 1, passed: 1 }));
  unrunnable.addUnrunnable();
  assert.equal(unrunnable.closingLine(), '1 passed, 1 failed, 0 skipped');
  assert.equal(unrunnable.success, false);
});

test('a run that failed without a failed test has failed', async () => {
  const totals = new Totals();
  await take(totals, summary({ tests: 1, passed: 1 }, false));
  assert.equal(totals.success, false);
});

test('a run without tests is not a success', () => {
  assert.equal(new Totals().success, false);
});

test('a root that is a mount point is distinguished from that of a plain chroot', () => {
  const proc = '22 27 0:21 / /proc rw,relatime - proc proc rw\n';
  assert.equal(rootIsMountPoint(`${proc}27 1 254:0 / / rw,noatime - ext4 /dev/vda rw\n`), true);
  assert.equal(rootIsMountPoint(proc), false);
});
