// Files that loads open, in a folder of their own below /tmp.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export class OpenedFiles {
  readonly #folder = mkdtempSync(join(tmpdir(), 'wasprey-bench-'));
  /** In that folder. */
  readonly near = join(this.#folder, 'file');
  /** Its path has five components. */
  readonly deep = join(this.#folder, '3', '4', 'file');

  /** Its path is as long as that of a file in a container's root file system, for its runtime. */
  readonly ofContainer = join(
    this.#folder,
    'io.containerd.runtime.v2.task',
    'k8s.io',
    'c'.repeat(64),
    'rootfs',
    'etc',
    'hosts',
  );

  constructor() {
    for (const file of [this.near, this.deep, this.ofContainer]) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, '');
    }
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
