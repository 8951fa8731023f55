// Programs in C that only tests, benchmarks or soak run.

import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BUILD } from '../../../host/setup/paths.mjs';

const FLAGS = ['-std=gnu23', '-O2', '-Wall', '-Wextra', '-Werror'];

/** Where they are built already, in guests of test/kernels, which have no compiler. */
const BUILT = process.env.WASPREY_TEST_PROGRAMS;

/**
 * Builds a program if it is older than its sources.
 * @param source path of its main file, `NAME.c`; a folder `NAME` beside it has the others, if there are any
 * @returns path of the program
 */
export function cProgram(source: string): string {
  return BUILT === undefined ? buildProgram(source, join(BUILD, 'test')) : join(BUILT, basename(source, '.c'));
}

/**
 * The same, into a folder.
 * @param target flags for the processor that it is for, if that is another
 */
export function buildProgram(source: string, folder: string, target: readonly string[] = []): string {
  const program = join(folder, basename(source, '.c'));
  const parts = globSync(join(dirname(source), basename(source, '.c'), '*.{c,h}'));
  const built = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if ([source, ...parts].every((path) => built > statSync(path).mtimeMs)) return program;
  mkdirSync(folder, { recursive: true });
  const sources = [source, ...parts.filter((path) => path.endsWith('.c'))];
  execFileSync('clang-19', [...FLAGS, ...target, '-o', program, ...sources], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return program;
}
