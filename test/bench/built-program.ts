// Programs in C that benchmarks run.

import { join } from 'node:path';
import { BUILD } from '../../host/setup/paths.mjs';
import { buildProgram } from '../support/programs/c-program.ts';

/** Where the program of a source in this folder is, built if it is older than its source. @param libraries flags of the linker */
export function builtProgram(file: string, name: string, libraries: readonly string[] = []): string {
  return buildProgram(join(import.meta.dirname, file), { folder: join(BUILD, 'bench'), name, flags: libraries });
}
