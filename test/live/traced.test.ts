// A tracer that writes another number over that of a call, while its tracee is within it, hides no exec and no fork. One that leaves
// the number as it is sees it reported once.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { program32 } from '../support/live/elf32.ts';
import { copyAct } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { probe } from '../support/live/probe.ts';
import { cProgram } from '../support/programs/c-program.ts';

const TRACER = cProgram(join(import.meta.dirname, '../support/programs/renumber.c'));
const NO_CALL = -1;
const [GETPID, EXECVE, CLONE] = process.arch === 'x64' ? [39, 59, 56] : [172, 221, 220];

const directory = directoryForTests();
const RUNS = probe(
  ['execve', 'execveat'],
  ['evt.type', 'evt.failed', 'proc.exepath'],
  `proc.exepath startswith ${directory}`,
);
const FORKS = probe(
  ['clone', 'clone3', 'fork', 'vfork'],
  ['evt.type', 'evt.res', 'evt.rawres', 'proc.exepath'],
  `proc.name = ${basename(TRACER)} and evt.rawres > 0`,
);

const agent = LiveAgent.forTests([RUNS.rule, FORKS.rule]);

/** Returns what the tracer prints. */
function trace(...words: readonly (string | number)[]): string {
  return execFileSync(TRACER, words.map(String), { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
}

async function assertRunReportedOnce(number: number, program: string): Promise<void> {
  trace('exec', number, program);
  await agent.only(RUNS.name, { 'evt.type': 'execve', 'evt.failed': false, 'proc.exepath': program });
}

test('execve: the number of another call', () => assertRunReportedOnce(GETPID, copyAct(directory, 'renumbered')));

test('execve: a number of no call', () => assertRunReportedOnce(NO_CALL, copyAct(directory, 'unnumbered')));

test('execve: its own number', () => assertRunReportedOnce(EXECVE, copyAct(directory, 'traced')));

test('execve: a 32-bit program', () => {
  const program = join(directory, 'opener32');
  writeFileSync(program, program32([]), { mode: 0o755 });
  return assertRunReportedOnce(GETPID, program);
});

for (const where of ['fork', 'clone', 'vfork', 'vfork-done', 'late-vfork-done']) {
  for (const [what, number] of [
    ['the number of another call', GETPID],
    ['a number of no call', NO_CALL],
    ['the number of clone', CLONE],
  ] as const) {
    test(`${where}: ${what}`, async () => {
      const child = BigInt(trace(where, number));
      await agent.only(FORKS.name, { 'evt.rawres': child, 'evt.res': 'SUCCESS' });
    });
  }
}
