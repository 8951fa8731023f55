// Set-up's frame: its arguments, its lock, its progress lines, and the tools it runs.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseBootstrapArguments } from '../../../host/setup/bootstrap-arguments.mjs';
import { SetupFailure } from '../../../host/setup/failure.mjs';
import { takeLock } from '../../../host/setup/lock.mjs';
import { PROJECT, SETUP_STATE } from '../../../host/setup/paths.mjs';
import { formatSeconds, showStep } from '../../../host/setup/progress.mjs';
import { runTool } from '../../../host/setup/run-tool.mjs';

test('what follows the entry belongs to the entry', () => {
  assert.deepEqual(parseBootstrapArguments(['--needs=native', 'main.ts', 'run', '--needs=x', '-v']), {
    needs: 'native',
    entry: 'main.ts',
    entryArguments: ['run', '--needs=x', '-v'],
  });
  assert.deepEqual(parseBootstrapArguments([]), { needs: 'packages', entry: undefined, entryArguments: [] });
});

test('help needs no more than the npm packages', () => {
  assert.equal(parseBootstrapArguments(['--needs=capture', 'main.ts', 'run', '--help']).needs, 'packages');
});

test('an unknown level is refused', () => {
  assert.throws(() => parseBootstrapArguments(['--needs=everything', 'main.ts']), SetupFailure);
  assert.throws(() => parseBootstrapArguments(['--need=native', 'main.ts']), SetupFailure);
});

test('a lock that another process holds is waited for, and ends with that process', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'lock');
  const script = `
    const { takeLock } = await import(${JSON.stringify(`${PROJECT}host/setup/lock.mjs`)});
    takeLock(${JSON.stringify(path)}, () => {});
    console.log('held');
    setTimeout(() => {}, 60_000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(holder, 'exit');
  await once(holder.stdout, 'data');

  let waited = false;
  const lock = takeLock(path, () => {
    waited = true;
    holder.kill('SIGKILL');
  });
  assert.ok(waited);
  await exited;
  lock.release();
  takeLock(path, () => assert.fail('the lock was not released')).release();
});

test('a step is one line with its time, and a failed one says so', async () => {
  let text = '';
  const stream = { write: (part: string) => (text += part) };
  assert.equal(await showStep('npm packages', 'all', async () => 7, stream), 7);
  assert.match(text, /^ {2}npm packages +all +0\.0 s\n$/);
  text = '';
  await assert.rejects(
    showStep('npm packages', 'all', () => Promise.reject(new Error('no')), stream),
    /no/,
  );
  assert.match(text, /^ {2}npm packages +all +failed\n$/);
});

test('seconds have a decimal while it matters', () => {
  assert.deepEqual([0, 440, 9940, 73_400].map(formatSeconds), ['0.0 s', '0.4 s', '9.9 s', '73 s']);
});

test('a tool gives its status and last lines, and logs everything', (t) => {
  const result = run(t, 'sh', '-c', 'seq 30; printf unfinished >&2; exit 3');
  assert.equal(result.status, 3);
  assert.equal(result.output, '17 18 19 20 21 22 23 24 25 26 27 28 29 30 unfinished'.replaceAll(' ', '\n'));
  assert.match(readFileSync(result.log, 'utf8'), /^\$ sh -c .*\n1\n2\n3\n/);
});

test('a tool that is not there is a status, not a crash', (t) => {
  assert.equal(run(t, '/nowhere/tool').status, 127);
});

/** Runs a tool as set-up does. */
function run(t: TestContext, command: string, ...words: string[]): ReturnType<typeof runTool> {
  mkdirSync(SETUP_STATE, { recursive: true });
  const lock = openSync('/dev/null', 'r');
  const result = runTool({
    command,
    arguments: words,
    environment: process.env,
    log: `unit-test-${process.pid}`,
    lock,
  });
  t.after(() => {
    closeSync(lock);
    rmSync(result.log);
  });
  return result;
}
