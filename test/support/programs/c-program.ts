// Programs in C that only tests, benchmarks or soak run.

import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, renameSync, statSync } from 'node:fs';
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
  return BUILT === undefined ? buildProgram(source, { folder: join(BUILD, 'test') }) : join(BUILT, nameOf(source));
}

export interface ProgramBuild {
  readonly folder: string;
  /** By default that of the source. */
  readonly name?: string;
  /** Of the compiler and the linker, besides FLAGS. */
  readonly flags?: readonly string[];
}

/** The same, into a folder. Others may build it at the same time, and run it. */
export function buildProgram(source: string, { folder, name = nameOf(source), flags = [] }: ProgramBuild): string {
  const program = join(folder, name);
  const parts = globSync(join(dirname(source), nameOf(source), '*.{c,h}'));
  const built = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if ([source, ...parts].every((path) => built > statSync(path).mtimeMs)) return program;
  mkdirSync(folder, { recursive: true });
  const sources = [source, ...parts.filter((path) => path.endsWith('.c'))];
  const unfinished = `${program}.${process.pid}`;
  execFileSync('clang-19', [...FLAGS, '-o', unfinished, ...sources, ...flags], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  renameSync(unfinished, program);
  return program;
}

function nameOf(source: string): string {
  return basename(source, '.c');
}
