// Programs in C that only tests, benchmarks or soak run.

import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BUILD } from '../../host/setup/paths.mjs';

const FLAGS = ['-std=gnu23', '-O2', '-Wall', '-Wextra', '-Werror'];

/**
 * Builds a program if it is older than its source.
 * @param source path of its only file, `NAME.c`
 * @returns path of the program
 */
export function cProgram(source: string): string {
  const program = join(BUILD, 'test', basename(source, '.c'));
  const built = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > statSync(source).mtimeMs) return program;
  mkdirSync(dirname(program), { recursive: true });
  execFileSync('clang-19', [...FLAGS, '-o', program, source], { stdio: ['ignore', 'inherit', 'inherit'] });
  return program;
}
