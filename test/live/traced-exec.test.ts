// A tracer that writes another number over that of execve, while its child is within the call, hides no exec. One that leaves the number
// as it is sees it reported once.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { PROJECT } from '../../host/setup/paths.mjs';
import { opener32 } from '../support/elf32.ts';
import { copyAct, makeDirectory } from '../support/live-act.ts';
import { LiveAgent, probe } from '../support/live-agent.ts';

const TRACER = join(PROJECT, 'build/test/renumber-exec');
const SOURCE = join(import.meta.dirname, '../support/renumber-exec.c');
const [GETPID, EXECVE] = process.arch === 'x64' ? [39, 59] : [172, 221];

const folder = makeDirectory();
const RUNS = probe(
  ['execve', 'execveat'],
  ['evt.type', 'evt.failed', 'proc.exepath'],
  `proc.exepath startswith ${folder.path}`,
);
let agent: LiveAgent;

before(async () => {
  mkdirSync(dirname(TRACER), { recursive: true });
  execFileSync('clang-19', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', TRACER, SOURCE], { stdio: 'inherit' });
  agent = await LiveAgent.start([RUNS.rule]);
});
after(async () => {
  await agent.stop();
  folder.remove();
});

async function assertReportedOnce(number: number, program: string): Promise<void> {
  execFileSync(TRACER, [String(number), program], { stdio: ['ignore', 'ignore', 'inherit'] });
  await agent.only(RUNS.name, { 'evt.type': 'execve', 'evt.failed': false, 'proc.exepath': program });
}

test('the number of another call', () => assertReportedOnce(GETPID, copyAct(folder.path, 'renumbered')));

test('a number of no call', () => assertReportedOnce(-1, copyAct(folder.path, 'unnumbered')));

test('its own number', () => assertReportedOnce(EXECVE, copyAct(folder.path, 'traced')));

test('a 32-bit program', () => {
  const program = join(folder.path, 'opener32');
  writeFileSync(program, opener32(), { mode: 0o755 });
  return assertReportedOnce(GETPID, program);
});
