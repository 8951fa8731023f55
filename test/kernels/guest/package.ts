// The package of a processor that the test machine does not have, at its place: its agent starts with the Node, the programs and the compiled
// rules that are within, and alerts.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { version } from '../../../host/diagnostics/version.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { INSTALLED } from '../guests.ts';
import { startAgent } from './agent.ts';

const WASPREY = '/usr/bin/wasprey';

before(() => {
  for (const path of ['/usr/lib/wasprey', WASPREY]) {
    const unpacked = join(PROJECT, INSTALLED, path);
    if (statSync(unpacked).isDirectory()) mkdirSync(path, { recursive: true });
    else writeFileSync(path, '');
    // It is in memory, and large: a copy on the disk takes a minute.
    execFileSync('mount', ['--bind', unpacked, path]);
  }
});

test("the package's command prints its version", () => {
  const { status, stdout, stderr } = spawnSync(WASPREY, ['--version'], { encoding: 'utf8' });
  assert.deepEqual([status, stdout, stderr], [0, `wasprey ${version()}\n`, '']);
});

test("the package's agent starts without compiling rules, and alerts", async (context) => {
  const agent = await startAgent([WASPREY, 'run', '-o', 'json_output=true']);
  try {
    context.diagnostic(`the package's agent started in ${agent.startMs} ms`);
    assert.doesNotMatch(agent.messages(), /rule module/);
    readFileSync('/etc/shadow');
    assert.match(await agent.alert('Sensitive file read'), /\/etc\/shadow/);
  } finally {
    await agent.stop();
  }
});
