// A tracer that writes another number over that of execve, while its child is within the call, hides no exec. One that leaves the number
// as it is sees it reported once.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { PROJECT } from '../../host/setup/paths.mjs';
import { directoryForTests } from '../support/directory.ts';
import { opener32 } from '../support/elf32.ts';
import { copyAct } from '../support/live-act.ts';
import { LiveAgent } from '../support/live-agent.ts';
import { probe } from '../support/probe.ts';

const TRACER = join(PROJECT, 'build/test/renumber-exec');
const SOURCE = join(import.meta.dirname, '../support/renumber-exec.c');
const [GETPID, EXECVE] = process.arch === 'x64' ? [39, 59] : [172, 221];

const directory = directoryForTests();
const RUNS = probe(
  ['execve', 'execveat'],
  ['evt.type', 'evt.failed', 'proc.exepath'],
  `proc.exepath startswith ${directory}`,
);

before(() => {
  mkdirSync(dirname(TRACER), { recursive: true });
  execFileSync('clang-19', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', TRACER, SOURCE], { stdio: 'inherit' });
});
const agent = LiveAgent.forTests([RUNS.rule]);

async function assertReportedOnce(number: number, program: string): Promise<void> {
  execFileSync(TRACER, [String(number), program], { stdio: ['ignore', 'ignore', 'inherit'] });
  await agent.only(RUNS.name, { 'evt.type': 'execve', 'evt.failed': false, 'proc.exepath': program });
}

test('the number of another call', () => assertReportedOnce(GETPID, copyAct(directory, 'renumbered')));

test('a number of no call', () => assertReportedOnce(-1, copyAct(directory, 'unnumbered')));

test('its own number', () => assertReportedOnce(EXECVE, copyAct(directory, 'traced')));

test('a 32-bit program', () => {
  const program = join(directory, 'opener32');
  writeFileSync(program, opener32(), { mode: 0o755 });
  return assertReportedOnce(GETPID, program);
});
