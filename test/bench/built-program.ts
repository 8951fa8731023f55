// Programs in C that benchmarks run.

import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BUILD } from '../../host/setup/paths.mjs';

/** Where the program of a source in this folder is, built if it is older than its source. @param libraries flags of the linker */
export function builtProgram(file: string, name: string, libraries: readonly string[] = []): string {
  const source = join(import.meta.dirname, file);
  const program = `${BUILD}bench/${name}`;
  const built = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > statSync(source).mtimeMs) return program;
  mkdirSync(dirname(program), { recursive: true });
  const flags = ['-std=c23', '-O2', '-Wall', '-Wextra', '-Werror'];
  execFileSync('clang-19', [...flags, '-o', program, source, ...libraries], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return program;
}
