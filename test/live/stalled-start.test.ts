// Processes that are there before the agent, with arguments that it can't read at its start.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { type AlertLine, assertFields } from '../support/live/alert-line.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { probe } from '../support/live/probe.ts';
import { cProgram } from '../support/programs/c-program.ts';

const directory = directoryForTests();
const [stalled, remapped] = [join(directory, 'stalled'), join(directory, 'remapped')];
const running: ChildProcess[] = [];
let [stalling, remapping]: ChildProcess[] = [];

const program = cProgram(join(import.meta.dirname, '../support/programs/disguise.c'));

async function started(...words: string[]): Promise<ChildProcess> {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  running.push(child);
  await once(child.stdout, 'data');
  return child;
}

// Before the agent starts.
before(async () => {
  for (const path of [stalled, remapped, join(directory, 'place')]) writeFileSync(path, '');
  stalling = await started('stalling', stalled, join(directory, 'place'));
  remapping = await started('remapping', remapped);
});
after(() => {
  for (const child of running) child.kill('SIGKILL');
});

const OPENS = probe(
  ['openat'],
  ['fd.name', 'proc.name', 'proc.exepath', 'proc.exe', 'proc.args'],
  `fd.name startswith ${directory}/`,
);
const agent = LiveAgent.forTests([OPENS.rule]);

/** The event of the file that the process opens when it goes on. */
async function opened(child: ChildProcess | undefined, path: string): Promise<AlertLine> {
  assert.ok(child?.stdin);
  child.stdin.end('\n');
  await once(child, 'exit');
  return agent.only(OPENS.name, { 'fd.name': path });
}

test('arguments that nobody can read without waiting for ever: the start does not wait', async () => {
  const alert = await opened(stalling, stalled);
  assertFields(alert, { 'proc.name': 'disguise', 'proc.exepath': program });
});

test('mappings that change all the time: events have the arguments', async () => {
  const alert = await opened(remapping, remapped);
  assertFields(alert, { 'proc.exe': program, 'proc.args': `remapping ${remapped}` });
});
