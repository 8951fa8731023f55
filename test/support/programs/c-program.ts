// Programs in C that only tests, benchmarks or soak run.

import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BUILD } from '../../../host/setup/paths.mjs';

const FLAGS = ['-std=gnu23', '-O2', '-Wall', '-Wextra', '-Werror'];

/**
 * Builds a program if it is older than its sources.
 * @param source path of its main file, `NAME.c`; a folder `NAME` beside it has the others, if there are any
 * @returns path of the program
 */
export function cProgram(source: string): string {
  const program = join(BUILD, 'test', basename(source, '.c'));
  const parts = globSync(join(dirname(source), basename(source, '.c'), '*.{c,h}'));
  const built = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if ([source, ...parts].every((path) => built > statSync(path).mtimeMs)) return program;
  mkdirSync(dirname(program), { recursive: true });
  execFileSync('clang-19', [...FLAGS, '-o', program, source, ...parts.filter((path) => path.endsWith('.c'))], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return program;
}
