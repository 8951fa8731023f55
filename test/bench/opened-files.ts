// Files that loads open, in a folder of their own below /tmp.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class OpenedFiles {
  readonly #folder = mkdtempSync(join(tmpdir(), 'wasprey-bench-'));
  /** In that folder. */
  readonly near = join(this.#folder, 'file');
  /** Its path has five components. */
  readonly deep = join(this.#folder, '3', '4', 'file');

  constructor() {
    mkdirSync(join(this.#folder, '3', '4'), { recursive: true });
    for (const file of [this.near, this.deep]) writeFileSync(file, '');
  }

  /** A folder of so many files, with different names. */
  many(count: number): string {
    const folder = join(this.#folder, 'many');
    mkdirSync(folder);
    for (let number = 1; number <= count; number++) writeFileSync(join(folder, `part-${number}`), '');
    return folder;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
