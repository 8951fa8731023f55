// Compiled modules, from and to the files that a person names.

import { readFileSync, writeFileSync } from 'node:fs';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';

/** @throws {CommandFailure} */
export function readModuleFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CommandFailure(`can't read ${path}: ${reasonOf(error)}`);
  }
}

/** @throws {CommandFailure} */
export function writeFile(path: string, content: Uint8Array | string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new CommandFailure(`can't write ${path}: ${reasonOf(error)}`);
  }
}
