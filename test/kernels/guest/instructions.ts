// How many instructions some calls take without an agent, and with one by each kind of hooks. For a machine that counts them (machine.ts): what the
// counts are elsewhere says nothing. `npm run bench -- instructions` runs it, and no suite does.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { BUILD } from '../../../host/setup/paths.mjs';
import { RUNTIME_OPTIONS } from '../../../host/setup/runtime.mjs';
import { startAgent } from './agent.ts';

const RUN = [process.execPath, ...RUNTIME_OPTIONS, 'host/cli/main.ts', 'run'];

test('instructions of calls', async () => {
  const counted: Record<string, unknown> = { none: count() };
  for (const hooks of ['sys_exit', 'fexit']) {
    const agent = await startAgent([...RUN, '-o', `engine.wasprey.hooks=${hooks}`, '--json', 'rules']);
    try {
      counted[hooks] = count();
    } finally {
      await agent.stop();
    }
  }
  const text = JSON.stringify(counted);
  process.stdout.write(`\n@wasprey ${JSON.stringify({ kind: 'file', file: 'instructions.json', text })}\n`);
});

/** What test/bench/count-instructions.c prints. */
function count(): unknown {
  return JSON.parse(execFileSync(join(BUILD, 'bench/count-instructions'), { encoding: 'utf8' }));
}
