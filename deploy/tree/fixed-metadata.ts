// What files have besides their content, made the same at each build: modes, and times, which are the commit's.

import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, lutimesSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';

/** Time of what is built, in seconds since 1970: SOURCE_DATE_EPOCH, else the commit's; without either 1970. */
export function sourceDate(): number {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) return Number(given);
  try {
    const words = ['-C', PROJECT, 'log', '-1', '--format=%ct'];
    return Number(execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return 0;
  }
}

/** Of all files of a tree: files that can be run and folders 755, others 644, except those with a mode of their own. */
export function fixMetadata(root: string, ownModes: Readonly<Record<string, number>> = {}): void {
  const date = sourceDate();
  for (const path of ['.', ...readdirSync(root, { recursive: true, encoding: 'utf8' })]) {
    const file = join(root, path);
    const status = lstatSync(file);
    const runnable = status.isDirectory() || (status.mode & 0o100) !== 0;
    if (!status.isSymbolicLink()) chmodSync(file, ownModes[path] ?? (runnable ? 0o755 : 0o644));
    lutimesSync(file, date, date);
  }
}
