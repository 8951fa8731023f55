// Where packages and images are written. Checks the place before the build, which takes minutes.

import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { reasonOf } from '../host/diagnostics/system-reason.ts';
import { SetupFailure } from '../host/setup/failure.mjs';

/** Makes the folder, if there is none. Throws SetupFailure. */
export function makeOutputFolder(path: string): void {
  attempt(path, () => {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  });
}

/** Throws SetupFailure if a file can't be written there. */
export function requireOutputFile(path: string): void {
  attempt(path, () => {
    const file = statSync(path, { throwIfNoEntry: false });
    if (file?.isDirectory()) throw new Error('it is a folder');
    if (!statSync(dirname(path)).isDirectory()) throw new Error('its folder is not a folder');
    accessSync(file ? path : dirname(path), constants.W_OK);
  });
}

function attempt(path: string, use: () => void): void {
  try {
    use();
  } catch (error) {
    const reason =
      error instanceof Error && 'code' in error && error.code === 'EEXIST' ? 'it is not a folder' : reasonOf(error);
    throw new SetupFailure("the output can't be written", [
      { what: `${path}: ${reason}`, how: 'name another place, or make its folder' },
    ]);
  }
}
