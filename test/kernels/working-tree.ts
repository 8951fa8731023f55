// A copy of the working tree that is brought up to date, as a checkout that is pulled is.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { runTool } from './run-tool.ts';

/** At the top of the copy: these are its own. */
const OWN: ReadonlySet<string> = new Set(['node_modules', 'build']);

/**
 * Copies the files that git has or would add; npm packages and what was built in the copy stay. A file that differs gets the time of now, however old
 * it is: the copy may have been built from another checkout's files since, and make goes by time.
 */
export function copyWorkingTree(from: string, to: string): void {
  const files = workingTreeFiles(from);
  mkdirSync(to, { recursive: true });
  for (const path of filesOf(to)) if (!files.has(path)) rmSync(join(to, path));
  for (const path of files) {
    const [source, copy] = [join(from, path), join(to, path)];
    if (isSame(source, copy)) continue;
    mkdirSync(dirname(copy), { recursive: true });
    rmSync(copy, { force: true });
    copyFileSync(source, copy);
  }
}

/** Files that git has or would add, relative to `from`: all, or those at or below `paths`. */
export function workingTreeFiles(from: string, paths: readonly string[] = []): ReadonlySet<string> {
  const words = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...paths];
  const listed = runTool('git', words, from).split('\0');
  return new Set(listed.filter((path) => path !== '' && existsSync(join(from, path))));
}

function filesOf(folder: string): string[] {
  const tops = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !OWN.has(name));
  return tops.flatMap((top) => {
    const path = join(folder, top.name);
    if (!top.isDirectory()) return [top.name];
    const below = readdirSync(path, { recursive: true, withFileTypes: true });
    return below
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  });
}

function isSame(source: string, copy: string): boolean {
  const [one, other] = [statSync(source), statSync(copy, { throwIfNoEntry: false })];
  if (other?.size !== one.size || other.mode !== one.mode) return false;
  return readFileSync(source).equals(readFileSync(copy));
}
