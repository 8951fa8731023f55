// The README's promise: `npm start`, on a Debian 13 where set-up was run, starts and prints alerts. With what that machine has: its own
// Node and npm start it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type StartedAgent, startAgent } from './agent.ts';

let agent: StartedAgent | undefined;
before(async () => {
  agent = await startAgent(['--', '--json'], ['npm', 'start']);
});
after(() => agent?.stop());

test('starts, and alerts', async (context) => {
  context.diagnostic(`npm start took ${agent?.startMs} ms`);
  readFileSync('/etc/shadow');
  const line = await (agent?.alert('Sensitive file read') ?? assert.fail('it was not started'));
  assert.match(line, /\/etc\/shadow/);
});
