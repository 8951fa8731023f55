// Every way there is to run a program: exec-ways.c, and files that lead to the program.

import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { cProgram } from '../programs/c-program.ts';

const SOURCE = new URL('../programs/exec-ways.c', import.meta.url).pathname;
const COMPAT = process.arch === 'x64' ? ['compat'] : [];
const WAYS = ['plain', 'descriptor', ...COMPAT, 'thread', 'threads', 'vfork', 'shared', 'traced', 'user', 'init'];
const SET_USER = 0o4755;
const ANYBODY = 0o666;
const run = promisify(execFile);

export interface ExecWay {
  readonly name: string;
  /** Does it so often. Resolves to how many processes were killed, and how often the program has begun. */
  attempt(rounds: number): Promise<{ readonly killed: number; readonly begun: number }>;
}

/** Of two programs that are shells, made here. @param directory which anybody may enter */
export function execWays(directory: string): {
  readonly programs: readonly string[];
  readonly ways: readonly ExecWay[];
} {
  const [program, setUser, script, mark] = ['forbidden', 'set-user', 'script', 'begun'].map(
    (name) => `${directory}/${name}`,
  );
  if (!program || !setUser || !script || !mark) throw new TypeError();
  const deed = `echo >> ${mark}`;
  for (const copy of [program, setUser]) copyFileSync('/bin/sh', copy);
  chmodSync(setUser, SET_USER);
  writeFileSync(script, `#!${program}\n${deed}\n`, { mode: 0o755 });
  const wayOf = (name: string, way: string, ...words: readonly string[]): ExecWay => ({
    name,
    async attempt(rounds) {
      writeFileSync(mark, '');
      chmodSync(mark, ANYBODY);
      const { stdout } = await run(cProgram(SOURCE), [way, String(rounds), ...words]);
      return { killed: Number(stdout), begun: readFileSync(mark, 'utf8').length };
    },
  });
  return {
    programs: [program, setUser],
    ways: [
      ...WAYS.map((way) => wayOf(way, way, program, '-c', deed)),
      wayOf('as the interpreter of a script', 'plain', script),
      wayOf('with the rights of its owner', 'user', setUser, '-c', deed),
    ],
  };
}
