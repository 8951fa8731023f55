// The guests of test/kernels: what names say of files, and what becomes of the lines of a guest's console.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { GUESTS, guestNamed, liveFilesOf, mayLeaveOut } from '../../kernels/guests.ts';
import { NOT_IN_GUESTS, WITHOUT_FEXIT } from '../../kernels/not-in-guests.ts';
import { parseResult } from '../../kernels/results.ts';
import { stepsOf } from '../../kernels/steps.ts';
import { Summary } from '../../kernels/summary.ts';

/** The suites that run in guests, each with its folder. */
const SUITES = ['kernels', 'kernel-features'] as const;

/** The cells of each line of a document, the first of which is before the table. */
function tableRows(path: string): string[][] {
  const lines = readFileSync(PROJECT + path, 'utf8').split('\n');
  return lines.map((line) => line.split('|').map((cell) => cell.trim()));
}

/** @param row the first cells of some row */
function assertRow(rows: readonly string[][], row: readonly string[]): void {
  const found = rows.some((cells) => row.every((text, index) => cells[index + 1] === text));
  assert.ok(found, `| ${row.join(' | ')} |`);
}

test('each guest has a file in each suite that it has steps of, and each file a guest', () => {
  for (const suite of SUITES) {
    const files = globSync(`${PROJECT}test/${suite}/*.test.ts`).map((path) => basename(path, '.test.ts'));
    const guests = GUESTS.filter((guest) => stepsOf(guest, suite, undefined).length > 0);
    assert.deepEqual(files.sort(), guests.map(({ name }) => name).sort());
  }
});

test('each guest loads all programs, asks the doctor, and has an alert of each family of hooks', () => {
  for (const guest of GUESTS) {
    const names = SUITES.flatMap((suite) => stepsOf(guest, suite, undefined)).map(({ name }) => name);
    for (const name of ['programs', 'doctor', 'hooks']) assert.ok(names.includes(name), `${guest.name}: ${name}`);
  }
});

test('the files of all steps are there, and the README names each guest with its live tests', () => {
  const rows = tableRows('test/kernels/README.md');
  for (const guest of GUESTS) {
    for (const suite of SUITES) {
      const steps = stepsOf(guest, suite, undefined);
      for (const { file } of steps) assert.ok(existsSync(join(PROJECT, file)), file);
      // Results are known by the name of their step.
      assert.equal(new Set(steps.map(({ name }) => name)).size, steps.length, `${guest.name} of ${suite}`);
    }
    const { live, features } = guest;
    if (live) assertRow(rows, [guest.name, live.join(', ')]);
    if (features) assertRow(rows, [guest.name, features.sys_exit.join(', '), features.fexit.join(', ')]);
  }
});

test("the project's README has a row for each guest, with what runs on it", () => {
  const rows = tableRows('README.md');
  for (const guest of GUESTS) {
    const { name, processor, cgroups } = guest;
    const live = liveFilesOf(guest).join(', ');
    const wanted = [name.split('-')[0], processor === 'amd64' ? 'x86-64' : processor, cgroups, live];
    const found = rows.some((cells) => wanted.every((text, index) => cells[[1, 3, 4, 7][index] ?? 0] === text));
    assert.ok(found, `| ${wanted.join(' | ')} |`);
  }
});

test('each layout of control groups is that of some guest; each has its live tests, io_uring among them', () => {
  assert.deepEqual([...new Set(GUESTS.map(({ cgroups }) => cgroups))].sort(), ['hybrid', 'v1', 'v2']);
  for (const guest of GUESTS) assert.ok(liveFilesOf(guest).includes('io-uring'), guest.name);
  for (const name of ['open', 'exec', 'network']) {
    for (const processor of ['amd64', 'arm64']) {
      const where = GUESTS.filter((guest) => guest.processor === processor && liveFilesOf(guest).includes(name));
      assert.ok(where.length > 0, `${name} on ${processor}`);
    }
  }
});

test('each live file is in a guest, or named with the reason why it is in none', () => {
  const files = globSync(`${PROJECT}test/live/*.test.ts`).map((path) => basename(path, '.test.ts'));
  const run = new Set(GUESTS.flatMap(liveFilesOf));
  assert.deepEqual([...run, ...NOT_IN_GUESTS.keys()].sort(), files.sort());
  for (const [name, reason] of NOT_IN_GUESTS) assert.notEqual(reason, '', name);
});

// The test machine's own kernel runs all of them with hooks at sys_exit.
test('each live file of a guest runs in one with hooks at fexit, but those named here', () => {
  const withFexit = new Set(GUESTS.flatMap(({ features }) => features?.fexit ?? []));
  const without = new Set(GUESTS.flatMap(liveFilesOf).filter((name) => !withFexit.has(name)));
  assert.deepEqual([...without].sort(), [...WITHOUT_FEXIT.keys()].sort());
});

test('a test is left out for what its kernel, processor or root is known to lack, and for nothing else', () => {
  const bind = 'the kernel has no request of io_uring for bind (IORING_OP_BIND)';
  assert.deepEqual(
    ['act: no such call here: open', bind, 'iptables is missing'].map((reason) =>
      GUESTS.filter((guest) => mayLeaveOut(guest, reason)).map(({ name }) => name),
    ),
    [['6.1-arm64', '6.12-arm64', '6.12-arm64-4k', '7.3-arm64'], ['6.1-amd64', '6.1-arm64'], ['7.3-amd64']],
  );
});

test('KERNELS_DO picks steps by name', () => {
  assert.deepEqual(
    stepsOf(guestNamed('7.3-amd64'), 'kernels', 'hooks, live io-uring').map(({ name }) => name),
    ['hooks', 'live io-uring'],
  );
});

test('lines of the console: results are read, others passed over, garbled ones fail', () => {
  assert.equal(parseResult('random: crng init done'), undefined);
  assert.deepEqual(parseResult('@wasprey {"kind":"note","note":"n"}'), { kind: 'note', note: 'n' });
  assert.throws(() => parseResult('@wasprey {"kind":"beg'), SyntaxError);
});

test('the row of a guest: programs, actions, start-up time, live tests with what was left out', () => {
  const summary = new Summary('6.1-amd64');
  summary.release = '6.1.0';
  summary.cpuSeconds = 12.4;
  const passed = (name: string) => ({ kind: 'test', test: name, seconds: 0 }) as const;
  summary.add('programs', passed('on_open'));
  summary.add('programs', { ...passed('on_path'), error: 'refused' });
  summary.add('hooks', { kind: 'note', note: 'start-up 1234 ms' });
  summary.add('generate', { kind: 'note', note: '37 verified of 37' });
  summary.add('live open', passed('one'));
  summary.add('live exec', passed('two'));
  summary.add('live io-uring', { ...passed('three'), skipped: 'the kernel has no such request' });
  const { seconds: _, ...row } = summary.row();
  assert.deepEqual(row, {
    kernel: '6.1-amd64',
    release: '6.1.0',
    programs: '1 of 2',
    startMs: 1234,
    verified: '37 verified of 37',
    live: '2 of 2, 1 left out',
    cpuSeconds: 12,
  });
});
