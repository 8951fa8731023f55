// Compiled modules by the hash of what they were made from. An entry that is damaged counts as not there; nothing here ever fails a compilation.

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CHECKSUM_BYTES = 32;

export class ModuleCache {
  readonly #directory: string;
  readonly #builtDirectory: string | undefined;

  /** @param builtDirectory of modules that came with the installation; nothing is written there */
  constructor(directory: string, builtDirectory?: string) {
    this.#directory = directory;
    this.#builtDirectory = builtDirectory;
  }

  /** The bytes under a key, if they are there and whole. */
  read(key: string): Uint8Array | undefined {
    // Modules of the installation come first: whoever may write to a cache can't change what is in the package.
    const built = this.#builtDirectory === undefined ? undefined : readEntry(join(this.#builtDirectory, `${key}.wasm`));
    return built ?? readEntry(join(this.#directory, `${key}.wasm`));
  }

  /** Keeps bytes under a key; another process that writes the same at the same time does no harm. */
  write(key: string, content: Uint8Array): void {
    const path = join(this.#directory, `${key}.wasm`);
    const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
    try {
      mkdirSync(this.#directory, { recursive: true });
      const checksum = createHash('sha256').update(content).digest();
      writeFileSync(temporary, Buffer.concat([checksum, content]));
      renameSync(temporary, path);
    } catch {
      // A full or read-only disk costs the next start a compilation, no more.
      try {
        rmSync(temporary, { force: true });
      } catch {
        // There is no such directory.
      }
    }
  }
}

function readEntry(path: string): Uint8Array | undefined {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch {
    return undefined;
  }
  const content = file.subarray(CHECKSUM_BYTES);
  const whole = createHash('sha256').update(content).digest().equals(file.subarray(0, CHECKSUM_BYTES));
  return whole ? new Uint8Array(content) : undefined;
}
