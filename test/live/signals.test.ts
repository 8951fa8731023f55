// SIGUSR1 and SIGHUP mean files and rules to an agent, from its start on: neither ends it nor opens Node's inspector.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryForTest } from '../support/directory.ts';
import { openRule } from '../support/live/rules-file.ts';
import { startWasprey } from '../support/live/run-process.ts';

/** Whether the process ignores or handles that signal by now. Before Node's first steps each signal ends it, as it ends any program. */
function survives(pid: number, signal: 'SIGHUP' | 'SIGUSR1'): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const sets = [...status.matchAll(/^Sig(?:Ign|Cgt):\s*([0-9a-f]+)$/gm)].map(([, digits]) => BigInt(`0x${digits}`));
  return sets.some((set) => ((set >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n);
}

test('an agent that gets SIGUSR1 and SIGHUP while it starts, again and again, starts', async (t) => {
  const directory = directoryForTest(t);
  const rules = join(directory, 'rules.yaml');
  // New to the cache: they are compiled meanwhile.
  writeFileSync(rules, openRule({ name: directory, path: `${directory}/marked` }));
  // As the image's launcher starts it.
  await using agent = startWasprey(['run', rules], { nodeOptions: ['--disable-sigusr1'] });
  let hangUps = 0;
  await agent.says(/watching by/, () => {
    if (survives(agent.pid, 'SIGUSR1')) agent.kill('SIGUSR1');
    if (survives(agent.pid, 'SIGHUP') && hangUps < 20) {
      // It is taken from the start on, not only when the rules are there.
      if (hangUps === 0) assert.doesNotMatch(agent.stderr(), /rule module.* s$/m);
      agent.kill('SIGHUP');
      hangUps++;
    }
  });
  assert.ok(hangUps > 0, 'it watched before there was a signal');
  // What came before it could be done is done then.
  await agent.says(/the rules were replaced: 1 rule in use/);
  assert.doesNotMatch(agent.stderr(), /[Dd]ebugger/);
  agent.kill('SIGTERM');
  assert.equal(await agent.ended, 0, agent.stderr());
});
