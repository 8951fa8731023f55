// How a guest runs its steps in one process (test/kernels/guest/run-steps.ts): what fails, hangs or ends the process is named, and the steps
// after it are run.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { parseResult, type Result } from '../../kernels/results.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-steps-'));
after(() => rmSync(folder, { recursive: true }));
const STEPS = join(folder, 'steps');
const PROGRESS = join(folder, 'progress');

/** Of a step that hangs; others take milliseconds. */
const LIMIT_SECONDS = 2;

/** Writes a file of tests for each step, in this order. */
function write(steps: Readonly<Record<string, string>>, hooks = 'sys_exit'): void {
  writeFileSync(PROGRESS, '');
  const lines = Object.entries(steps).map(([name, text]) => {
    const file = join(folder, `${name}.test.mjs`);
    writeFileSync(file, `import { after, before, describe, test } from 'node:test';\n${text}`);
    return `${name} ${relative(PROJECT, file)} ${LIMIT_SECONDS} ${hooks}\n`;
  });
  writeFileSync(STEPS, lines.join(''));
}

/** A process that runs them. */
function run(): { readonly results: Result[]; readonly status: number | null; readonly progress: string[] } {
  const reporter = '--test-reporter=./test/kernels/guest/reporter.ts';
  const words = [reporter, 'test/kernels/guest/run-steps.ts', STEPS, PROGRESS];
  // To the runner of this test it would be a file of its own.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout, status } = spawnSync(process.execPath, words, { cwd: PROJECT, encoding: 'utf8', env });
  const results = stdout.split('\n').map(parseResult);
  return {
    results: results.filter((result) => result !== undefined),
    status,
    progress: readFileSync(PROGRESS, 'utf8').trim().split('\n'),
  };
}

/** "NAME", "NAME: why it failed", "NAME skipped: why", "ends STEP". */
function shown(results: readonly Result[]): string[] {
  return results.map((result) => {
    if (result.kind === 'ends') return `ends ${result.step}`;
    if (result.kind !== 'test') return result.kind;
    if (result.skipped !== undefined) return `${result.test} skipped: ${result.skipped}`;
    return result.error === undefined ? result.test : `${result.test}: ${result.error.split('\n')[0]}`;
  });
}

test('tests have the names that they have in their files; hooks are of a file', () => {
  write({
    one: `let state = 'early';
      before(async () => { await null; state = 'ready'; });
      after(() => console.log(JSON.stringify({ over: 'one' })));
      describe('a suite', () => { test('that is ready', () => { if (state !== 'ready') throw new Error(state); }); });
      test('what it lacks', (context) => context.skip('not here'));
      test('a call', () => { throw new Error('act: no such call here: open'); });`,
    two: `test('fails', () => { throw new Error('so'); });`,
  });
  const { results, status, progress } = run();
  assert.deepEqual(shown(results), [
    ...['a suite > that is ready', 'what it lacks skipped: not here', 'a call skipped: act: no such call here: open'],
    ...['ends one', 'fails: Error: so', 'ends two'],
  ]);
  assert.equal(status, 1);
  assert.deepEqual(progress, ['begins one', 'ends one', 'begins two', 'ends two']);
});

test('a file finds the hooks that its agents use', () => {
  write({ kind: `test(process.env.WASPREY_TEST_HOOKS, () => {});` }, 'fexit');
  assert.deepEqual(shown(run().results), ['fexit', 'ends kind']);
});

test('a file that can not be loaded, or whose hook fails, has failed, and the next is run', () => {
  write({
    broken: `throw new Error('not so');`,
    hook: `before(() => { throw new Error('no agent'); }); test('with it', () => {});`,
    next: `test('passes', () => {});`,
  });
  const lines = shown(run().results);
  assert.match(lines[0] ?? '', /broken\.test\.mjs: Error: not so$/);
  assert.ok(
    lines.some((line) => /no agent/.test(line)),
    lines.join('\n'),
  );
  assert.deepEqual(lines.slice(-2), ['passes', 'ends next']);
});

test('a test that hangs is named, and the next file is run', () => {
  write({ hangs: `test('for ever', () => new Promise(() => {}));`, next: `test('passes', () => {});` });
  const lines = shown(run().results);
  assert.match(lines[0] ?? '', /^for ever: /);
  assert.match(lines[1] ?? '', /^the step as a whole: .*timed out after 2000ms/);
  assert.deepEqual(lines.slice(2), ['ends hangs', 'passes', 'ends next']);
});

test('a process that ends has begun a step that it did not end; another goes on with the step after it', () => {
  write({ ends: `test('all', () => process.exit(7));`, next: `test('passes', () => {});` });
  const first = run();
  assert.equal(first.status, 7);
  assert.deepEqual(first.progress, ['begins ends']);
  const second = run();
  assert.deepEqual(shown(second.results), ['passes', 'ends next']);
  assert.equal(second.status, 0);
});
