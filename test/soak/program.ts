// Builds the soak's programs in C.

import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BUILD } from '../../host/setup/paths.mjs';

/** Path of the program of `SOURCE.c` in this folder, built if it is older than that. */
export function soakProgram(source: string): string {
  const from = join(import.meta.dirname, `${source}.c`);
  const to = join(BUILD, 'soak', source);
  const built = statSync(to, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > statSync(from).mtimeMs) return to;
  mkdirSync(dirname(to), { recursive: true });
  const flags = ['-std=c23', '-O2', '-Wall', '-Wextra', '-Werror'];
  execFileSync('clang-19', [...flags, '-o', to, from], { stdio: ['ignore', 'inherit', 'inherit'] });
  return to;
}
