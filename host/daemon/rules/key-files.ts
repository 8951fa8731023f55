// Keys for modules, from and to the files that a person names.

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { KeyError, readSigningKey, readTrustedKey, type SigningKey, type TrustedKey } from '../../signature/key.ts';

const MAKE_KEYS = 'make keys with: wasprey keygen NAME';

/** @throws {CommandFailure} */
export function readSigningKeys(paths: readonly string[]): SigningKey[] {
  return paths.map((path) => readKey(path, readSigningKey));
}

/** @throws {CommandFailure} */
export function readTrustedKeys(paths: readonly string[]): TrustedKey[] {
  return paths.map((path) => readKey(path, readTrustedKey));
}

function readKey<Key>(path: string, parse: (pem: string) => Key): Key {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandFailure(`can't read ${path}: ${reasonOf(error)}`, MAKE_KEYS);
  }
  try {
    return parse(pem);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw new CommandFailure(`${path} ${error.message} [${error.code}]`, MAKE_KEYS);
  }
}

/**
 * Writes a new file.
 * @throws {CommandFailure} also if it exists: an overwritten key is lost
 */
export function writeNewFile(path: string, text: string, mode: number): void {
  try {
    const descriptor = openSync(path, 'wx', mode);
    try {
      writeSync(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (exists) throw new CommandFailure(`${path} already exists`, 'choose another name, or move it away first');
    throw new CommandFailure(`can't write ${path}: ${reasonOf(error)}`);
  }
}
