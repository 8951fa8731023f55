// The package of a processor that the test machine does not have, unpacked: its agent starts with the Node, the programs and the compiled rules that are
// within, and alerts.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { version } from '../../../host/diagnostics/version.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { INSTALLED } from '../guests.ts';
import { startAgent } from './agent.ts';

const WASPREY = join(PROJECT, INSTALLED, 'usr/bin/wasprey');

test("the package's command prints its version", () => {
  const { status, stdout, stderr } = spawnSync(WASPREY, ['--version'], { encoding: 'utf8' });
  assert.deepEqual([status, stdout, stderr], [0, `wasprey ${version()}\n`, '']);
});

test("the package's agent starts, and alerts", async (context) => {
  const agent = await startAgent([WASPREY, 'run', '-o', 'json_output=true']);
  try {
    context.diagnostic(`the package's agent started in ${agent.startMs} ms`);
    readFileSync('/etc/shadow');
    assert.match(await agent.alert('Sensitive file read'), /\/etc\/shadow/);
  } finally {
    await agent.stop();
  }
});
