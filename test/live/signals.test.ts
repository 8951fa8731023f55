// SIGUSR1 and SIGHUP mean files and rules to an agent, from its start on: neither ends it nor opens Node's inspector.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT } from '../../host/setup/paths.mjs';

const PATIENCE_MS = 30_000;

/** Whether the process ignores or handles that signal by now. Before Node's first steps each signal ends it, as it ends any program. */
function survives(pid: number, signal: 'SIGHUP' | 'SIGUSR1'): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const sets = [...status.matchAll(/^Sig(?:Ign|Cgt):\s*([0-9a-f]+)$/gm)].map(([, digits]) => BigInt(`0x${digits}`));
  return sets.some((set) => ((set >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n);
}

test('an agent that gets SIGUSR1 and SIGHUP while it starts, again and again, starts', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-signals-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const rules = join(folder, 'rules.yaml');
  // New to the cache: they are compiled meanwhile.
  writeFileSync(
    rules,
    `
- rule: ${folder}
  desc: d
  condition: evt.type = openat and fd.name startswith ${folder}/marked
  output: read
  priority: WARNING
`,
  );
  // As the image's launcher starts it.
  const child = spawn(process.execPath, ['--disable-sigusr1', 'host/cli/main.ts', 'run', rules], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const closed = once(child, 'close');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const pid = child.pid ?? assert.fail();
  let hangUps = 0;
  const deadline = performance.now() + PATIENCE_MS;
  for (; !/watching by/.test(said); await sleep(5)) {
    assert.deepEqual([child.exitCode, child.signalCode], [null, null], said);
    assert.ok(performance.now() < deadline, said);
    if (survives(pid, 'SIGUSR1')) child.kill('SIGUSR1');
    if (survives(pid, 'SIGHUP') && hangUps < 20) {
      // It is taken from the start on, not only when the rules are there.
      if (hangUps === 0) assert.doesNotMatch(said, /rule module.* s$/m);
      child.kill('SIGHUP');
      hangUps++;
    }
  }
  assert.ok(hangUps > 0, 'it watched before there was a signal');
  // What came before it could be done is done then.
  for (; !/the rules were replaced: 1 rule now/.test(said); await sleep(20))
    assert.ok(performance.now() < deadline, said);
  assert.doesNotMatch(said, /[Dd]ebugger/);
  child.kill('SIGTERM');
  await closed;
  assert.deepEqual([child.exitCode, child.signalCode], [0, null], said);
});
