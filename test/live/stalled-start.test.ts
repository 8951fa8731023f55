// A process that is there before the agent, with arguments that nobody can read without waiting for ever.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertFields } from '../support/alert-line.ts';
import { cProgram } from '../support/c-program.ts';
import { directoryForTests } from '../support/directory.ts';
import { LiveAgent } from '../support/live-agent.ts';
import { probe } from '../support/probe.ts';

const directory = directoryForTests();
const opened = `${directory}/opened`;
let stalling: ChildProcess | undefined;

// Before the agent starts.
before(async () => {
  for (const name of ['opened', 'place']) writeFileSync(join(directory, name), '');
  const program = cProgram(join(import.meta.dirname, '../support/disguise.c'));
  const words = ['stalling', opened, `${directory}/place`];
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  stalling = child;
  await once(child.stdout, 'data');
});
after(() => stalling?.kill('SIGKILL'));

const OPENS = probe(['openat'], ['proc.name', 'proc.exepath', 'proc.args'], `fd.name = ${opened}`);
const agent = LiveAgent.forTests([OPENS.rule]);

test('it does not hold up the start, and its events have its name and its executable', async () => {
  assert.ok(stalling?.stdin);
  stalling.stdin.end('\n');
  await once(stalling, 'exit');
  await agent.settled();
  const [alert, ...more] = agent.alerts(OPENS.name);
  assert.equal(more.length, 0);
  assertFields(alert ?? assert.fail('no alert'), { 'proc.name': 'disguise', 'proc.exepath': stalling.spawnfile });
});
