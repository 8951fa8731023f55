// Directories of tests.

import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';

/** How the paths of all of makeDirectory's begin: for conditions, which are the same in each run then and need not be compiled anew. */
export const DIRECTORIES = join(realpathSync(tmpdir()), 'wasprey-live-');

/** A new directory that all users may enter, deleted by `remove()`. Its path has no links in it. */
export function makeDirectory(prefix = DIRECTORIES): { readonly path: string; remove(): void } {
  const path = mkdtempSync(prefix);
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Path of such a directory for the tests of a file, which is deleted after the last of them. */
export function directoryForTests(): string {
  const { path, remove } = makeDirectory();
  after(remove);
  return path;
}

/** The same on the file system of the root: /tmp may be one of its own. */
export function directoryOnRootForTests(): string {
  const { path, remove } = makeDirectory('/var/tmp/wasprey-live-');
  after(remove);
  return path;
}

/** The same with a path so short that the kernel filter looks at the name of a folder in it as well. */
export function shortDirectoryForTests(): string {
  const { path, remove } = makeDirectory('/var/wasprey-');
  after(remove);
  return path;
}

/** A directory as directoryForTests() has it, for one test. */
export function directoryForTest(test: TestContext): string {
  const { path, remove } = makeDirectory();
  test.after(remove);
  return path;
}
